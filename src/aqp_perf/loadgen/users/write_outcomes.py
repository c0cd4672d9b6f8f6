"""What the answer to a write proves about the item: it is there, it is not, or nobody knows."""

from typing import Final

from aqp_perf.core.measured.failure_class import FailureClass
from aqp_perf.core.proof.write_log import Outcome
from aqp_perf.loadgen.clients.dynamodb import Answer, DynamoDbError

_REFUSALS: Final = frozenset(
    {
        FailureClass.THROTTLED,
        FailureClass.CLIENT_ERROR,
        FailureClass.UNAUTHORIZED,
        FailureClass.CONNECTION,
    }
)
"""After these a write has not landed. After an HTTP 500 it may have: "Error handling with
DynamoDB", Amazon DynamoDB Developer Guide."""

_UNDECIDED_CODES: Final = frozenset(
    {"DuplicateItemException", "RequestTimeout", "RequestTimeoutException"}
)
"""The item is there, by whoever wrote it; or somebody on the way did not wait for the answer."""

_NOT_DYNAMODB: Final = "Http"
"""Begins the code of a refusal that is not DynamoDB's own: a proxy may have sent the write on."""


def outcome_of(answer: Answer | DynamoDbError) -> Outcome:
    """Return what became of a write."""
    if not isinstance(answer, DynamoDbError):
        return Outcome.ACKNOWLEDGED
    was_repeated = answer.attempts is not None and answer.attempts.total > 1
    if was_repeated:  # what was sent before may have landed
        return Outcome.UNKNOWN
    if answer.code in _UNDECIDED_CODES or answer.code.startswith(_NOT_DYNAMODB):
        return Outcome.UNKNOWN
    return Outcome.REFUSED if answer.failure_class in _REFUSALS else Outcome.UNKNOWN
