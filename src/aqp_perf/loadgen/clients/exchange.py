"""One HTTP/1.1 request and its answer, over connections that stay open.

Nearly every answer comes at once: a status line, headers with one Content-Length, and the body.
Such an answer is read here, in a tenth of the time that a parser takes which can read any other.
Whatever else comes, in chunks, in pieces, at the end of a connection, is geventhttpclient's.
"""

from typing import Any, NamedTuple
from urllib.parse import urlsplit

from geventhttpclient.response import HTTPConnectionClosed, HTTPParseError, HTTPSocketPoolResponse

from aqp_perf.loadgen.clients.connections import (
    ANSWER_TIMEOUT_S,
    CONNECT_TIMEOUT_S,
    open_connections,
)

LONGEST_ANSWER_BYTES = 8 << 20
"""What is longer is no answer: DynamoDB reads 1 MB for one, and an AQP asks it once for its own."""

_LONGEST_HEADERS = 1 << 16
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
    """False: it was longer than can be, so the rest was not read."""

    @property
    def length_bytes(self) -> int:
        """How long it was as it came, if it did not come in chunks."""
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

    Args:
        url: the server's; what follows host and port is ignored. A certificate is verified.
        connect_timeout_s: how long a connection may take.
        answer_timeout_s: how long nothing may be heard of an answer.

    Raises:
        ValueError: ``url`` is no http(s) URL.
    """

    def __init__(
        self,
        url: str,
        *,
        connect_timeout_s: float = CONNECT_TIMEOUT_S,
        answer_timeout_s: float = ANSWER_TIMEOUT_S,
    ) -> None:
        parts = urlsplit(url)
        if parts.hostname is None or parts.scheme not in {"http", "https"}:
            raise ValueError(f"not the http(s) URL of an endpoint: {url!r}")
        is_tls = parts.scheme == "https"
        default_port = 443 if is_tls else 80
        port = parts.port or default_port
        name = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
        self.host = name if port == default_port else f"{name}:{port}"
        """The value of a request's Host header."""
        self._pool = open_connections(
            parts.hostname,
            port,
            is_tls=is_tls,
            connect_timeout_s=connect_timeout_s,
            answer_timeout_s=answer_timeout_s,
        )

    def connect(self) -> Any:  # noqa: ANN401 - a plain socket or a TLS one
        """Return a connection that nobody else uses, for `exchange`.

        Raises:
            ConnectTimeout: it took too long.
            TlsError: the server cannot be trusted.
            OSError: there is none.
        """
        return self._pool.get_socket()

    def exchange(self, connection: Any, request: bytes) -> Reply:  # noqa: ANN401 - as above
        """Send a request that is no HEAD, once, and return its answer; gives the connection back.

        Raises:
            OSError: the connection broke, or nothing was heard for too long.
            HTTPParseError: the answer is not HTTP, or ended before it was whole, or its headers
                are longer than can be.
        """
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
                self._pool.release_socket(connection)  # what follows is no answer to anything
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
        """Close the connections that nobody uses."""
        self._pool.close()


class _FirstAnswer(HTTPSocketPoolResponse):
    """Ends with the first answer that is final; a connection that brought more is closed.

    geventhttpclient's own appends a second answer's body to the first, gives the connection back
    as soon as an interim answer has come, or when nothing follows it, and reads an answer without
    end for ever.
    """

    was_cut = False
    """Whether the answer went on after the longest there can be."""
    _is_final = False
    _left_bytes = LONGEST_ANSWER_BYTES
    _left_headers = _LONGEST_HEADERS
    """Characters in names and values; each line costs far more memory than it has bytes."""

    def should_close(self) -> bool:
        """Return whether the connection cannot be used again: after an interim answer one comes."""
        return not self._is_final or super().should_close()

    def _on_message_begin(self) -> None:
        if self._is_final:
            raise HTTPParseError("another answer")
        super()._on_message_begin()

    def _on_message_complete(self) -> None:
        self.message_complete = True
        self._is_final = self.get_code() >= _FINAL

    def _on_header_field(self, string: str) -> None:
        self._take_header(string)
        super()._on_header_field(string)

    def _on_header_value(self, string: str) -> None:
        self._take_header(string)
        super()._on_header_value(string)

    def _take_header(self, string: str) -> None:
        self._left_headers -= len(string)
        if self._left_headers < 0:
            raise HTTPParseError("headers without end")

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
    """Return the answer if all of one is here, and it says so in the plainest way."""
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
