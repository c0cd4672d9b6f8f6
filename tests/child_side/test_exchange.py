"""An answer is read the same in any framing, and its connection kept or closed as it says."""

import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import NamedTuple

import gevent
import pytest
from gevent.event import Event
from geventhttpclient.response import HTTPParseError
from hypothesis import given
from hypothesis import strategies as st

from aqp_perf.loadgen.clients.connections import Timeouts
from aqp_perf.loadgen.clients.exchange import HttpServer, Reply, _whole_reply
from tests.doubles.scripted_server import Behaviour, Request, ScriptedServer, answer

GET = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
Start = Callable[..., ScriptedServer]


@pytest.fixture
def server_of() -> Iterator[Callable[[str], HttpServer]]:
    with ExitStack() as stack:

        def make(url: str) -> HttpServer:
            server = HttpServer(url, Timeouts(answer_s=5.0))
            stack.callback(server.close)
            return server

        yield make


def in_pieces(*pieces: bytes) -> Behaviour:
    """Return the behaviour of a server whose answer comes in several packets."""

    def behave(connection: socket.socket, _: Request) -> None:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for piece in pieces:
            connection.sendall(piece)

    return behave


class Way(NamedTuple):
    behave: Behaviour
    keeps: bool = True


STATUS = b"HTTP/1.1 200 OK\r\n"
CHUNKED = b"Transfer-Encoding: chunked\r\n\r\n"
SIZED = b"Content-Length: 4\r\n\r\n"
LONG = b"x" * 1_000_000
WAYS = {
    "plain": Way(answer(b"text")),
    "keep-alive": Way(answer(b"text", headers=("Connection: Keep-Alive",))),
    "close": Way(answer(b"text", headers=("Connection: close",)), keeps=False),
    "both": Way(answer(b"text", headers=("Connection: keep-alive, close",)), keeps=False),
    "HTTP/1.0": Way(in_pieces(b"HTTP/1.0 200 OK\r\nContent-Length: 4\r\n\r\ntext"), keeps=False),
    "no reason": Way(in_pieces(b"HTTP/1.1 200\r\ncontent-length:4\r\n\r\ntext")),
    "interim": Way(in_pieces(b"HTTP/1.1 100 Continue\r\n\r\n", STATUS + SIZED + b"text")),
    "chunks": Way(in_pieces(STATUS + CHUNKED, b"2\r\nte\r\n2\r\nxt\r\n0\r\n\r\n")),
    "pieces": Way(in_pieces(b"HTTP/1.1 2", b"00 OK\r\nContent-Le", b"ngth: 4\r\n\r\nte", b"xt")),
}


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_every_way_to_answer_gives_one_reply(
    serve: Start, server_of: Callable[[str], HttpServer], way: Way
) -> None:
    scripted = serve(way.behave)
    server = server_of(scripted.url)
    replies = [server.exchange(GET) for _ in range(3)]

    assert [(each.status_code, each.body) for each in replies] == [(200, b"text")] * 3
    assert (len(scripted.requests), scripted.connections) == (3, 1 if way.keeps else 3)


@pytest.mark.parametrize("second", [b"H", b"HTTP/1.1 500 No\r\nContent-Length: 4\r\n\r\nmore"])
@pytest.mark.parametrize("first", [SIZED + b"text", CHUNKED + b"4\r\ntext\r\n0\r\n\r\n"])
def test_of_two_answers_the_first_is_taken_and_the_connection_is_closed(
    serve: Start, server_of: Callable[[str], HttpServer], first: bytes, second: bytes
) -> None:
    scripted = serve(in_pieces(STATUS + first + second))
    server = server_of(scripted.url)
    replies = [server.exchange(GET) for _ in range(2)]

    assert [(each.status_code, each.body) for each in replies] == [(200, b"text")] * 2
    assert (len(scripted.requests), scripted.connections) == (2, 2)


