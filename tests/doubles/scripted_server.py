"""A TCP server that treats every request as a test says, and remembers the requests."""

import contextlib
import socket
import ssl
import struct
import threading
from collections.abc import Callable
from types import TracebackType
from typing import NamedTuple, NoReturn, Self

Behaviour = Callable[[socket.socket, "Request"], None]
"""Answers a request on its connection; closing the connection is part of the answer."""


class Request(NamedTuple):
    """One HTTP request."""

    line: str
    headers: dict[str, str]
    """By lower-case name."""
    body: bytes


def answer(body: bytes = b"{}", status: int = 200, *, headers: tuple[str, ...] = ()) -> Behaviour:
    """Return the behaviour of a server that answers and keeps the connection open."""
    lines = [f"HTTP/1.1 {status} Text", f"Content-Length: {len(body)}", *headers]
    whole = "\r\n".join(lines).encode() + b"\r\n\r\n" + body

    def behave(connection: socket.socket, _: Request) -> None:
        connection.sendall(whole)

    return behave


def send_and_close(raw: bytes = b"") -> Behaviour:
    """Return the behaviour of a server that sends some bytes and ends the connection."""

    def behave(connection: socket.socket, _: Request) -> None:
        connection.sendall(raw)
        connection.shutdown(socket.SHUT_RDWR)

    return behave


def reset(connection: socket.socket, _: Request | None = None) -> NoReturn:
    """Break the connection as a crash does."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    raise ConnectionAbortedError  # ends the service of this connection


def keep_silent(_connection: socket.socket, _request: Request) -> None:
    """Never answer."""


class ScriptedServer:
    """Serves on a free loopback port until the ``with`` block ends.

    Args:
        behave: what to do with each request.
        on_connect: called with a new connection before anything is read from it.
        host: the loopback address to listen on.
        tls: makes it an HTTPS server.
    """

    def __init__(
        self,
        behave: Behaviour,
        *,
        on_connect: Callable[[socket.socket], None] | None = None,
        host: str = "127.0.0.1",
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.behave = behave
        self.requests: list[Request] = []
        self.connections = 0
        self._on_connect = on_connect
        self._tls = tls
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._listener = socket.create_server((host, 0), family=family, backlog=1024)
        port = self._listener.getsockname()[1]
        name = f"[{host}]" if ":" in host else host
        self.url = f"{'https' if tls else 'http'}://{name}:{port}"
        self._open: set[socket.socket] = set()
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for connection in list(self._open):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(10)

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            thread = threading.Thread(target=self._serve, args=(connection,), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _serve(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError), contextlib.ExitStack() as stack:
            stack.enter_context(connection)
            if self._on_connect is not None:
                self._on_connect(connection)
            if self._tls is not None:
                connection = self._tls.wrap_socket(connection, server_side=True)
                stack.enter_context(connection)
            self._open.add(connection)
            stack.callback(self._open.discard, connection)
            reader = stack.enter_context(connection.makefile("rb"))
            # A TLS hello, as a plain server gets it, has random bytes: any of them may end a line.
            while (head := reader.readline().decode("latin-1").rstrip()).endswith(" HTTP/1.1"):
                headers = {}
                while line := reader.readline().decode("latin-1").rstrip():
                    name, _, value = line.partition(":")
                    headers[name.lower()] = value.strip()
                body = reader.read(int(headers.get("content-length", 0)))
                request = Request(head, headers, body)
                self.requests.append(request)
                self.behave(connection, request)
