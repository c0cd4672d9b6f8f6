"""The failure class and the text of the exceptions that locustfiles report."""

import http.client
import urllib.error
from collections.abc import Callable
from enum import Enum, IntEnum
from types import SimpleNamespace
from typing import Any

import botocore.exceptions as aws
import gevent
import pytest
import requests
import urllib3.exceptions
from geventhttpclient.response import HTTPConnectionClosed
from geventhttpclient.useragent import RetriesExceeded
from hypothesis import given
from hypothesis import strategies as st
from locust.exception import CatchResponseError

from aqp_perf.core.measured.failure_class import FailureClass
from aqp_perf.loadgen.clients.failures import encodable, failure_class_of, failure_of


def response(status: int) -> requests.Response:
    made = requests.Response()
    made.status_code = status
    return made


def wrapped(cause: Exception) -> RetriesExceeded:
    return RetriesExceeded("http://h", 0, original=cause)


def refused(code: str, status: int | None, **more: object) -> aws.ClientError:
    answer: Any = {
        "Error": {"Code": code, "Message": "no"},
        "ResponseMetadata": {} if status is None else {"HTTPStatusCode": status},
        **more,
    }
    return aws.ClientError(answer, "PutItem")


def of_library(
    module: str, name: str, base: type[Exception] = Exception, **attributes: object
) -> Exception:
    """Return an exception named as one of a library that is not installed here."""
    kind: type[Exception] = type(name, (base,), {"__module__": module, **attributes})
    return kind("broken")


def error_code(base: Callable[..., Any], library: str, name: str) -> object:
    """Return a member of an enumeration of a library that is not installed here."""
    codes = base("Codes", [name], module=library)
    return codes[name]


def grpc_error(name: str) -> Exception:
    code = error_code(Enum, "grpc", name)
    return of_library("grpc._channel", "_InactiveRpcError", code=lambda _: code)


def without_code() -> Exception:
    def code(_: object) -> None:
        raise RuntimeError("the call is not done")

    return of_library("grpc._channel", "_MultiThreadedRendezvous", code=code)


def caused_by(cause: Exception) -> Exception:
    error = RuntimeError("the order failed")
    error.__cause__ = cause
    return error


httpx_timeout = type("TimeoutException", (Exception,), {"__module__": "httpx._exceptions"})
websocket_closed = type("ConnectionClosed", (Exception,), {"__module__": "websockets.exceptions"})
POOL = urllib3.HTTPConnectionPool("h")
READ_TIMEOUT = urllib3.exceptions.ReadTimeoutError(POOL, "/", "read timed out")
NOT_CONNECTED = urllib3.exceptions.NewConnectionError(POOL, "refused")  # type: ignore[arg-type]
TOO_MANY_ERRORS = urllib3.exceptions.MaxRetryError(
    POOL, "/", urllib3.exceptions.ResponseError("too many 429 error responses")
)
URL = "http://h"


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
        (requests.JSONDecodeError("no", "", 0), None, FailureClass.OTHER),
        (requests.exceptions.MissingSchema("no"), None, FailureClass.OTHER),
        ("a text", None, FailureClass.OTHER),
        ("a text", 503, FailureClass.SERVER_ERROR),
        (requests.HTTPError("429", response=response(429)), None, FailureClass.THROTTLED),
        (requests.ConnectionError(READ_TIMEOUT), None, FailureClass.TIMEOUT),
        (refused("ProvisionedThroughputExceededException", 400), None, FailureClass.THROTTLED),
        (refused("SlowDown", 503), None, FailureClass.THROTTLED),
        (refused("ThrottlingException", None), None, FailureClass.THROTTLED),
        (
            refused(
                "TransactionCanceledException",
                400,
                CancellationReasons=[{"Code": "None"}, {"Code": "ThrottlingError"}],
            ),
            None,
            FailureClass.THROTTLED,
        ),
        (refused("UnrecognizedClientException", 400), None, FailureClass.UNAUTHORIZED),
        (refused("ConditionalCheckFailedException", 400), None, FailureClass.CLIENT_ERROR),
        (refused("InternalServerError", 500), None, FailureClass.SERVER_ERROR),
        (aws.ReadTimeoutError(endpoint_url=URL), None, FailureClass.TIMEOUT),
        (aws.ConnectTimeoutError(endpoint_url=URL), None, FailureClass.CONNECTION),
        (aws.EndpointConnectionError(endpoint_url=URL), None, FailureClass.CONNECTION),
        (aws.ConnectionClosedError(endpoint_url=URL), None, FailureClass.CONNECTION),
        (aws.NoCredentialsError(), None, FailureClass.UNAUTHORIZED),
        (aws.ParamValidationError(report="no"), None, FailureClass.OTHER),
        (READ_TIMEOUT, None, FailureClass.TIMEOUT),
        (READ_TIMEOUT, 200, FailureClass.TIMEOUT),
        (NOT_CONNECTED, None, FailureClass.CONNECTION),
        (
            urllib3.exceptions.MaxRetryError(POOL, "/", READ_TIMEOUT),
            None,
            FailureClass.TIMEOUT,
        ),
        (
            urllib3.exceptions.MaxRetryError(POOL, "/", NOT_CONNECTED),
            None,
            FailureClass.CONNECTION,
        ),
        (
            urllib3.exceptions.ProtocolError("aborted", ConnectionResetError()),
            None,
            FailureClass.CONNECTION,
        ),
        (requests.exceptions.RetryError(TOO_MANY_ERRORS), None, FailureClass.OTHER),
        (http.client.IncompleteRead(b""), None, FailureClass.CONNECTION),
        (http.client.RemoteDisconnected("closed"), None, FailureClass.CONNECTION),
        (urllib.error.URLError(TimeoutError()), None, FailureClass.TIMEOUT),
        (
            urllib.error.HTTPError(URL, 503, "no", None, None),  # type: ignore[arg-type]
            None,
            FailureClass.SERVER_ERROR,
        ),
        (grpc_error("DEADLINE_EXCEEDED"), None, FailureClass.TIMEOUT),
        (grpc_error("RESOURCE_EXHAUSTED"), None, FailureClass.THROTTLED),
        (grpc_error("UNAVAILABLE"), None, FailureClass.CONNECTION),
        (grpc_error("PERMISSION_DENIED"), None, FailureClass.UNAUTHORIZED),
        (grpc_error("INTERNAL"), None, FailureClass.SERVER_ERROR),
        (grpc_error("NOT_FOUND"), None, FailureClass.CLIENT_ERROR),
        (grpc_error("OF_A_LATER_VERSION"), None, FailureClass.OTHER),
        (without_code(), None, FailureClass.OTHER),
        (of_library("httpx", "ReadTimeout", httpx_timeout), None, FailureClass.TIMEOUT),
        (of_library("httpx", "ConnectTimeout", httpx_timeout), None, FailureClass.CONNECTION),
        (
            of_library("httpx", "HTTPStatusError", response=response(429)),
            None,
            FailureClass.THROTTLED,
        ),
        (
            of_library("aiohttp.client_exceptions", "ClientResponseError", status=403),
            None,
            FailureClass.UNAUTHORIZED,
        ),
        (
            of_library("websocket._exceptions", "WebSocketTimeoutException"),
            None,
            FailureClass.TIMEOUT,
        ),
        (
            of_library("websocket._exceptions", "WebSocketConnectionClosedException"),
            None,
            FailureClass.CONNECTION,
        ),
        (
            of_library("websockets.exceptions", "ConnectionClosedError", websocket_closed),
            None,
            FailureClass.CONNECTION,
        ),
        (of_library("redis.exceptions", "TimeoutError"), None, FailureClass.TIMEOUT),
        (of_library("pymongo.errors", "OperationFailure", code=211), None, FailureClass.OTHER),
        (of_library("shop", "Refused", response={"reason": "no"}), None, FailureClass.OTHER),
        (of_library("shop", "Refused", response={"reason": "no"}), 429, FailureClass.THROTTLED),
        (caused_by(aws.ReadTimeoutError(endpoint_url=URL)), None, FailureClass.TIMEOUT),
        (caused_by(KeyError("token")), None, FailureClass.OTHER),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, BaseException) else str(value),
)
def test_an_exception_has_one_class(
    exception: BaseException, status: int | None, kind: FailureClass
) -> None:
    answered = None if status is None else response(status)

    assert failure_class_of(exception, answered) is kind


