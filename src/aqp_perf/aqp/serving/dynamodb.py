"""A small DynamoDB client: signed JSON over kept-alive connections, one per thread, no retries.

A request is sent a second time only when a connection that had been idle turns out to be closed by
the peer; all that is sent here are reads, so nothing can happen twice.
"""

import http.client
import json
import ssl
import threading
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple

from aqp_perf.aqp.base_url import parse_base_url
from aqp_perf.aqp.problems import DynamoDBFailed, DynamoDBTimedOut
from aqp_perf.core.aws.sigv4 import Signer

_CONNECT_TIMEOUT_S: Final = 3.0
_READ_TIMEOUT_S: Final = 10.0
_OK: Final = 200
_CLOSED_BY_PEER: Final = (ConnectionError, ssl.SSLEOFError, ssl.SSLZeroReturnError)


class DynamoDBResponse(NamedTuple):
    """What DynamoDB answered, and how many bytes it took."""

    payload: dict[str, Any]
    size_bytes: int


class DynamoDB:
    """Calls one DynamoDB endpoint; threads may share it, each has a connection of its own.

    TLS certificates are verified against the system's authorities (SSL_CERT_FILE adds to them).

    Args:
        endpoint_url: ``http(s)://host[:port]``.
        current_signer: gives the signer to use for the next request.

    Raises:
        InvalidOption: the URL is not one of an endpoint.
    """

    def __init__(self, endpoint_url: str, current_signer: Callable[[], Signer]) -> None:
        parts = parse_base_url("--endpoint-url", endpoint_url)
        self.endpoint_url = endpoint_url
        self._current_signer = current_signer
        self._hostname = parts.hostname or parts.netloc
        self._port = parts.port
        self._host_header = parts.netloc.lower()
        self._tls = ssl.create_default_context() if parts.scheme == "https" else None
        self._local = threading.local()

    def call(
        self, operation: str, request: Mapping[str, object], *, timeout_s: float = _READ_TIMEOUT_S
    ) -> DynamoDBResponse:
        """Return DynamoDB's answer to one request.

        Args:
            operation: such as ``ExecuteStatement``.
            request: the operation's JSON.
            timeout_s: how long the answer may take, at most 10 s.

        Raises:
            DynamoDBTimedOut: it did not come in time.
            DynamoDBFailed: DynamoDB answered with an error, or could not be reached.
        """
        body = json.dumps(request).encode()
        headers = self._current_signer().headers(
            host=self._host_header,
            target=f"DynamoDB_20120810.{operation}",
            body=body,
            now=datetime.now(UTC),
        )
        try:
            status, content = self._exchange(body, headers, min(timeout_s, _READ_TIMEOUT_S))
        except TimeoutError as exc:
            raise DynamoDBTimedOut(f"{self.endpoint_url} did not answer in time") from exc
        except (OSError, http.client.HTTPException) as exc:
            raise DynamoDBFailed(f"{self.endpoint_url} is not reachable: {exc}") from exc
        if status != _OK:
            raise DynamoDBFailed(_error_text(status, content))
        try:
            payload = json.loads(content)
        except ValueError:
            payload = None
        if not isinstance(payload, dict):
            raise DynamoDBFailed(f"{self.endpoint_url} did not answer with a JSON object")
        return DynamoDBResponse(payload, len(content))

    def close(self) -> None:
        """Close the calling thread's connection; its next call opens another."""
        idle: http.client.HTTPConnection | None = getattr(self._local, "connection", None)
        if idle is not None:
            idle.close()
        self._local.connection = None

    def _exchange(
        self, body: bytes, headers: dict[str, str], timeout_s: float
    ) -> tuple[int, bytes]:
        idle: http.client.HTTPConnection | None = getattr(self._local, "connection", None)
        self._local.connection = None
        if idle is not None:
            try:
                return self._exchange_over(idle, body, headers, timeout_s)
            except _CLOSED_BY_PEER:
                idle.close()  # closed by the peer while it was idle: once more, over a new one
        return self._exchange_over(self._connect(), body, headers, timeout_s)

    def _exchange_over(
        self,
        connection: http.client.HTTPConnection,
        body: bytes,
        headers: dict[str, str],
        timeout_s: float,
    ) -> tuple[int, bytes]:
        reusable = False
        try:
            connection.sock.settimeout(timeout_s)
            connection.request("POST", "/", body, headers)
            response = connection.getresponse()
            content = response.read()
            reusable = not response.will_close
        finally:
            if reusable:
                self._local.connection = connection
            else:
                connection.close()
        return response.status, content

    def _connect(self) -> http.client.HTTPConnection:
        if self._tls is not None:
            connection: http.client.HTTPConnection = http.client.HTTPSConnection(
                self._hostname, self._port, timeout=_CONNECT_TIMEOUT_S, context=self._tls
            )
        else:
            connection = http.client.HTTPConnection(
                self._hostname, self._port, timeout=_CONNECT_TIMEOUT_S
            )
        connection.connect()
        return connection


def _error_text(status: int, content: bytes) -> str:
    """Return DynamoDB's error code and message, whatever the body is."""
    try:
        error = json.loads(content)
    except ValueError:
        error = None
    if not isinstance(error, dict) or "__type" not in error:
        return f"DynamoDB answered HTTP {status}"
    code = str(error["__type"]).rpartition("#")[2]
    message = error.get("message") or error.get("Message") or ""
    return f"DynamoDB answered {code}: {message}"
