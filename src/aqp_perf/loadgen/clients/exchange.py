"""One HTTP/1.1 request and its answer, over connections that stay open.

Nearly every answer comes at once: a status line, headers with one Content-Length, and the body.
Such an answer is read here, in a tenth of the time of a parser for all of HTTP. geventhttpclient
reads the others: in chunks, in pieces, or ended by the end of the connection.
"""

from typing import Any, NamedTuple
from urllib.parse import urlsplit

from geventhttpclient.response import HTTPConnectionClosed, HTTPParseError, HTTPSocketPoolResponse

from aqp_perf.loadgen.clients.connections import DEFAULT_TIMEOUTS, Timeouts, open_connections

LONGEST_ANSWER_BYTES = 8 << 20
"""A longer answer is cut: DynamoDB reads 1 MB for an answer, and an AQP reads one such answer."""

_BLOCK_BYTES = 65_536
_FINAL = 200
"""After a lower status another answer follows."""
_LONGEST_LENGTH = len(str(_BLOCK_BYTES))
_KEPT_OPEN = b"\r\nconnection: keep-alive\r\n"


class Reply(NamedTuple):
    """A whole answer."""

    status_code: int
    """Named as HTTP libraries do, for `failure_class_of`."""
    head: bytes
    """The status line and the headers, each with its line end."""
    body: bytes
    is_whole: bool = True
    """False: it was longer than `LONGEST_ANSWER_BYTES`, and the rest was not read."""

    @property
    def length_bytes(self) -> int:
        """Its length on the wire, if it was not sent in chunks."""
        return len(self.head) + len(b"\r\n") + len(self.body)

    def header(self, name: str) -> str | None:
        """Return the value of the first header with this name, given in lower case."""
        found = self.head.lower().find(f"\r\n{name}:".encode())
        if found < 0:
            return None
        line = self.head[found + 2 :].partition(b"\r\n")[0]
        return line.partition(b":")[2].strip().decode("latin-1")


class HttpServer:
    """A server and the connections to it; safe to share between greenlets.

    What follows host and port in its ``url`` is ignored. Its certificate is verified.

    Raises:
        ValueError: ``url`` is not an http(s) URL.
    """

    def __init__(self, url: str, timeouts: Timeouts = DEFAULT_TIMEOUTS) -> None:
        parts = urlsplit(url)
        if parts.hostname is None or parts.scheme not in {"http", "https"}:
            raise ValueError(f"not the http(s) URL of an endpoint: {url!r}")
        is_tls = parts.scheme == "https"
        default_port = 443 if is_tls else 80
        port = parts.port or default_port
        name = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
        self.host = name if port == default_port else f"{name}:{port}"
        """The value of a request's Host header."""
        self._pool = open_connections(parts.hostname, port, is_tls=is_tls, timeouts=timeouts)

    def exchange(self, request: bytes) -> Reply:
        """Send a request that is not a HEAD, once, and return its answer.

        Raises:
            NotConnected: there is no connection, so nothing was sent.
            OSError: the connection broke, or no answer came in time.
            HTTPParseError: the answer is not HTTP, or ended before it was whole.
        """
        connection: Any = self._pool.get_socket()
        try:
            sent_bytes = connection.send(request)
            if sent_bytes < len(request):
                connection.sendall(request[sent_bytes:])
            received = connection.recv(_BLOCK_BYTES)
            if not received:
                raise HTTPConnectionClosed("connection closed.")  # noqa: TRY301 - as when it breaks
        except BaseException:  # the end of a user's greenlet too
            self._pool.release_socket(connection)
            raise
        reply = _whole_reply(received)
        if reply is not None:
            if reply.length_bytes == len(received):
                self._pool.return_socket(connection)
            else:
                self._pool.release_socket(connection)  # more came than the answer
            return reply
        response = _FirstAnswer(
            connection, self._pool, block_size=_BLOCK_BYTES, pre_buffered=received
        )
        body = response.read()
        response.release()  # gives the connection back, or closes it
        lines = "".join([f"{name}: {value}\r\n" for name, value in response.items()])
        head = f"HTTP/1.1 {response.get_code()}\r\n{lines}".encode("latin-1", "replace")
        return Reply(response.get_code(), head, body, not response.was_cut)

    def close(self) -> None:
        """Close the idle connections."""
        self._pool.close()


class _FirstAnswer(HTTPSocketPoolResponse):
    """Ends with the first answer that is final; a connection that brought more is closed.

    geventhttpclient's own appends the body of a second answer to the first, gives the connection
    back after an interim answer (HTTP 1xx), and reads an endless answer for ever.
    """

    was_cut = False
    """Whether the answer was longer than `LONGEST_ANSWER_BYTES`."""
    _is_final = False
    _left_bytes = LONGEST_ANSWER_BYTES

    def should_close(self) -> bool:
        """Return whether the connection cannot be used again: no final answer has come."""
        return not self._is_final or super().should_close()

    def _on_message_begin(self) -> None:
        if self._is_final:
            raise HTTPParseError("another answer")
        super()._on_message_begin()

    def _on_message_complete(self) -> None:
        self.message_complete = True
        self._is_final = self.get_code() >= _FINAL

    def feed(self, data: str | bytes) -> None:
        self._left_bytes -= len(data)
        if self._left_bytes < 0:
            if not self.headers_complete or self.get_code() < _FINAL:
                raise HTTPParseError("no end of what comes before an answer")
            self.was_cut = self.message_complete = self._trailing_data_dropped = True
            return
        try:
            super().feed(data)
        except HTTPParseError:
            if not self._is_final:
                raise
            self._trailing_data_dropped = True


def _whole_reply(received: bytes) -> Reply | None:
    """Return the answer if all of it is here, with one Content-Length; else None."""
    end = received.find(b"\r\n\r\n")
    head = received[: end + 2]
    lowered = head.lower()
    is_plain = (
        end > 0
        and lowered.startswith(b"http/1.1 ")
        and lowered.count(b"\r\ncontent-length:") == 1
        and lowered.count(b"\r\nconnection:") == lowered.count(_KEPT_OPEN)
        and b"\r\ntransfer-encoding:" not in lowered
    )
    if not is_plain:
        return None
    status = lowered[9:13].rstrip()
    length = lowered.partition(b"\r\ncontent-length:")[2].partition(b"\r\n")[0].strip()
    body = received[end + 4 :]
    if not (status.isdigit() and int(status) >= _FINAL and length.isdigit()):
        return None
    if length != b"%d" % len(body):
        if len(length) > _LONGEST_LENGTH or int(length) > len(body):
            return None
        body = body[: int(length)]
    return Reply(int(status), head, body)
