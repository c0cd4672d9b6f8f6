"""What a DynamoDB client of the load generator is, and what DynamoDB's answers mean."""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from http import HTTPStatus
from typing import Any, NamedTuple, Protocol

from aqp_perf.core.aws.refusals import CLOCK_SKEW, clock_skew, is_throttled, is_unauthorized
from aqp_perf.core.aws.secret_texts import without_secrets
from aqp_perf.core.measured.failure_class import FailureClass
from aqp_perf.loadgen.clients.attempts import Attempts
from aqp_perf.loadgen.clients.failure_texts import encodable

_HIGHEST_UNITS = 1e6
"""No request can use more: it reads 1 MB at most, and an item has 400 KB."""
_SHOWN_BYTES = 200
_LONGEST_TEXT = 400
_SHORT_BYTES = 256

Attributes = Mapping[str, Any]
"""An attribute value in DynamoDB's own JSON, such as ``{"S": "text"}``."""


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
        self.failure_class, self.code = failure_class, code
        self._parts = (code, ", ".join(reasons), message)
        super().__init__(_joined(self._parts))

    def hide(self, secrets: Collection[str | None]) -> None:
        """Hide secrets in the text: an endpoint may have echoed what it was sent."""
        self.args = (_joined(without_secrets(part, secrets) for part in self._parts),)


def _joined(parts: Iterable[str]) -> str:
    # Failures are counted by their text, and an endpoint may say as much as it likes.
    return encodable(": ".join(part for part in parts if part)[:_LONGEST_TEXT])


class DynamoDbClient(Protocol):
    """Sends PartiQL statements."""

    def execute_statement(
        self,
        statement: str,
        parameters: Sequence[Attributes],
        *,
        writes: bool,
        next_token: str | None = None,
    ) -> Answer:
        """Send one statement.

        Args:
            statement: the PartiQL text.
            parameters: its parameters, in order.
            writes: whether the statement writes, so that a lost answer is `AMBIGUOUS`.
            next_token: what the last page said about the next one.

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
        items, next_token = response.get("Items", []), response.get("NextToken")
        units = _consumed_units_in(response)
    except (ValueError, AttributeError, TypeError, LookupError, RecursionError) as error:
        raise not_dynamodb(payload) from error
    is_dynamodb = (
        "__type" not in response
        and isinstance(items, list)
        and all(isinstance(item, dict) for item in items)
        and isinstance(next_token, str | None)
    )
    if not is_dynamodb:
        raise not_dynamodb(payload)
    return Answer(items, next_token, units, len(payload))


# Nearly every write is answered with the same bytes as the one before. Reading them anew each time
# costs a tenth of a request; nobody may change an answer.
_read_short = lru_cache(maxsize=64)(_read)


def _consumed_units_in(response: Mapping[str, Any]) -> float | None:
    consumed = response.get("ConsumedCapacity")
    if consumed is None or consumed == {}:
        return None
    units = consumed["CapacityUnits"]
    if isinstance(units, bool) or not isinstance(units, int | float):
        raise TypeError(f"{units!r} capacity units")
    if not 0 <= units <= _HIGHEST_UNITS:
        raise ValueError("more or fewer capacity units than can be")
    return float(units)


def read_error(status: int, payload: bytes, date: str | None) -> DynamoDbError:
    """Return what the body of an answer with another status than 200 says.

    Args:
        status: the HTTP status.
        payload: the body.
        date: the Date header.
    """
    code, message, reasons = details_of(status, payload)
    return refused(status, code, message, date, reasons)


class ErrorDetails(NamedTuple):
    """What the body of a refusal says."""

    code: str
    message: str
    reasons: tuple[str, ...]
    """Why it was throttled."""


def details_of(status: int, payload: bytes) -> ErrorDetails:
    """Return what the body of an answer with another status than 200 says; see `read_error`."""
    try:
        details = json.loads(payload)
        code = details["__type"].rpartition("#")[2] or f"Http{status}"
        message = str(details.get("message") or details.get("Message") or "")
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return ErrorDetails(f"Http{status}", _beginning_of(payload), ())
    return ErrorDetails(code, message, reasons_in(details))


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
    return DynamoDbError(FailureClass.WRONG_ANSWER, "NotDynamoDb", _beginning_of(payload))


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
    if status < HTTPStatus.BAD_REQUEST:
        return FailureClass.WRONG_ANSWER  # DynamoDB says no with 4xx or 5xx, and yes with 200
    if is_throttled(status, code):
        return FailureClass.THROTTLED
    if is_unauthorized(status, code):
        return FailureClass.UNAUTHORIZED
    is_theirs = status >= HTTPStatus.INTERNAL_SERVER_ERROR
    return FailureClass.SERVER_ERROR if is_theirs else FailureClass.CLIENT_ERROR


def _beginning_of(payload: bytes) -> str:
    return payload[:_SHOWN_BYTES].decode(errors="replace")
