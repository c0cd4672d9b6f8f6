"""The base class of locust users that send PartiQL statements to DynamoDB."""

from collections.abc import Sequence
from typing import Any, ClassVar

from gevent import GreenletExit

from perf.core.failures import FailureClass
from perf.loadgen.arguments import ClientKind, WorkloadSettings
from perf.loadgen.attempts import Attempts
from perf.loadgen.dynamodb import Answer, Attributes, DynamoDbClient, DynamoDbError
from perf.loadgen.opening import open_client
from perf.loadgen.users import PacedUser

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

    def execute(
        self,
        name: str,
        statement: str,
        parameters: Sequence[Attributes],
        *,
        due_ns: int,
        writes: bool,
    ) -> Answer | None:
        """Send a statement and report it as operation ``name``; return its answer, or None."""
        context = self.timing(due_ns)
        try:
            answer = self.client.execute_statement(statement, parameters, writes=writes)
        except DynamoDbError as error:
            _add_attempts(context, error.attempts)
            self.report("partiQL", name, context, exception=error)
            return None
        except GreenletExit:
            if self.workload.has_waited_in_vain:
                kind = FailureClass.AMBIGUOUS if writes else FailureClass.TIMEOUT
                unanswered = DynamoDbError(kind, "Unanswered", "under way when the run ended")
                self.report("partiQL", name, context, exception=unanswered)
            raise
        if answer.consumed_units is not None:
            context[f"consumed_{'write' if writes else 'read'}_units"] = answer.consumed_units
        _add_attempts(context, answer.attempts)
        self.report("partiQL", name, context, length_bytes=answer.length_bytes)
        return answer


def _add_attempts(context: dict[str, Any], attempts: Attempts | None) -> None:
    if attempts is not None:
        context["attempts"] = attempts.total
        context["throttled_attempts"] = attempts.throttled
        context["backoff_ns"] = attempts.backoff_ns


def _opening_of(settings: WorkloadSettings) -> _Opening:
    return settings.client, settings.endpoint_url, settings.region, settings.max_attempts
