"""The HTTP contract, spoken to the WSGI application directly."""

import base64
import gzip
import json
from collections.abc import Callable
from http import HTTPStatus
from typing import NamedTuple
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aqp_perf.aqp.problems import (
    DynamoDBFailed,
    DynamoDBTimedOut,
    Problem,
    QueryRefused,
    ReadTooLarge,
)
from aqp_perf.aqp.serving.service import QueryService
from aqp_perf.aqp.serving.web import AqpApplication, Callers
from aqp_perf.errors import InvalidOption

PASSWORD = "only-for-tests"


class EchoService(QueryService):
    """Answers with the SQL it was asked, or with a problem."""

    def __init__(self, problem: Problem | None = None) -> None:
        self.problem = problem

    def answer(self, sql: str) -> str:
        if self.problem is not None:
            raise self.problem
        return json.dumps({"sql": sql})


class Reply(NamedTuple):
    status: str
    headers: dict[str, str]
    body: bytes


def _authorization(user: str, password: str) -> str:
    return f"Basic {base64.b64encode(f'{user}:{password}'.encode()).decode()}"


def _ask(
    uri: str,
    *,
    problem: Problem | None = None,
    method: str = "GET",
    **variables: str,
) -> Reply:
    replies: list[Reply] = []

    written: list[bytes] = []

    def start_response(
        status: str, headers: list[tuple[str, str]], exc_info: object = None, /
    ) -> Callable[[bytes], object]:
        assert exc_info is None
        replies.append(Reply(status, dict(headers), b""))
        return written.append

    environ = {
        "REQUEST_METHOD": method,
        "REQUEST_URI": uri,
        "HTTP_AUTHORIZATION": _authorization("someone", PASSWORD),
    }
    application = AqpApplication(
        EchoService(problem),
        Callers(users=("someone",), password=PASSWORD),
    )
    body = b"".join(application(environ | variables, start_response))
    (reply,) = replies
    assert not written
    if method == "HEAD":
        assert body == b""
    else:
        assert reply.headers["Content-Length"] == str(len(body))
    assert reply.headers["Content-Type"] == "application/json"
    return reply._replace(body=body)


@given(st.text(min_size=1))
def test_any_sql_survives_as_one_percent_encoded_segment(sql: str) -> None:
    reply = _ask("/query-aggregation/" + quote(sql, safe=""))

    assert reply.status == "200 OK"
    assert json.loads(reply.body) == {"sql": sql}


def test_an_answer_may_be_cached_for_a_minute() -> None:
    assert _ask("/query-aggregation/x").headers["Cache-Control"] == "no-transform, max-age=60"


def test_bytes_that_were_not_percent_encoded_are_utf8() -> None:
    assert json.loads(_ask("/query-aggregation/\u00c3\u00a9").body) == {"sql": "\u00e9"}


@pytest.mark.parametrize(
    "uri",
    [
        "/",
        "/query-aggregation",
        "/query-aggregation/",
        "/query-aggregation/a/b",
        "/query-aggregation//a",
        "//query-aggregation/a",
        "/query-aggregation%2Fa",
        "/QUERY-AGGREGATION/a",
        "/other/query-aggregation/a",
        "http://elsewhere/query-aggregation/a",
    ],
)
def test_there_is_one_path(uri: str) -> None:
    reply = _ask(uri)

    assert reply.status == "404 Not Found"
    assert json.loads(reply.body)["code"] == 404


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "HEAD", "OPTIONS"])
def test_there_is_one_method(method: str) -> None:
    reply = _ask("/query-aggregation/x", method=method)

    assert reply.status == "405 Method Not Allowed"
    assert reply.headers["Allow"] == "GET"


@pytest.mark.parametrize(
    "authorization",
    [
        "",
        "Basic",
        "Basic !!!",
        "Basic \u00e9",
        "Bearer x",
        _authorization("someone", "wrong"),
        _authorization("someone", ""),
        _authorization("someone", f"{PASSWORD} "),
        _authorization("other", PASSWORD),
        _authorization("someone", PASSWORD).replace("Basic", "Digest"),
        base64.b64encode(f"someone:{PASSWORD}".encode()).decode(),
    ],
)
def test_without_the_credentials_nothing_is_answered(authorization: str) -> None:
    reply = _ask("/query-aggregation/x", HTTP_AUTHORIZATION=authorization)

    assert reply.status == "401 Unauthorized"
    assert reply.headers["WWW-Authenticate"] == 'Basic realm="aqp", charset="UTF-8"'
    assert PASSWORD.encode() not in reply.body


