"""What the answer to a write proves: the item is there, is not there, or may be there."""

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
"""After these a write has not landed. After an HTTP 500 it may have.

Source: "Error handling with DynamoDB", Amazon DynamoDB Developer Guide."""

_UNDECIDED_CODES: Final = frozenset(
    {"DuplicateItemException", "RequestTimeout", "RequestTimeoutException"}
)
"""The item is there, perhaps by an earlier write; or a proxy did not wait for the answer."""

_NOT_DYNAMODB: Final = "Http"
"""Prefix of the code of an error that is not DynamoDB's: a proxy may have passed the write on."""


def outcome_of(answer: Answer | DynamoDbError) -> Outcome:
    """Return the outcome of a write."""
    if not isinstance(answer, DynamoDbError):
        return Outcome.ACKNOWLEDGED
    if answer.attempts is not None and answer.attempts.total > 1:
        return Outcome.UNKNOWN  # an earlier attempt may have landed
    if answer.code in _UNDECIDED_CODES or answer.code.startswith(_NOT_DYNAMODB):
        return Outcome.UNKNOWN
    return Outcome.REFUSED if answer.failure_class in _REFUSALS else Outcome.UNKNOWN
