"""AWS's error codes, and what is wrong when a TLS connection fails: for load and set-up alike."""

import re
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Final

CLOCK_SKEW: Final = "ClockSkew"
"""Our error code for a refusal because of the time in a signature; AWS has several."""

TLS_ERROR: Final = "TlsError"

EXPIRED_CODES: Final = frozenset({"ExpiredToken", "ExpiredTokenException"})
"""The credentials were valid once."""

DENIED_CODES: Final = frozenset({"AccessDenied", "AccessDeniedException", "NotAuthorized"})
"""The credentials are valid, but lack a permission."""

_UNAUTHORIZED_CODES: Final = (
    EXPIRED_CODES
    | DENIED_CODES
    | {
        "IncompleteSignature",
        "IncompleteSignatureException",
        "InvalidClientTokenId",
        "InvalidSignatureException",
        "MissingAuthenticationToken",
        "MissingAuthenticationTokenException",
        "OptInRequired",
        "RequestExpired",
        "RequestTimeTooSkewed",
        "SignatureDoesNotMatch",
        "UnrecognizedClientException",
        CLOCK_SKEW,
    }
)
"""DynamoDB sends most of them with status 400.

Sources: "Error handling with DynamoDB", Amazon DynamoDB Developer Guide; "Common Error Types",
Amazon DynamoDB API Reference and AWS Security Token Service API Reference.
"""

THROTTLING_CODES: Final = frozenset(
    {
        "ProvisionedThroughputExceeded",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "RequestThrottled",
        "RequestThrottledException",
        "SlowDown",
        "ThrottledException",
        "Throttling",
        "ThrottlingError",
        "ThrottlingException",
        "TooManyRequestsException",
    }
)
"""The same request may be sent again after a pause.

Two of them are reasons why DynamoDB cancels a transaction. Sources: "Error handling with DynamoDB",
Amazon DynamoDB Developer Guide; "TransactWriteItems", Amazon DynamoDB API Reference; "Retry
behavior", AWS SDKs and Tools Reference Guide.
"""

_UNAUTHORIZED_STATUSES: Final = (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)
_SKEW_CODES: Final = frozenset({"RequestExpired", "RequestTimeTooSkewed"})
_INSTANT: Final = "%Y%m%dT%H%M%SZ"
# A bad signature and an old one have the same code; only the message tells them apart:
# "Signature expired: <ours> is now earlier than <limit> (<theirs> - 5 min.)".
_SKEWED: Final = re.compile(
    r"Signature (?:expired|not yet current): (?P<ours>\d{8}T\d{6}Z)"
    r"(?:.*\((?P<theirs>\d{8}T\d{6}Z) [-+])?"
)
_OPENSSL: Final = re.compile(r"\[(?:SSL|X509)[^\]:]*: (?P<reason>\w+)\] ?(?P<detail>.*?) *\(_ssl")
_NOT_TLS: Final = frozenset(
    {"HTTP_REQUEST", "PACKET_LENGTH_TOO_LONG", "RECORD_LAYER_FAILURE", "WRONG_VERSION_NUMBER"}
)
"""What versions of OpenSSL call an answer that does not begin as TLS does."""


def is_throttled(status: int, code: str = "") -> bool:
    """Return whether a request was refused for its rate."""
    return code in THROTTLING_CODES or status == HTTPStatus.TOO_MANY_REQUESTS


def is_unauthorized(status: int, code: str = "") -> bool:
    """Return whether the credentials were refused, and not the request."""
    return code in _UNAUTHORIZED_CODES or status in _UNAUTHORIZED_STATUSES


def clock_skew(code: str, message: str, *, date: str | None, now: datetime) -> str | None:
    """Return by how much this machine's clock is wrong, if a request was refused for that.

    Args:
        code: AWS's error code.
        message: AWS's error message.
        date: the Date header of the answer.
        now: this machine's time, aware.

    Returns:
        A text with rounded figures, so that equal failures are counted as one; None when the
        request was refused for another reason.
    """
    skewed = _SKEWED.search(message)
    if skewed is None and code not in _SKEW_CODES:
        return None
    signed = _instant(skewed["ours"]) if skewed is not None else None
    theirs = _instant(skewed["theirs"]) if skewed is not None else None
    if signed is not None and theirs is not None:
        off = signed - theirs
    elif (theirs := _http_date(date)) is not None:
        off = now - theirs
    else:
        return "AWS refuses the time of this machine's clock: set it"
    direction = "behind" if off < timedelta() else "ahead of"
    return f"this machine's clock is {_rounded(abs(off))} {direction} that of AWS: set it"


def tls_problem(text: str) -> str:
    """Return what is wrong with a TLS connection.

    Args:
        text: of an ``ssl.SSLError``.
    """
    found = _OPENSSL.search(text)
    if found is None:
        return text
    if found["reason"] in _NOT_TLS:
        return "the server does not speak TLS: is its URL http://?"
    return found["detail"] or found["reason"]


def _instant(text: str | None) -> datetime | None:
    try:
        return datetime.strptime(text or "", _INSTANT).replace(tzinfo=UTC)
    except ValueError:
        return None


def _http_date(text: str | None) -> datetime | None:
    try:
        parsed = parsedate_to_datetime(text or "")
    except ValueError:
        return None
    return parsed if parsed.tzinfo is not None else parsed.replace(tzinfo=UTC)


def _rounded(off: timedelta) -> str:
    minutes = round(off / timedelta(minutes=1))
    return f"{minutes} min" if minutes > 1 else f"{round(off.total_seconds())} s"
