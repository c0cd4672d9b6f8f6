"""What a DynamoDB client of the load generator is, and what DynamoDB's answers mean."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from math import isfinite
from typing import Any, NamedTuple, Protocol

from perf.core.failures import FailureClass
from perf.core.refusals import CLOCK_SKEW, clock_skew, is_unauthorized

THROTTLING_CODES = frozenset(
    {
        "ProvisionedThroughputExceededException",
        "ThrottlingException",
        "RequestLimitExceeded",
    }
)
"""Source: "Error handling with DynamoDB", Amazon DynamoDB Developer Guide."""

_SERVER_ERROR = 500
_SHOWN_BYTES = 200
_SHORT_BYTES = 256

Attributes = Mapping[str, Any]
"""An attribute value in DynamoDB's own JSON, such as ``{"S": "text"}``."""


class Attempts(NamedTuple):
    """How often one request was sent before its caller got an answer."""

    total: int
    throttled: int
    """How many of them DynamoDB refused for their rate."""
    backoff_ns: int
    """The time that was lost waiting between them."""


class Answer(NamedTuple):
    """What ExecuteStatement answered."""

    items: Sequence[Mapping[str, Attributes]]
    next_token: str | None
    consumed_units: float | None
    """Read or write units, whichever the statement uses; None: the endpoint does not say."""
    length_bytes: int
    attempts: Attempts | None = None
    """None: the client makes exactly one."""


class DynamoDbError(Exception):
    """A request without a right answer.

    Args:
        failure_class: its kind.
        code: DynamoDB's error code, or the name of what went wrong on the way.
        message: what DynamoDB or the network said.
        reasons: DynamoDB's throttling reasons, if it gave any.
    """

    attempts: Attempts | None = None
    """None: the client makes exactly one."""

    def __init__(
        self,
        failure_class: FailureClass,
        code: str,
        message: str = "",
        reasons: Sequence[str] = (),
    ) -> None:
        text = ": ".join(part for part in (code, ", ".join(reasons), message) if part)
        super().__init__(text)
        self.failure_class, self.code, self.reasons = failure_class, code, tuple(reasons)


class DynamoDbClient(Protocol):
    """Sends PartiQL statements."""

    def execute_statement(
        self, statement: str, parameters: Sequence[Attributes], *, writes: bool
    ) -> Answer:
        """Send one statement.

        Args:
            statement: the PartiQL text.
            parameters: its parameters, in order.
            writes: whether the statement writes, so that a lost answer is `AMBIGUOUS`.

        Raises:
            DynamoDbError: there was no right answer.
        """


def read_answer(payload: bytes) -> Answer:
    """Return what the body of an answer with status 200 says.

    Raises:
        DynamoDbError: DynamoDB would not say that.
    """
    return _read_short(payload) if len(payload) <= _SHORT_BYTES else _read(payload)


def _read(payload: bytes) -> Answer:
    try:
        response = json.loads(payload.decode())  # bytes would be searched for their encoding
        items = response.get("Items", [])
        if "__type" in response or not isinstance(items, list):
            raise not_dynamodb(payload)
        return Answer(items, response.get("NextToken"), consumed_units_of(response), len(payload))
    except (ValueError, AttributeError, TypeError, LookupError, RecursionError) as error:
        raise not_dynamodb(payload) from error


# Nearly every write is answered with the same bytes as the one before. Reading them anew each time
# costs a tenth of a request; nobody may change an answer.
_read_short = lru_cache(maxsize=64)(_read)


def consumed_units_of(response: Mapping[str, Any]) -> float | None:
    """Return the capacity units that a parsed answer says it consumed."""
    consumed = response.get("ConsumedCapacity")
    if not consumed:
        return None
    units = float(consumed["CapacityUnits"])
    if not isfinite(units):
        raise ValueError(f"{units} capacity units")
    return units


def read_error(status: int, payload: bytes, date: str | None) -> DynamoDbError:
    """Return what the body of an answer with another status than 200 says.

    Args:
        status: the HTTP status.
        payload: the body.
        date: the Date header.
    """
    try:
        details = json.loads(payload)
        code = str(details["__type"]).rpartition("#")[2]
        message = str(details.get("message") or details.get("Message") or "")
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        code, message, details = f"Http{status}", beginning_of(payload), {}
    return refused(status, code, message, date, reasons_in(details))


def refused(
    status: int, code: str, message: str, date: str | None, reasons: Sequence[str] = ()
) -> DynamoDbError:
    """Return the error for an answer that says no.

    Args:
        status: the HTTP status.
        code: DynamoDB's error code.
        message: its first line is kept. To a bad signature DynamoDB adds the request, and failures
            are counted by their text: one that differs each time would fill the memory.
        date: the Date header.
        reasons: why it was throttled.
    """
    skew = clock_skew(code, message, date=date, now=datetime.now(UTC))
    if skew is not None:
        code, message = CLOCK_SKEW, skew
    return DynamoDbError(_class_of(status, code), code, message.partition("\n")[0], reasons)


def not_dynamodb(payload: bytes) -> DynamoDbError:
    """Return the error for status 200 with a body that is none of DynamoDB's."""
    return DynamoDbError(FailureClass.WRONG_ANSWER, "NotDynamoDb", beginning_of(payload))


def not_sent(code: str, message: str) -> DynamoDbError:
    """Return the error for a request that no connection was made for."""
    return DynamoDbError(FailureClass.CONNECTION, code, message)


def lost(message: str, *, timed_out: bool, writes: bool) -> DynamoDbError:
    """Return the error for a request that was sent, at least in part, and has no answer.

    Args:
        message: what the network said.
        timed_out: whether the answer took too long; else the connection broke.
        writes: whether the statement writes.
    """
    if timed_out:
        code, kind = "AnswerTimeout", FailureClass.TIMEOUT
    else:
        code, kind = "ConnectionBroken", FailureClass.CONNECTION
    return DynamoDbError(FailureClass.AMBIGUOUS if writes else kind, code, message)


def reasons_in(details: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the throttling reasons in a parsed error."""
    reasons = details.get("ThrottlingReasons") or details.get("throttlingReasons") or ()
    if not isinstance(reasons, list):
        return ()
    return tuple(str(each.get("reason", "")) for each in reasons if isinstance(each, dict))


def _class_of(status: int, code: str) -> FailureClass:
    if code in THROTTLING_CODES:
        return FailureClass.THROTTLED
    if is_unauthorized(status, code):
        return FailureClass.UNAUTHORIZED
    return FailureClass.SERVER_ERROR if status >= _SERVER_ERROR else FailureClass.CLIENT_ERROR


def beginning_of(payload: bytes) -> str:
    """Return as much of a body as a message shows."""
    return payload[:_SHOWN_BYTES].decode(errors="replace")
