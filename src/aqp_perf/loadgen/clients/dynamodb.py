"""The DynamoDB client of the load generator as an interface, its answers and its errors."""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from http import HTTPStatus
from typing import Any, NamedTuple, Protocol

from aqp_perf.core.aws.refusals import CLOCK_SKEW, clock_skew
from aqp_perf.core.aws.secret_texts import without_secrets
from aqp_perf.core.measured.failure_class import FailureClass
from aqp_perf.loadgen.clients.failures import class_of_status, encodable
from aqp_perf.loadgen.clients.json_bytes import parse

_HIGHEST_UNITS = 1e6
"""More than any request can use: it reads at most 1 MB, and an item has at most 400 KB."""
_SHOWN_BYTES = 200
_LONGEST_TEXT = 400
_SHORT_BYTES = 256
_CODE = re.compile(r"[A-Za-z0-9.]{1,99}")
"""An error code or a throttling reason. What else an endpoint puts in their place is a text."""

Attributes = Mapping[str, Any]
"""An attribute value in DynamoDB's own JSON, such as ``{"S": "text"}``."""


class Attempts(NamedTuple):
    """How often one request was sent."""

    total: int
    throttled: int
    """How many of them DynamoDB throttled."""
    backoff_ns: int
    """The time between them."""


class Answer(NamedTuple):
    """What ExecuteStatement answered."""

    items: Sequence[Mapping[str, Attributes]]
    next_token: str | None
    consumed_units: float | None
    """Read or write units, whichever the statement uses; None: not reported."""
    length_bytes: int
    attempts: Attempts | None = None
    """None: exactly one, by a client that does not retry."""


class DynamoDbError(Exception):
    """A request failed.

    Args:
        failure_class: its kind.
        code: DynamoDB's error code, or the name of a problem on the way.
        message: the message of DynamoDB or of the network.
        reasons: DynamoDB's throttling reasons, if it gave any.
    """

    attempts: Attempts | None = None
    """None: exactly one, by a client that does not retry."""
    was_sent = True
    """Whether the request went out, at least in part."""

    def __init__(
        self, failure_class: FailureClass, code: str, message: str = "", reasons: Sequence[str] = ()
    ) -> None:
        self.failure_class, self.code = failure_class, code
        self._reasons, self._message = reasons, message
        super().__init__(_text_of(code, reasons, message))

    def hide(self, secrets: Collection[str | None]) -> None:
        """Hide secrets in the text: an endpoint may have echoed what it was sent.

        Codes and reasons stay whole, even where a secret is the same word.
        """

        def shown(code: str) -> str:
            return code if _CODE.fullmatch(code) else without_secrets(code, secrets)

        message = without_secrets(self._message, secrets)
        self.args = (_text_of(shown(self.code), [*map(shown, self._reasons)], message),)


def _text_of(code: str, reasons: Iterable[str], message: str) -> str:
    # Failures are counted by their text, so it must not be long.
    parts = (code, ", ".join(reasons), message)
    return encodable(": ".join(filter(None, parts))[:_LONGEST_TEXT])


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
            writes: whether the statement writes: then without an answer it is `AMBIGUOUS`.
            next_token: the ``NextToken`` of the page before.

        Raises:
            DynamoDbError: it failed.
        """


def request_of(
    statement: str, parameters: Sequence[Attributes], next_token: str | None
) -> dict[str, Any]:
    """Return the JSON of an ExecuteStatement request."""
    request: dict[str, Any] = {"Statement": statement, "ReturnConsumedCapacity": "TOTAL"}
    if parameters:
        request["Parameters"] = parameters
    if next_token is not None:
        request["NextToken"] = next_token
    return request


def read_answer(payload: bytes) -> Answer:
    """Return the answer in the body of status 200.

    Raises:
        DynamoDbError: it is not an answer of DynamoDB.
    """
    return _read_short(payload) if len(payload) <= _SHORT_BYTES else _read(payload)


def _read(payload: bytes) -> Answer:
    try:
        response = parse(payload)
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


# Nearly every write is answered with the same bytes, and parsing them costs a tenth of a request.
# An answer must not be changed.
_read_short = lru_cache(maxsize=64)(_read)


def _consumed_units_in(response: Mapping[str, Any]) -> float | None:
    consumed = response.get("ConsumedCapacity")
    if consumed is None or consumed == {}:
        return None
    units = consumed["CapacityUnits"]
    if isinstance(units, bool) or not isinstance(units, int | float):
        raise TypeError(f"{units!r} capacity units")
    if not 0 <= units <= _HIGHEST_UNITS:
        raise ValueError("an impossible number of capacity units")
    return float(units)


class ErrorDetails(NamedTuple):
    """The error in the body of an answer."""

    code: str
    message: str
    reasons: tuple[str, ...]
    """Why the request was throttled."""


def details_of(status: int, payload: bytes) -> ErrorDetails:
    """Return the error in the body of an answer with another status than 200."""
    try:
        details = parse(payload)
        code = details["__type"].rpartition("#")[2] or f"Http{status}"
        message = str(details.get("message") or details.get("Message") or "")
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return ErrorDetails(f"Http{status}", _beginning_of(payload), ())
    return ErrorDetails(code, message, reasons_in(details))


def refused(status: int, details: ErrorDetails, date: str | None) -> DynamoDbError:
    """Return the error for an answer with another status than 200.

    Of the message, the first line is kept. To a bad signature DynamoDB adds the request, and
    failures are counted by their text: one that differs each time would fill the memory.
    """
    code, message, reasons = details
    skew = clock_skew(code, message, date=date, now=datetime.now(UTC))
    if skew is not None:
        code, message = CLOCK_SKEW, skew
    return DynamoDbError(_class_of(status, code), code, message.partition("\n")[0], reasons)


def not_dynamodb(payload: bytes) -> DynamoDbError:
    """Return the error for status 200 with a body that is not DynamoDB's."""
    return DynamoDbError(FailureClass.WRONG_ANSWER, "NotDynamoDb", _beginning_of(payload))


def not_sent(code: str, message: str) -> DynamoDbError:
    """Return the error for a request that was not sent, for want of a connection."""
    error = DynamoDbError(FailureClass.CONNECTION, code, message)
    error.was_sent = False
    return error


def lost(message: str, *, timed_out: bool, writes: bool) -> DynamoDbError:
    """Return the error for a request that was sent, at least in part, and got no answer.

    Either the answer took too long or the connection broke.
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
    return tuple(str(reason.get("reason", "")) for reason in reasons if isinstance(reason, dict))


def _class_of(status: int, code: str) -> FailureClass:
    if status < HTTPStatus.BAD_REQUEST:
        return FailureClass.WRONG_ANSWER  # DynamoDB answers with 200, 4xx or 5xx only
    return class_of_status(status, code)


def _beginning_of(payload: bytes) -> str:
    return payload[:_SHOWN_BYTES].decode(errors="replace")
