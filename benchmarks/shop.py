"""A small shop on loopback for locustfiles: the same answers after the same time, in JSON mostly.

Every answer takes 10 ms. Every tenth request of ``/flaky`` fails with 500, ``/error`` always; paths
of which no shop knows are 404. ``/sign-in`` is a form with a token, which leads to ``/welcome``.
"""

import asyncio
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from typing import Final

_DELAY_S: Final = 0.01
_FAILING: Final = 10
_FORM: Final = (
    '<form action="/sign-in" method="post"><input name="authenticity_token" value="t-1"></form>'
)
_HEAD: Final = "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\n{more}\r\n"


class _Shop:
    def __init__(self) -> None:
        self._flaky = count(1)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer the requests of a connection until it is closed."""
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
                fields = dict(
                    line.lower().split(": ", 1) for line in head.splitlines()[1:] if ": " in line
                )
                sent = await reader.readexactly(int(fields.get("content-length", 0)))
                await asyncio.sleep(_DELAY_S)
                method, target, _ = head.split(" ", 2)
                writer.write(self._answer(method, target.partition("?")[0], sent))
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    def _answer(self, method: str, path: str, sent: bytes) -> bytes:
        status, kind, more = self._status(path), "application/json", ""
        body = json.dumps(
            {
                "id": int(path.rpartition("/")[2]) if path.rpartition("/")[2].isdigit() else 0,
                "price": 9.5,
                "token": "t-1",
                "message": "Welcome foo!",
                "orderId": 42,
                "sent": sent.decode(errors="replace"),
            }
        )
        if path == "/sign-in" and method == "POST":
            status, more = "303 See Other", "Location: /welcome\r\n"
        elif path in {"/", "/sign-in"}:
            kind, body = "text/html", f"<html><title>The shop</title>{_FORM}</html>"
        data = body.encode()
        return _HEAD.format(status=status, kind=kind, length=len(data), more=more).encode() + data

    def _status(self, path: str) -> str:
        is_failing = path == "/error" or (path == "/flaky" and not next(self._flaky) % _FAILING)
        if is_failing:
            return "500 Internal Server Error"
        return "404 Not Found" if path in {"/missing", "/does_not_exist"} else "200 OK"


@contextmanager
def running_shop() -> Iterator[str]:
    """Run the shop in a thread until the block ends; yield its URL."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="shop")
    thread.start()
    try:
        server = asyncio.run_coroutine_threadsafe(
            asyncio.start_server(_Shop().serve, "127.0.0.1", 0), loop
        ).result()
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
