"""The base class of locust users that send PartiQL statements to DynamoDB."""

import time
from collections.abc import Sequence
from typing import ClassVar, Final

from gevent import GreenletExit

from aqp_perf.core.data.dataset import Dataset
from aqp_perf.core.data.declared_item import Item
from aqp_perf.core.data.statements import insert_statement
from aqp_perf.core.load.planned_load import select_units
from aqp_perf.core.measured.failure_class import FailureClass
from aqp_perf.core.proof.write_log import Outcome
from aqp_perf.loadgen.clients.dynamodb import (
    Answer,
    Attempts,
    Attributes,
    DynamoDbClient,
    DynamoDbError,
)
from aqp_perf.loadgen.clients.failures import may_have_read
from aqp_perf.loadgen.clients.open_client import open_client
from aqp_perf.loadgen.clients.request_context import RequestContext
from aqp_perf.loadgen.command.argument_values import ClientKind
from aqp_perf.loadgen.command.workload_arguments import WorkloadSettings
from aqp_perf.loadgen.users.paced_user import AnswerCheck, PacedUser
from aqp_perf.loadgen.users.select_pages import SelectPages

_Opening = tuple[ClientKind, str | None, str | None, int]
"""The arguments of `open_client`."""
_REFUSALS: Final = frozenset(
    {
        FailureClass.THROTTLED,
        FailureClass.CLIENT_ERROR,
        FailureClass.UNAUTHORIZED,
        FailureClass.CONNECTION,
    }
)
"""After these a write has not landed. After an HTTP 500 it may have.

Source: "Error handling with DynamoDB", Amazon DynamoDB Developer Guide."""

_UNDECIDED_CODES: Final = frozenset(
    {"DuplicateItemException", "RequestTimeout", "RequestTimeoutException"}
)
"""The item is there, perhaps by an earlier write; or a proxy did not wait for the answer."""

_NOT_DYNAMODB: Final = "Http"
"""Prefix of the code of an error that is not DynamoDB's: a proxy may have passed the write on."""


