"""Which kind of failure an exception of a locust request stands for, in any locustfile."""

from http import HTTPStatus

import requests
from gevent.timeout import Timeout

from perf.core.failures import FailureClass


def failure_class_of(exception: BaseException, response: object) -> FailureClass:
    """Return the kind of failure.

    Args:
        exception: what the request event carries; one with a ``failure_class`` says it itself.
        response: the request event's response, of any HTTP library, or None.
    """
    own = getattr(exception, "failure_class", None)
    if isinstance(own, FailureClass):
        return own
    status = getattr(response, "status_code", None) or 0
    if status >= HTTPStatus.BAD_REQUEST:
        return _class_of_status(status)
    if isinstance(exception, (TimeoutError, requests.Timeout, Timeout)):
        return FailureClass.TIMEOUT
    if status >= HTTPStatus.OK:
        return FailureClass.WRONG_ANSWER  # a complete answer that the workload refused
    if isinstance(exception, (OSError, requests.RequestException)):
        return FailureClass.CONNECTION
    return FailureClass.OTHER


def _class_of_status(status: int) -> FailureClass:
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return FailureClass.THROTTLED
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return FailureClass.SERVER_ERROR
    return FailureClass.CLIENT_ERROR
