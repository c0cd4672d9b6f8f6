"""An AQP's malformed answer is a wrong answer, read with bounded time and memory."""

import contextlib
import socket
import tracemalloc
from collections.abc import Callable
from typing import Any

import pytest
from geventhttpclient.response import HTTPParseError

from aqp_perf.core.measured.failure_class import FailureClass
from aqp_perf.core.proof import WrongAnswerKind
from aqp_perf.loadgen.clients.connections import Timeouts
from aqp_perf.loadgen.clients.exchange import LONGEST_ANSWER_BYTES, HttpServer
from aqp_perf.loadgen.clients.failures import failure_class_of
from aqp_perf.workloads.locustfile import AqpZipcodeUser
from tests.child_side.shipped_users import events_of
from tests.doubles.bad_bodies import BAD_BODIES, BadBody, bad_body
from tests.doubles.scripted_server import Behaviour, Request, ScriptedServer, answer

MALFORMED = WrongAnswerKind.MALFORMED
RIGHT_COLUMNS = {"nan", "infinity", "too_large_a_double", "long_fraction", "text_for_a_number"}
"""Bodies that are wrong only to a check that knows the data."""
GET = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
MOST_BYTES = 4 * LONGEST_ANSWER_BYTES
"""An answer that is read is there as it came, and once more while it is put together."""
MOST_S = 5.0

Start = Callable[..., ScriptedServer]


def ask(url: str, verify: str = "all") -> dict[str, Any]:
    """Let a user of the shipped workload ask once; return its request event."""
    (event,) = events_of(url, [AqpZipcodeUser], "--verify", verify)
    return event


def behaviour(bad: BadBody) -> Behaviour:
    return answer(bad.content, headers=bad.headers)


@pytest.mark.parametrize("name", BAD_BODIES)
def test_a_bad_answer_is_wrong_and_checked(serve: Start, name: str) -> None:
    event = ask(serve(behaviour(bad_body(name))).url)
    expected = WrongAnswerKind.EXTRA_GROUP if name == "long_fraction" else MALFORMED

    assert failure_class_of(event["exception"], event["response"]) is FailureClass.WRONG_ANSWER
    assert event["context"]["wrong_answer"].kind is expected
    assert len(event["context"]["wrong_answer"].got) < 500


@pytest.mark.parametrize("name", [each for each in BAD_BODIES if each not in RIGHT_COLUMNS])
def test_a_bad_answer_is_wrong_even_without_a_check(serve: Start, name: str) -> None:
    event = ask(serve(behaviour(bad_body(name))).url, verify="off")

    assert failure_class_of(event["exception"], event["response"]) is FailureClass.WRONG_ANSWER
    assert len(str(event["exception"])) < 500


def endless(beginning: bytes, piece: bytes) -> Behaviour:
    """Return the behaviour of a server whose answer never ends."""

    def behave(connection: socket.socket, _: Request) -> None:
        with contextlib.suppress(OSError):
            connection.sendall(beginning)
            while True:
                connection.sendall(piece)

    return behave


CHUNK = b"fffe\r\n" + b"x" * 0xFFFE + b"\r\n"
OK = b"HTTP/1.1 200 OK\r\n"
ENDLESS = {
    "until the end": endless(OK + b"\r\n", bytes(65_536)),
    "in chunks": endless(OK + b"Transfer-Encoding: chunked\r\n\r\n", CHUNK),
    "after a length": endless(OK + b"Content-Length: 10000000000\r\n\r\n", bytes(65_536)),
}


@pytest.mark.parametrize("behave", ENDLESS.values(), ids=ENDLESS)
def test_an_answer_without_end_is_cut_and_its_connection_closed(
    serve: Start, behave: Behaviour
) -> None:
    server = HttpServer(serve(behave).url, Timeouts(answer_s=MOST_S))
    tracemalloc.start()
    try:
        reply = server.exchange(GET)
        _, peak_bytes = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert (reply.status_code, reply.is_whole) == (200, False)
    assert len(reply.body) <= LONGEST_ANSWER_BYTES
    assert peak_bytes < MOST_BYTES
    assert server._pool._socket_queue.empty()


HEADERS = {
    "many headers": endless(OK, b"a: b\r\n" * 1_000),
    "one header": endless(OK + b"a: ", b"b" * 60_000),
    "interim answers": endless(b"", b"HTTP/1.1 102 Wait\r\n\r\n" * 1_000),
}


@pytest.mark.parametrize("behave", HEADERS.values(), ids=HEADERS)
def test_headers_without_end_are_no_answer(serve: Start, behave: Behaviour) -> None:
    server = HttpServer(serve(behave).url, Timeouts(answer_s=MOST_S))

    with pytest.raises(HTTPParseError, match="no end of"):
        server.exchange(GET)
    assert server._pool._socket_queue.empty()


@pytest.mark.parametrize("name", ["huge", "huge_text", "gzip_bomb", "deep"])
def test_a_bad_answer_takes_bounded_memory(serve: Start, name: str) -> None:
    server = serve(behaviour(bad_body(name)))
    tracemalloc.start()
    try:
        ask(server.url)
        _, peak_bytes = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert peak_bytes < MOST_BYTES