@pytest.mark.parametrize(
    ("problem", "status"),
    [
        (QueryRefused("no"), HTTPStatus.BAD_REQUEST),
        (ReadTooLarge("no"), HTTPStatus.REQUEST_ENTITY_TOO_LARGE),
        (DynamoDBFailed("no"), HTTPStatus.BAD_GATEWAY),
        (DynamoDBTimedOut("no"), HTTPStatus.GATEWAY_TIMEOUT),
    ],
)
def test_a_problem_is_json_and_not_cached(problem: Problem, status: HTTPStatus) -> None:
    reply = _ask("/query-aggregation/x", problem=problem)

    assert reply.status == f"{status.value} {status.phrase}"
    assert json.loads(reply.body) == {"code": status.value, "message": "no"}
    assert reply.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("segment", ["%ff", "%c3", "a%80"])
def test_sql_that_is_not_utf8_is_refused(segment: str) -> None:
    reply = _ask(f"/query-aggregation/{segment}")

    assert reply.status == "400 Bad Request"
    assert "UTF-8" in json.loads(reply.body)["message"]


def test_an_open_question_mark_is_refused_instead_of_cutting_the_query() -> None:
    reply = _ask("/query-aggregation/select%20a?b")

    assert reply.status == "400 Bad Request"
    assert "%3F" in json.loads(reply.body)["message"]


@pytest.mark.parametrize(
    ("accept_encoding", "is_compressed"),
    [
        ("gzip", True),
        ("gzip, deflate", True),
        ("deflate, GZIP;q=0.5", True),
        ("*", True),
        ("gzip;q=0", False),
        ("gzip; q=0.000", False),
        ("deflate", False),
        ("", False),
    ],
)
def test_a_long_answer_is_compressed_when_the_caller_accepts_it(
    accept_encoding: str, *, is_compressed: bool
) -> None:
    sql = "x" * 2_000

    reply = _ask(f"/query-aggregation/{sql}", HTTP_ACCEPT_ENCODING=accept_encoding)

    assert (reply.headers.get("Content-Encoding") == "gzip") == is_compressed
    body = gzip.decompress(reply.body) if is_compressed else reply.body
    assert json.loads(body) == {"sql": sql}
    assert reply.headers["Vary"] == "Accept-Encoding"


def test_a_short_answer_is_not_compressed() -> None:
    reply = _ask("/query-aggregation/x", HTTP_ACCEPT_ENCODING="gzip")

    assert "Content-Encoding" not in reply.headers


@pytest.mark.parametrize("user", ["small-query-app", "large-query-app"])
def test_the_example_pair_holds_when_nothing_is_set(user: str) -> None:
    callers = Callers.from_environment({})

    assert callers.admit(_authorization(user, "secretEXAMPLE"))
    assert not callers.admit(_authorization("other", "secretEXAMPLE"))


def test_what_is_set_replaces_the_example() -> None:
    callers = Callers.from_environment(
        {"PERF_AQP_USER": "us\u00e9r", "PERF_AQP_PASSWORD": "p\u00e4ss:w\u00f6rd"}
    )

    assert callers.admit(_authorization("us\u00e9r", "p\u00e4ss:w\u00f6rd"))
    assert not callers.admit(_authorization("us\u00e9r", "secretEXAMPLE"))
    assert not callers.admit(_authorization("small-query-app", "p\u00e4ss:w\u00f6rd"))


@pytest.mark.parametrize("name", ["PERF_AQP_USER", "PERF_AQP_PASSWORD"])
def test_an_empty_setting_is_a_mistake_not_the_example(name: str) -> None:
    with pytest.raises(InvalidOption, match=name):
        Callers.from_environment({name: ""})


def test_the_password_does_not_show_in_repr() -> None:
    assert "hidden" not in repr(Callers(users=("u",), password="hidden"))
