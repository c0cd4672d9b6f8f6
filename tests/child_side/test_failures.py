"""The failure class and the text of the exceptions that locustfiles report."""

import gevent
import pytest
import requests
from geventhttpclient.response import HTTPConnectionClosed
from geventhttpclient.useragent import RetriesExceeded
from hypothesis import given
from hypothesis import strategies as st

from aqp_perf.core.measured.failure_class import FailureClass
from aqp_perf.loadgen.clients.failures import encodable, failure_class_of


def response(status: int) -> requests.Response:
    made = requests.Response()
    made.status_code = status
    return made


def wrapped(cause: Exception) -> RetriesExceeded:
    return RetriesExceeded("http://h", 0, original=cause)


@pytest.mark.parametrize(
    ("exception", "status", "kind"),
    [
        (requests.HTTPError("401"), 401, FailureClass.UNAUTHORIZED),
        (requests.HTTPError("403"), 403, FailureClass.UNAUTHORIZED),
        (requests.HTTPError("404"), 404, FailureClass.CLIENT_ERROR),
        (requests.HTTPError("429"), 429, FailureClass.THROTTLED),
        (requests.HTTPError("503"), 503, FailureClass.SERVER_ERROR),
        (requests.ReadTimeout(), None, FailureClass.TIMEOUT),
        (requests.ConnectTimeout(), None, FailureClass.CONNECTION),
        (requests.ConnectionError(), None, FailureClass.CONNECTION),
        (requests.exceptions.ChunkedEncodingError(), 200, FailureClass.CONNECTION),
        (requests.JSONDecodeError("no", "", 0), 200, FailureClass.WRONG_ANSWER),
        (wrapped(TimeoutError()), None, FailureClass.TIMEOUT),
        (wrapped(BrokenPipeError()), None, FailureClass.CONNECTION),
        (HTTPConnectionClosed("closed"), None, FailureClass.CONNECTION),
        (HTTPConnectionClosed("closed"), 200, FailureClass.CONNECTION),
        (gevent.Timeout(), None, FailureClass.TIMEOUT),
        (OSError("no route"), None, FailureClass.CONNECTION),
        (AssertionError("total is wrong"), 200, FailureClass.WRONG_ANSWER),
        (AssertionError("a bug"), None, FailureClass.OTHER),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, BaseException) else str(value),
)
def test_an_exception_has_one_class(
    exception: BaseException, status: int | None, kind: FailureClass
) -> None:
    answered = None if status is None else response(status)

    assert failure_class_of(exception, answered) is kind


def test_an_exception_that_knows_its_class_decides() -> None:
    class Known(Exception):
        failure_class = FailureClass.AMBIGUOUS

    assert failure_class_of(Known(), response(500)) is FailureClass.AMBIGUOUS


@given(st.text(st.characters(exclude_categories=[])))
def test_every_text_can_be_written_down(text: str) -> None:
    assert encodable(text).encode().decode() == encodable(text)


@given(st.text())
def test_a_text_that_utf_8_has_bytes_for_stays_as_it_is(text: str) -> None:
    assert encodable(text) == text