def test_a_connection_is_in_use_until_the_final_answer_is_there(
    serve: Start, server_of: Callable[[str], HttpServer]
) -> None:
    """Else another request would be sent on it, and the two would take each other's answers."""
    has_begun, may_end = Event(), Event()

    def behave(connection: socket.socket, _: Request) -> None:
        connection.sendall(b"HTTP/1.1 103 Early Hints\r\n\r\n")
        has_begun.set()
        assert may_end.wait(10)
        connection.sendall(STATUS + SIZED + b"text")

    server = server_of(serve(behave).url)
    under_way = gevent.spawn(lambda: server.exchange(GET))
    assert has_begun.wait(10)
    gevent.idle()  # the interim answer has been read
    free = server._pool._socket_queue.qsize()
    may_end.set()

    assert under_way.get(timeout=10).body == b"text"
    assert free == 0


def test_a_connection_whose_answer_never_ended_is_not_used_again(serve: Start) -> None:
    """Else the answer, should it come late, would be taken for that of the next request."""

    def behave(connection: socket.socket, _: Request) -> None:
        connection.sendall(b"HTTP/1.1 103 Early Hints\r\n\r\n")

    server = HttpServer(serve(behave).url, Timeouts(answer_s=0.2))
    with pytest.raises(TimeoutError):
        server.exchange(GET)

    assert server._pool._socket_queue.empty()


@pytest.mark.parametrize("status", [204, 304, 404, 500])
def test_a_reply_has_the_status_of_the_answer(
    serve: Start, server_of: Callable[[str], HttpServer], status: int
) -> None:
    server = server_of(serve(answer(b"", status)).url)

    assert server.exchange(GET).status_code == status


@pytest.mark.parametrize("framing", [b"Content-Length: 0\r\n\r\n", CHUNKED + b"0\r\n\r\n"])
def test_headers_are_found_by_name_with_either_parser(
    serve: Start, server_of: Callable[[str], HttpServer], framing: bytes
) -> None:
    lines = b"Date: Tue\r\nX-Date: never\r\nCONTENT-Encoding:gzip \r\n"
    server = server_of(serve(in_pieces(STATUS + lines + framing)).url)
    reply = server.exchange(GET)

    assert reply.header("date") == "Tue"
    assert reply.header("content-encoding") == "gzip"
    assert reply.header("encoding") is None


def test_long_requests_and_answers_are_whole(
    serve: Start, server_of: Callable[[str], HttpServer]
) -> None:
    scripted = serve(answer(LONG))
    server = server_of(scripted.url)
    request = b"POST / HTTP/1.1\r\nContent-Length: %d\r\n\r\n" % len(LONG)

    assert server.exchange(request + LONG).body == LONG
    assert scripted.requests[0].body == LONG


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nte",
        b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\nContent-Length: 5\r\n\r\ntext",
        b"HTTP/1.1 200 OK\r\nContent-Length: four\r\n\r\ntext",
        STATUS + b"Content-Length: 14\r\n" + CHUNKED + b"4\r\ntext\r\n0\r\n\r\n",
        b"garbage\r\n\r\n",
    ],
)
def test_an_incomplete_answer_is_an_error_and_closes_its_connection(
    serve: Start, server_of: Callable[[str], HttpServer], raw: bytes
) -> None:
    def behave(connection: socket.socket, _: Request) -> None:
        connection.sendall(raw)
        connection.shutdown(socket.SHUT_RDWR)

    server = server_of(serve(behave).url)
    with pytest.raises(HTTPParseError):
        server.exchange(GET)

    assert server._pool._socket_queue.empty()


names = st.sampled_from(["Date", "Server", "X-Amzn-RequestId"])
values = st.text("abc ,;:/=\t", max_size=12)


@given(
    st.integers(200, 599),
    st.lists(st.tuples(names, values), max_size=4),
    st.binary(max_size=60),
    st.integers(0, 60),
)
def test_a_plain_answer_is_taken_when_it_is_whole_and_not_before(
    status: int, headers: list[tuple[str, str]], body: bytes, cut: int
) -> None:
    lines = [f"HTTP/1.1 {status} Text", *(f"{name}: {value}" for name, value in headers)]
    head = "\r\n".join([*lines, f"Content-Length: {len(body)}", ""]).encode()
    whole = head + b"\r\n" + body

    assert _whole_reply(whole) == Reply(status, head, body)
    assert cut == 0 or _whole_reply(whole[:-cut]) is None
    assert _whole_reply(whole + whole) == Reply(status, head, body), "the first is the answer"
