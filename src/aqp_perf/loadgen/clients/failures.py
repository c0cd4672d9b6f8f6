"""Failures of locust requests, in any locustfile: the kind of an exception, and its text.

Texts go to the screen, into files and from process to process: they are encodable.
"""

from http import HTTPStatus

import requests
from gevent.timeout import Timeout
from geventhttpclient.response import HTTPParseError
from geventhttpclient.useragent import RetriesExceeded

from aqp_perf.core.aws.refusals import is_throttled, is_unauthorized
from aqp_perf.core.measured.failure_class import FailureClass

_NOT_CONNECTED_OR_BROKEN = (
    ConnectionError,
    HTTPParseError,
    requests.ConnectionError,
    requests.exceptions.ChunkedEncodingError,
)
"""They may come with a response whose status is 200: the answer broke off."""
_NOTHING_READ = frozenset(
    {FailureClass.THROTTLED, FailureClass.CLIENT_ERROR, FailureClass.UNAUTHORIZED}
)
_TIMEOUTS = (TimeoutError, requests.Timeout, Timeout)


def failure_class_of(exception: BaseException, response: object) -> FailureClass:
    """Return the kind of failure.

    Args:
        exception: the request event's; its ``failure_class`` decides, if it has one.
        response: the request event's response, of any HTTP library, or None.
    """
    own = getattr(exception, "failure_class", None)
    if isinstance(own, FailureClass):
        return own
    status = getattr(response, "status_code", None) or 0
    if status >= HTTPStatus.BAD_REQUEST:
        return class_of_status(status)
    return _class_of_exception(exception, has_answer=status >= HTTPStatus.OK)


def class_of_status(status: int, code: str = "") -> FailureClass:
    """Return the kind of failure of an answer with HTTP status 4xx or 5xx and an AWS error code."""
    if is_throttled(status, code):
        return FailureClass.THROTTLED
    if is_unauthorized(status, code):
        return FailureClass.UNAUTHORIZED
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return FailureClass.SERVER_ERROR
    return FailureClass.CLIENT_ERROR


def may_have_read(failure_class: FailureClass) -> bool:
    """Return whether a request that was sent and failed so may have read data, which is billed."""
    return failure_class not in _NOTHING_READ


def encodable(text: str) -> str:
    """Return ``text`` with lone surrogates escaped: JSON can carry them, UTF-8 cannot."""
    if text.isascii():
        return text
    return text.encode("utf-8", "backslashreplace").decode()


def text_of(exception: BaseException) -> str:
    """Return the text of an exception, or its class name if it has none or fails to make one."""
    try:
        return encodable(str(exception) or repr(exception))
    except Exception:  # noqa: BLE001 - a locustfile's exception may do anything here
        return type(exception).__name__


def _class_of_exception(exception: BaseException, *, has_answer: bool) -> FailureClass:
    if isinstance(exception, RetriesExceeded):  # raised even if no retry was allowed
        exception = getattr(exception, "original", None) or exception
    if isinstance(exception, _NOT_CONNECTED_OR_BROKEN):
        return FailureClass.CONNECTION
    if isinstance(exception, _TIMEOUTS):
        return FailureClass.TIMEOUT
    if has_answer:
        return FailureClass.WRONG_ANSWER  # a complete answer that the workload refused
    if isinstance(exception, (OSError, requests.RequestException)):
        return FailureClass.CONNECTION
    return FailureClass.OTHER
