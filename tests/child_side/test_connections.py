"""Pools count the connections they make and the requests that had to wait for one."""

from collections.abc import Callable

import gevent
import pytest
from gevent.event import Event

from aqp_perf.loadgen.clients.connections import (
    NotConnected,
    PoolCounts,
    open_connections,
    pool_counts,
)
from aqp_perf.loadgen.clients.exchange import HttpServer
from tests.doubles.scripted_server import ScriptedServer, answer

DEADLINE_S = 10.0

Start = Callable[..., ScriptedServer]


def since(before: PoolCounts) -> tuple[int, int]:
    now = pool_counts()
    return now.opened - before.opened, now.waits - before.waits


def test_connections_of_all_pools_are_counted_once_each(serve: Start) -> None:
    server = serve(answer())
    before = pool_counts()
    kept = HttpServer(server.url)
    for _ in range(3):
        kept.exchange(b"GET / HTTP/1.1\r\n\r\n")
    host, _, port = server.url.removeprefix("http://").partition(":")
    pool = open_connections(host, int(port), is_tls=False)
    taken = [pool.get_socket() for _ in range(2)]
    for connection in taken:
        pool.return_socket(connection)
    pool.return_socket(pool.get_socket())
    kept.close()
    pool.close()

    assert since(before) == (3, 0)


def test_a_connection_that_was_not_made_is_not_counted() -> None:
    before = pool_counts()
    pool = open_connections("127.0.0.1", 1, is_tls=False)
    with pytest.raises(NotConnected, match="refused"):
        pool.get_socket()

    assert since(before) == (0, 0)


def test_a_request_that_waits_for_another_to_end_is_counted(
    serve: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("aqp_perf.loadgen.clients.connections._MAX_CONNECTIONS", 1)
    host, _, port = serve(answer()).url.removeprefix("http://").partition(":")
    pool = open_connections(host, int(port), is_tls=False)
    before = pool_counts()
    first = pool.get_socket()
    waiting = Event()

    def use() -> None:
        waiting.set()
        pool.return_socket(pool.get_socket())

    user = gevent.spawn(use)
    assert waiting.wait(DEADLINE_S)
    pool.return_socket(first)
    user.get(timeout=DEADLINE_S)
    pool.close()

    assert since(before) == (1, 1)