@pytest.mark.parametrize(
    ("library", "name", "kind"),
    [
        ("paho.mqtt.enums", "MQTT_ERR_NO_CONN", FailureClass.CONNECTION),
        ("paho.mqtt.enums", "MQTT_ERR_KEEPALIVE", FailureClass.TIMEOUT),
        ("paho.mqtt.enums", "MQTT_ERR_NOMEM", FailureClass.OTHER),
        ("shop", "MQTT_ERR_NO_CONN", FailureClass.OTHER),
    ],
)
def test_an_error_code_has_a_class(library: str, name: str, kind: FailureClass) -> None:
    assert failure_class_of(error_code(IntEnum, library, name), None) is kind


def test_a_reason_of_the_locustfile_leaves_an_error_of_the_connection_its_class() -> None:
    unanswered = SimpleNamespace(status_code=0, error=requests.ConnectionError(READ_TIMEOUT))

    assert failure_class_of(CatchResponseError("status is not 200"), unanswered) is (
        FailureClass.TIMEOUT
    )


@pytest.mark.parametrize(
    ("exception", "text"),
    [
        (KeyError("token"), "KeyError: 'token'"),
        (KeyError(), "KeyError()"),
        (TimeoutError("late"), "late"),
        ("no basket", "no basket"),
    ],
)
def test_a_failure_of_no_known_class_names_its_type(exception: object, text: str) -> None:
    failure = failure_of(exception, None)

    assert failure is not None
    assert failure[1] == text


def test_an_exception_that_knows_its_class_decides() -> None:
    class Known(Exception):
        failure_class = FailureClass.AMBIGUOUS

    assert failure_class_of(Known(), response(500)) is FailureClass.AMBIGUOUS


class Hostile:
    """A response, or an exception, whose attributes raise."""

    def __getattr__(self, name: str) -> object:
        raise RuntimeError(name)


@pytest.mark.parametrize(
    "answered",
    [Hostile(), of_library("x", "Response", status_code="503"), object()],
    ids=["raising", "text", "none"],
)
def test_a_response_without_a_status_says_nothing(answered: object) -> None:
    assert failure_class_of(ValueError("no"), answered) is FailureClass.OTHER


def test_exceptions_that_wrap_each_other_have_a_class() -> None:
    one, other = RuntimeError(), RuntimeError()
    one.__cause__, other.__cause__ = other, one

    assert failure_class_of(one, None) is FailureClass.OTHER


@given(st.text(st.characters(exclude_categories=[])))
def test_every_text_can_be_written_down(text: str) -> None:
    assert encodable(text).encode().decode() == encodable(text)


@given(st.text())
def test_a_text_that_utf_8_has_bytes_for_stays_as_it_is(text: str) -> None:
    assert encodable(text) == text
