"""Why AWS refuses a caller, and what is wrong when no TLS connection comes about.

Load and set-up meet the same refusals, so both name them with the words that are here.
"""

import re
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Final

CLOCK_SKEW: Final = "ClockSkew"
"""The error code that we give to a refusal for the time in a signature; AWS has several."""

TLS_ERROR: Final = "TlsError"

EXPIRED_CODES: Final = frozenset({"ExpiredToken", "ExpiredTokenException"})
"""The credentials were good once."""

DENIED_CODES: Final = frozenset({"AccessDenied", "AccessDeniedException", "NotAuthorized"})
"""The credentials are good, but not for this."""

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
Amazon DynamoDB API Reference; those of STS, which lends a role, in its own API Reference.
"""

THROTTLING_CODES: Final = frozenset(
    {
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "ThrottledException",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
    }
)
"""The request came too fast: the same one may be sent again after a pause.

Sources: "Error handling with DynamoDB", Amazon DynamoDB Developer Guide; the other names that the
AWS SDKs know for it, "Retry behavior", AWS SDKs and Tools Reference Guide.
"""

_UNAUTHORIZED_STATUSES: Final = (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)
_SKEW_CODES: Final = frozenset({"RequestExpired", "RequestTimeTooSkewed"})
_INSTANT: Final = "%Y%m%dT%H%M%SZ"
# No code of its own tells a bad signature from an old one, so that only the message can:
# "Signature expired: <ours> is now earlier than <limit> (<theirs> - 5 min.)".
_SKEWED: Final = re.compile(
    r"Signature (?:expired|not yet current): (?P<ours>\d{8}T\d{6}Z)"
    r"(?:.*\((?P<theirs>\d{8}T\d{6}Z) [-+])?"
)
_OPENSSL: Final = re.compile(r"\[(?:SSL|X509)[^\]:]*: (?P<reason>\w+)\] ?(?P<detail>.*?) *\(_ssl")
_NOT_TLS: Final = frozenset(
    {"HTTP_REQUEST", "PACKET_LENGTH_TOO_LONG", "RECORD_LAYER_FAILURE", "WRONG_VERSION_NUMBER"}
)
"""How the versions of OpenSSL say that the first bytes of an answer are no TLS."""


def is_throttled(status: int, code: str = "") -> bool:
    """Return whether a request was refused for its rate."""
    return code in THROTTLING_CODES or status == HTTPStatus.TOO_MANY_REQUESTS


def is_unauthorized(status: int, code: str = "") -> bool:
    """Return whether the caller was refused, not the request."""
    return code in _UNAUTHORIZED_CODES or status in _UNAUTHORIZED_STATUSES


def clock_skew(code: str, message: str, *, date: str | None, now: datetime) -> str | None:
    """Return how far this machine's clock is off, when the request was refused for that.

    Args:
        code: AWS's error code.
        message: AWS's error message.
        date: the Date header of the answer.
        now: this machine's time, aware.

    Returns:
        A sentence without fast-changing figures, so that equal failures count as one; None when
        something else was the reason.
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
    """Return what is wrong with a TLS connection, from the text of an ``ssl.SSLError``."""
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