class PartiqlUser(PacedUser):
    """A user that sends PartiQL statements to DynamoDB."""

    abstract = True
    item: ClassVar[type[Item] | None] = None
    """What `insert` writes, and what the table holds; the table is made for it."""
    _clients: ClassVar[dict[_Opening, DynamoDbClient]] = {}

    @classmethod
    def open_for_load(cls, settings: WorkloadSettings) -> None:
        """Open the client that all users of this process share.

        Raises:
            ValueError: there is no region or no credentials, or the endpoint is not a URL.
        """
        opening = _opening_of(settings)
        if opening not in cls._clients:
            cls._clients[opening] = open_client(*opening)

    def on_start(self) -> None:
        """Take the client that all users of this process share."""
        super().on_start()
        client = self._clients.get(_opening_of(self.workload.settings))
        if client is None:
            raise GreenletExit  # reported already; for a StopUser locust would log the traceback
        self.client = client
        item = type(self).item
        self._planned_read_units = (
            None if item is None else select_units(self.workload.dataset(item)).read
        )
        self._write_log = self.workload.open_write_log(self.stream)

    @property
    def dataset(self) -> Dataset:
        """The data of this run.

        Raises:
            LookupError: the class has no `item`.
        """
        item = type(self).item
        if item is None:
            raise LookupError(f"{type(self).__name__} has no item: declare it as item = …")
        return self.workload.dataset(item)

    def insert(self, name: str, index: int, *, due_ns: int) -> None:
        """Insert item ``index`` of this user's stream, and keep the outcome for the audit.

        Each item is sent once, in ascending order; see `execute`.
        """
        item = self.dataset.written_item(self.stream, index)
        outcome = Outcome.UNKNOWN
        try:
            statement = insert_statement(self.workload.settings.table, tuple(item))
            answer = self.execute(name, statement, list(item.values()), due_ns=due_ns, writes=True)
            outcome = _outcome_of(answer)
        finally:  # the greenlet may be killed while the write is under way
            self._write_log.note(index, outcome)

    def select(
        self,
        name: str,
        statement: str,
        parameters: Sequence[Attributes],
        *,
        due_ns: int,
        check: AnswerCheck | None = None,
    ) -> None:
        """Send a SELECT and ask for all its pages; each page counts as one request.

        The first page is due at ``due_ns``, the others when sent. If the items of all pages are
        wrong by the ``check``, the last page fails; see `execute`.
        """
        most_items = 0 if type(self).item is None else self.dataset.items_per_partition
        pages = SelectPages(f"{statement} {list(parameters)}", check, most_items)
        while True:
            answer = self.execute(
                name, statement, parameters, due_ns=due_ns, writes=False, pages=pages
            )
            if isinstance(answer, DynamoDbError) or pages.next_token is None:
                return
            due_ns = time.perf_counter_ns()

    def execute(  # noqa: PLR0913 - a statement, how it is counted, and how it is checked
        self,
        name: str,
        statement: str,
        parameters: Sequence[Attributes],
        *,
        due_ns: int,
        writes: bool,
        pages: SelectPages | None = None,
    ) -> Answer | DynamoDbError:
        """Send a statement and report it as operation ``name``; return its answer, or its error.

        Args:
            name: the operation under which it is counted.
            statement: the PartiQL text.
            parameters: its parameters, in order.
            due_ns: when it was due (perf_counter).
            writes: whether it writes: then without an answer it may have landed.
            pages: what came before of a SELECT of which this is a page.
        """
        context = self.timing(due_ns)
        if writes:
            context["is_write"] = True
        if pages is not None and pages.check is not None:
            context["is_checked"] = False  # until it is
        next_token = None if pages is None else pages.next_token
        try:
            answer = self.client.execute_statement(
                statement, parameters, writes=writes, next_token=next_token
            )
        except DynamoDbError as error:
            _add_attempts(context, error.attempts)
            if not writes and error.was_sent and may_have_read(error.failure_class):
                self._plan_read(context)
            if error.failure_class is FailureClass.WRONG_ANSWER and pages is not None:
                pages.take_malformed(str(error), context)
            self.report("partiQL", name, context, exception=error)
            return error
        except GreenletExit:
            kind = FailureClass.AMBIGUOUS if writes else FailureClass.TIMEOUT
            if not writes:
                self._plan_read(context)
            self.report_unanswered("partiQL", name, context, kind)
            raise
        end_ns = time.perf_counter_ns()
        _note_answer(answer, context, writes=writes)
        if pages is not None:
            pages.take(answer, context)
        self.report("partiQL", name, context, length_bytes=answer.length_bytes, end_ns=end_ns)
        return answer

    def _plan_read(self, context: RequestContext) -> None:
        """Note what a read without an answer may have taken, as far as that is known."""
        if self._planned_read_units is not None:
            context["planned_read_units"] = self._planned_read_units


def _note_answer(answer: Answer, context: RequestContext, *, writes: bool) -> None:
    if answer.consumed_units is not None:
        if writes:
            context["consumed_write_units"] = answer.consumed_units
        else:
            context["consumed_read_units"] = answer.consumed_units
    if not writes:
        context["items"] = len(answer.items)
    _add_attempts(context, answer.attempts)


def _add_attempts(context: RequestContext, attempts: Attempts | None) -> None:
    if attempts is not None:
        context["attempts"] = attempts.total
        context["throttled_attempts"] = attempts.throttled
        context["backoff_ns"] = attempts.backoff_ns


def _opening_of(settings: WorkloadSettings) -> _Opening:
    client = settings.client
    return client.kind, settings.endpoint_url, settings.region, client.max_attempts


def _outcome_of(answer: Answer | DynamoDbError) -> Outcome:
    """Return the outcome of a write."""
    if not isinstance(answer, DynamoDbError):
        return Outcome.ACKNOWLEDGED
    if answer.attempts is not None and answer.attempts.total > 1:
        return Outcome.UNKNOWN  # an earlier attempt may have landed
    if answer.code in _UNDECIDED_CODES or answer.code.startswith(_NOT_DYNAMODB):
        return Outcome.UNKNOWN
    return Outcome.REFUSED if answer.failure_class in _REFUSALS else Outcome.UNKNOWN
