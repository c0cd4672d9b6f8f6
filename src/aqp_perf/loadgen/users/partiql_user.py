"""The base class of locust users that send PartiQL statements to DynamoDB."""

import time
from collections.abc import Sequence
from typing import ClassVar

from gevent import GreenletExit

from aqp_perf.core.data.statements import insert_statement
from aqp_perf.core.measured.failure_class import FailureClass
from aqp_perf.core.proof.write_log import Outcome
from aqp_perf.loadgen.clients.attempts import Attempts
from aqp_perf.loadgen.clients.dynamodb import Answer, Attributes, DynamoDbClient, DynamoDbError
from aqp_perf.loadgen.clients.open_client import open_client
from aqp_perf.loadgen.clients.request_context import RequestContext
from aqp_perf.loadgen.command.workload_arguments import ClientKind, WorkloadSettings
from aqp_perf.loadgen.users.answer_check import AnswerCheck
from aqp_perf.loadgen.users.paced_user import PacedUser
from aqp_perf.loadgen.users.select_pages import SelectPages
from aqp_perf.loadgen.users.write_outcomes import outcome_of

_Opening = tuple[ClientKind, str | None, str | None, int]
"""The arguments of `open_client`."""


class PartiqlUser(PacedUser):
    """A user that sends PartiQL statements to DynamoDB."""

    abstract = True
    _clients: ClassVar[dict[_Opening, DynamoDbClient]] = {}

    @classmethod
    def open_for_load(cls, settings: WorkloadSettings) -> None:
        """Open the client that all users of this process share.

        Raises:
            ValueError: no region or no credentials can be found, or the endpoint is no URL.
        """
        opening = _opening_of(settings)
        if opening not in cls._clients:
            cls._clients[opening] = open_client(*opening)

    def on_start(self) -> None:
        """Take the client that all users of this process share."""
        super().on_start()
        client = self._clients.get(_opening_of(self.workload.settings))
        if client is None:
            raise GreenletExit  # said already; of a StopUser locust would log the traceback
        self.client = client
        self._write_log = self.workload.open_write_log(self.stream)

    def insert(self, name: str, index: int, *, due_ns: int) -> None:
        """Insert item ``index`` of this user's stream, and keep what became of it for the audit.

        Args:
            name: the operation under which it is counted.
            index: number of this user's write; each is sent once, in rising order.
            due_ns: when it was due (perf_counter).
        """
        settings = self.workload.settings
        item = settings.dataset.written_item(self.stream, index)
        outcome = Outcome.UNKNOWN
        try:
            answer = self._execute(
                name,
                insert_statement(settings.table),
                item.parameters(),
                due_ns=due_ns,
                writes=True,
            )
            outcome = outcome_of(answer)
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
        """Send a SELECT until it has no further page; each page is a request of its own.

        Args:
            name: the operation under which the requests are counted.
            statement: the SELECT.
            parameters: its parameters, in order.
            due_ns: when the first page was due; the others are due when they are asked for.
            check: of the items of all pages; the last page fails for what is wrong with them.
        """
        most_items = self.workload.settings.dataset.items_per_partition
        pages = SelectPages(f"{statement} {list(parameters)}", check, most_items)
        token: str | None = None
        while True:
            answer = self._execute(
                name,
                statement,
                parameters,
                due_ns=due_ns,
                writes=False,
                next_token=token,
                pages=pages,
            )
            if isinstance(answer, DynamoDbError) or answer.next_token is None:
                return
            token, due_ns = answer.next_token, time.perf_counter_ns()

    def execute(
        self,
        name: str,
        statement: str,
        parameters: Sequence[Attributes],
        *,
        due_ns: int,
        writes: bool,
    ) -> Answer | None:
        """Send a statement and report it as operation ``name``; return its answer, or None.

        Args:
            name: under which it is counted.
            statement: the PartiQL text.
            parameters: its parameters, in order.
            due_ns: when it was due (perf_counter).
            writes: whether it writes, so that it may have landed without an answer.
        """
        answer = self._execute(name, statement, parameters, due_ns=due_ns, writes=writes)
        return None if isinstance(answer, DynamoDbError) else answer

    def _execute(  # noqa: PLR0913 - a statement, how it is counted, and how it is checked
        self,
        name: str,
        statement: str,
        parameters: Sequence[Attributes],
        *,
        due_ns: int,
        writes: bool,
        next_token: str | None = None,
        pages: SelectPages | None = None,
    ) -> Answer | DynamoDbError:
        """Do what `execute` does, and return why when there is no right answer.

        Args:
            name: as there.
            statement: as there.
            parameters: as there.
            due_ns: as there.
            writes: as there.
            next_token: what the last page said about the next one.
            pages: of a SELECT, those before this one; asked about it when the answer is complete,
                so that it is no part of any latency.
        """
        context = self.timing(due_ns)
        if pages is not None and pages.check is not None:
            context["is_checked"] = False  # until it is
        try:
            answer = self.client.execute_statement(
                statement, parameters, writes=writes, next_token=next_token
            )
        except DynamoDbError as error:
            _add_attempts(context, error.attempts)
            is_wrong = error.failure_class is FailureClass.WRONG_ANSWER
            if is_wrong and pages is not None and pages.is_verified:
                context["is_checked"] = True
                context["wrong_answer"] = pages.malformed(str(error))
            self.report("partiQL", name, context, exception=error)
            return error
        except GreenletExit:
            if self.workload.ending.has_waited_in_vain:
                kind = FailureClass.AMBIGUOUS if writes else FailureClass.TIMEOUT
                unanswered = DynamoDbError(kind, "Unanswered", "under way when the run ended")
                self.report("partiQL", name, context, exception=unanswered)
            raise
        if answer.consumed_units is not None:
            if writes:
                context["consumed_write_units"] = answer.consumed_units
            else:
                context["consumed_read_units"] = answer.consumed_units
        if not writes:
            context["items"] = len(answer.items)
        _add_attempts(context, answer.attempts)
        end_ns = time.perf_counter_ns()
        failure = None
        if pages is not None:
            failure = _verify(answer, pages, context)
        self.report(
            "partiQL",
            name,
            context,
            length_bytes=answer.length_bytes,
            exception=failure,
            end_ns=end_ns,
        )
        return answer if failure is None else failure


def _verify(answer: Answer, pages: SelectPages, context: RequestContext) -> DynamoDbError | None:
    """Return the failure when a page of a SELECT is wrong, or the last one of a wrong answer."""
    wrong = pages.take(answer)
    if pages.is_verified and (wrong is not None or answer.next_token is None):
        context["is_checked"] = True
    if wrong is None:
        return None
    context["wrong_answer"] = wrong
    # The evidence would make each one another failure.
    return DynamoDbError(FailureClass.WRONG_ANSWER, "WrongAnswer", str(wrong.kind))


def _add_attempts(context: RequestContext, attempts: Attempts | None) -> None:
    if attempts is not None:
        context["attempts"] = attempts.total
        context["throttled_attempts"] = attempts.throttled
        context["backoff_ns"] = attempts.backoff_ns


def _opening_of(settings: WorkloadSettings) -> _Opening:
    return settings.client, settings.endpoint_url, settings.region, settings.max_attempts
