"""Failures of locust requests, in any locustfile: the kind of an exception, and its text.

Texts go to the screen, into files and from process to process: they are encodable.
"""

from collections.abc import Mapping
from http import HTTPStatus

from aqp_perf.core.aws.refusals import is_throttled, is_unauthorized
from aqp_perf.core.measured.failure_class import FailureClass
from aqp_perf.loadgen.clients.exception_kinds import attribute, known_kind

_NOTHING_READ = frozenset(
    {FailureClass.THROTTLED, FailureClass.CLIENT_ERROR, FailureClass.UNAUTHORIZED}
)
_HIGHEST_STATUS = 599


def failure_class_of(exception: object, response: object) -> FailureClass:
    """Return the kind of failure.

    Args:
        exception: the request event's, which may be a text; its ``failure_class`` decides, if it
            has one.
        response: the request event's response, of any HTTP library, or None: then it is that of
            the exception, as ``requests.HTTPError`` and botocore's ``ClientError`` have one.
    """
    own = attribute(exception, "failure_class")
    if isinstance(own, FailureClass):
        return own
    answer = attribute(exception, "response")
    refused = _class_of_aws_answer(answer) if isinstance(answer, Mapping) else None
    if refused is not None:
        return refused
    status = next(filter(None, map(_status, (response, answer, exception))), 0)
    if status >= HTTPStatus.BAD_REQUEST:
        return class_of_status(status)
    # Before the status: an answer of 200 may break off, or take too long to come. Where a
    # locustfile gives a reason of its own for having no answer, Locust's response has the error.
    kind = known_kind(exception) or known_kind(attribute(response, "error"))
    if kind is not None:
        return kind
    if status >= HTTPStatus.OK:
        return FailureClass.WRONG_ANSWER  # a complete answer that the workload refused
    # Of requests, errors of JSON and of URLs are both: no connection broke.
    is_broken = isinstance(exception, OSError) and not isinstance(exception, ValueError)
    return FailureClass.CONNECTION if is_broken else FailureClass.OTHER


def failure_of(exception: object, response: object) -> tuple[FailureClass, str] | None:
    """Return kind and text of the failure of a request event; None: it has none, as for Locust.

    Args:
        exception: the event's; Locust counts no failure if it is false.
        response: the event's.
    """
    if not _is_true(exception):
        return None
    failure_class, text = failure_class_of(exception, response), text_of(exception)
    if failure_class is FailureClass.OTHER and isinstance(exception, BaseException):
        kind = type(exception).__name__  # only its type says what it is
        text = text if text.startswith(kind) else f"{kind}: {text}"
    return failure_class, text


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


def label_of(value: object) -> str:
    """Return the name or type of a request event as text; Locust takes any object."""
    return encodable(str.__str__(value)) if isinstance(value, str) else text_of(value)


def text_of(exception: object) -> str:
    """Return the text of an exception, or its class name if it has none or fails to make one."""
    try:
        return encodable(str(exception) or repr(exception))
    except Exception:  # noqa: BLE001 - a locustfile's exception may do anything here
        return type(exception).__name__


def _is_true(exception: object) -> bool:
    try:
        return bool(exception)
    except Exception:  # noqa: BLE001 - some objects have no truth value, such as arrays
        return True


def _status(holder: object) -> int | None:
    """Return the HTTP status of an answer, or of an exception of any HTTP library."""
    for name in ("status_code", "status"):  # ``code`` is something else in too many libraries
        status = attribute(holder, name)
        if isinstance(status, int) and HTTPStatus.CONTINUE <= status <= _HIGHEST_STATUS:
            return status
    return None


def _class_of_aws_answer(answer: Mapping[object, object]) -> FailureClass | None:
    """Return the kind of failure of the answer in a botocore ``ClientError``; None: it is none."""
    error, about = answer.get("Error"), answer.get("ResponseMetadata")
    code = error.get("Code") if isinstance(error, Mapping) else None
    status = about.get("HTTPStatusCode") if isinstance(about, Mapping) else None
    if code is None and status is None:
        return None
    reasons = answer.get("CancellationReasons")
    codes = [
        reason.get("Code")
        for reason in (reasons if isinstance(reasons, list) else [])
        if isinstance(reason, Mapping)
    ]
    if any(is_throttled(0, str(each)) for each in codes):
        return FailureClass.THROTTLED
    return class_of_status(status if isinstance(status, int) else 0, str(code))
