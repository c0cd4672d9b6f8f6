"""The errors of the check before the load, when the URL is not that of a working AQP."""

import base64
from http import HTTPStatus
from typing import Any
from urllib.parse import unquote

import pytest
import requests
from requests_mock import ANY, Mocker

from aqp_perf.aqp.preflight import check_aqp, preflight_query
from aqp_perf.errors import AqpUnauthorized, AqpUnusable, InvalidOption, TargetUnavailable
from tests.doubles.bad_bodies import BAD_BODIES, bad_body
from tests.doubles.scripted_server import ScriptedServer, answer

URL = "http://aqp.test:8080"
USER = "small-query-app"
PASSWORD = "p\u00e4ss-hidden"
ENCODED = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
QUERY = "select pk, count(pk) as total from orders where pk='AQP-PERF#PREFLIGHT' group by pk"
ASKED = f" (asked: {QUERY})"
ANSWER: dict[str, Any] = {"response": [{"resultSet": []}], "stats": {}}


def _check(url: str = URL) -> None:
    check_aqp(url, user=USER, password=PASSWORD, query=QUERY)


@pytest.mark.parametrize("url", [URL, f"{URL}/"])
def test_an_aqp_that_answers_passes(requests_mock: Mocker, url: str) -> None:
    requests_mock.get(ANY, json=ANSWER)

    _check(url)

    (request,) = requests_mock.request_history
    assert unquote(request.url) == f"{URL}/query-aggregation/{QUERY}"
    assert request.headers["Cache-Control"] == "no-cache"
    assert request.headers["Authorization"] == f"Basic {ENCODED}"


def test_connecting_to_two_addresses_and_reading_stay_within_the_time(
    requests_mock: Mocker,
) -> None:
    requests_mock.get(ANY, json=ANSWER)

    check_aqp(URL, user=USER, password=PASSWORD, query=QUERY, timeout_s=8)

    (request,) = requests_mock.request_history
    timeout: Any = request.timeout  # its stub knows single numbers only
    connect_s, read_s = timeout
    assert 2 * connect_s + read_s == 8


def test_an_untrusted_certificate_is_named_in_the_error(requests_mock: Mocker) -> None:
    text = "[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: self-signed (_ssl.c:1006)"
    requests_mock.get(ANY, exc=requests.exceptions.SSLError(text))

    with pytest.raises(AqpUnusable, match="no TLS connection: certificate verify failed: self-s"):
        _check()


def test_a_refused_password_is_named_as_such(requests_mock: Mocker) -> None:
    requests_mock.get(ANY, status_code=HTTPStatus.UNAUTHORIZED, text="no")

    with pytest.raises(AqpUnauthorized, match="PERF_AQP_USER and PERF_AQP_PASSWORD") as caught:
        _check()

    assert PASSWORD not in str(caught.value)


@pytest.mark.parametrize(
    "failure",
    [
        requests.ConnectTimeout("slow"),
        requests.ReadTimeout("slow"),
        requests.ConnectionError("refused"),
    ],
)
def test_silence_is_unavailable_and_names_url_and_time(
    requests_mock: Mocker, failure: Exception
) -> None:
    requests_mock.get(ANY, exc=failure)

    with pytest.raises(TargetUnavailable, match=f"^{URL} did not answer within 10 s: {failure}$"):
        _check()


@pytest.mark.parametrize(
    ("reply", "detail"),
    [
        ({"text": "<html>Sign in</html>"}, "HTTP 200: <html>Sign in</html>"),
        ({"text": ""}, "HTTP 200: "),
        ({"json": {"message": "hello"}}, 'HTTP 200: {"message": "hello"}'),
        ({"json": []}, "HTTP 200: []"),
        ({"json": {"response": [], "stats": {}}}, "HTTP 200: "),
        ({"json": {"response": [{"resultSet": None}], "stats": {}}}, "HTTP 200: "),
        ({"json": {"response": [{"resultSet": []}]}}, "HTTP 200: "),
        ({"status_code": HTTPStatus.FORBIDDEN, "text": "no"}, "HTTP 403: no"),
        ({"status_code": HTTPStatus.NOT_FOUND, "text": "no"}, "HTTP 404: no"),
        ({"status_code": HTTPStatus.INTERNAL_SERVER_ERROR, "json": ANSWER}, "HTTP 500: "),
        ({"status_code": HTTPStatus.FOUND, "headers": {"Location": "/login"}}, "HTTP 302: "),
    ],
)
def test_any_other_answer_is_unusable_and_shown(
    requests_mock: Mocker, reply: dict[str, Any], detail: str
) -> None:
    requests_mock.get(ANY, **reply)

    with pytest.raises(AqpUnusable) as caught:
        _check()

    assert str(caught.value).startswith(URL)
    assert caught.value.detail.startswith(detail)


def test_an_answer_is_shown_up_to_200_characters(requests_mock: Mocker) -> None:
    requests_mock.get(ANY, text="x" * 5_000)

    with pytest.raises(AqpUnusable) as caught:
        _check()

    assert caught.value.detail == f"HTTP 200: {'x' * 200}{ASKED}"


def test_credentials_that_a_server_echoes_are_not_shown(requests_mock: Mocker) -> None:
    requests_mock.get(ANY, text=f"you sent Basic {ENCODED}, that is {USER}:{PASSWORD}")

    with pytest.raises(AqpUnusable) as caught:
        _check()

    assert caught.value.detail == f"HTTP 200: you sent Basic ***, that is {USER}:***{ASKED}"


def test_an_answer_that_breaks_off_is_unusable(requests_mock: Mocker) -> None:
    requests_mock.get(ANY, exc=requests.exceptions.ChunkedEncodingError("broke off"))

    with pytest.raises(AqpUnusable, match="broke off"):
        _check()


@pytest.mark.parametrize("url", ["aqp.test", "ftp://aqp.test", "http://", "http://[::1"])
def test_an_invalid_url_is_a_usage_error(url: str) -> None:
    with pytest.raises(InvalidOption, match="--perf-aqp"):
        _check(url)


def test_credentials_in_the_url_are_refused_and_not_shown() -> None:
    with pytest.raises(InvalidOption, match="credentials come from the environment") as caught:
        _check(f"http://{USER}:secret@aqp.test")

    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("name", BAD_BODIES)
def test_a_body_that_no_aqp_sends_is_unusable_whatever_it_holds(name: str) -> None:
    """All over a real connection: what is packed is unpacked there, and no more than is needed."""
    content, headers = bad_body(name)
    server = ScriptedServer(answer(content, headers=headers))
    with server, pytest.raises(AqpUnusable) as caught:
        _check(server.url)

    assert len(caught.value.detail) <= len(f"HTTP 200: {ASKED}") + 200


def test_of_a_server_error_the_cause_is_asked_for(requests_mock: Mocker) -> None:
    requests_mock.get(ANY, status_code=HTTPStatus.INTERNAL_SERVER_ERROR, text="log id 7")

    with pytest.raises(AqpUnusable, match=r"HTTP 500: log id 7 \(asked: select .*; does it"):
        _check()


@pytest.mark.parametrize(
    ("keys", "query"),
    [
        ({"pk": "S", "sk": "S"}, QUERY),
        ({"a": "N"}, "select a, count(a) as total from orders where a=-1 group by a"),
        ({"a b": "S"}, QUERY.replace("pk", '"a b"')),
    ],
    ids=["text", "number", "quoted"],
)
def test_the_query_is_about_no_item(keys: dict[str, str], query: str) -> None:
    assert preflight_query("orders", keys) == query
