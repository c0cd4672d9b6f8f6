"""A fast HTTP/1.1 server on asyncio with full control over its connections."""

import asyncio
import signal
import socket
import struct
from collections.abc import Callable
from typing import Final, NamedTuple

_RESET_ON_CLOSE: Final = struct.pack("ii", 1, 0)
REASONS: Final = {200: "OK", 400: "Bad Request", 429: "Too Many Requests", 500: "Internal Error"}


class Request(NamedTuple):
    """One HTTP request."""

    method: str
    path: str
    head: bytes
    """The request line and the headers, without the empty line."""
    body: bytes

    def header(self, name: str) -> str | None:
        """Return the value of a header; its name is case-sensitive here."""
        _, found, rest = self.head.partition(f"\r\n{name}: ".encode())
        return rest.partition(b"\r\n")[0].decode("latin-1") if found else None


def response(body: bytes, status: int = 200, headers: tuple[str, ...] = ()) -> bytes:
    """Return a whole answer."""
    lines = [f"HTTP/1.1 {status} {REASONS.get(status, 'Text')}", f"Content-Length: {len(body)}"]
    return "\r\n".join([*lines, *headers]).encode() + b"\r\n\r\n" + body


class Connection(asyncio.Protocol):
    """A client's connection: one request at a time, as all clients of the doubles send.

    Args:
        serve: called with every request; it, or what it starts, calls one of the methods.
    """

    transport: asyncio.Transport

    def __init__(self, serve: Callable[["Connection", Request], None]) -> None:
        self._serve = serve
        self._received = bytearray()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        received = self._received
        received += data
        end = received.find(b"\r\n\r\n")
        if end < 0:
            return
        head = bytes(received[:end])
        line = head.partition(b"\r\n")[0].decode("latin-1").split(" ")
        request = Request(line[0], line[1], head, b"")
        length = int(request.header("Content-Length") or 0) if line[0] == "POST" else 0
        if len(received) < end + 4 + length:
            return
        body = bytes(received[end + 4 :])
        received.clear()
        self._serve(self, request._replace(body=body))

    def send(self, raw: bytes) -> None:
        """Send what may be an answer, and keep the connection open."""
        if not self.transport.is_closing():
            self.transport.write(raw)

    def send_and_close(self, raw: bytes) -> None:
        """Send something and end the connection."""
        self.send(raw)
        self.transport.close()

    def reset(self) -> None:
        """Break the connection as a crash does."""
        endpoint = self.transport.get_extra_info("socket")
        if endpoint is not None:  # else the client has gone
            endpoint.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
        self.transport.abort()


async def listen(serve: Callable[[Connection, Request], None], port: int = 0) -> str:
    """Serve on a loopback port, 0 for a free one, until the event loop ends; return the URL."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Connection(serve), "127.0.0.1", port, backlog=4_096)
    return f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


async def until_terminated() -> None:
    """Wait for SIGTERM or SIGINT."""
    asked_to_end = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, asked_to_end.set)
    await asked_to_end.wait()
