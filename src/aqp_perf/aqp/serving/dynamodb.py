"""A small DynamoDB client: signed JSON over kept-alive connections, one per thread, no retries.

A request is sent again only if its idle connection turns out to be closed by the peer. All requests
are reads, so sending one twice does no harm.
"""

import json
import ssl
import threading
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import partial
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Any, Final, NamedTuple

from aqp_perf.aqp.problems import DynamoDBFailed, DynamoDBTimedOut
from aqp_perf.base_url import parse_base_url
from aqp_perf.core.aws.sigv4 import Signer

_CONNECT_TIMEOUT_S: Final = 3.0
_ANSWER_TIMEOUT_S: Final = 10.0
_OK: Final = 200
_CLOSED_BY_PEER: Final = (ConnectionError, ssl.SSLEOFError, ssl.SSLZeroReturnError)


class DynamoDBResponse(NamedTuple):
    """The JSON that DynamoDB answered, and its size."""

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
        self._host_header = parts.netloc.lower()
        hostname = parts.hostname or parts.netloc
        self._new_connection: Callable[..., HTTPConnection]
        if parts.scheme == "https":
            tls = ssl.create_default_context()
            self._new_connection = partial(HTTPSConnection, hostname, parts.port, context=tls)
        else:
            self._new_connection = partial(HTTPConnection, hostname, parts.port)
        self._local = threading.local()

    def call(self, operation: str, request: Mapping[str, object]) -> DynamoDBResponse:
        """Return DynamoDB's answer to one request.

        Args:
            operation: such as ``ExecuteStatement``.
            request: the operation's JSON.

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
            status, content = self._exchange(body, headers)
        except TimeoutError as exc:
            raise DynamoDBTimedOut(f"{self.endpoint_url} did not answer in time") from exc
        except (OSError, HTTPException) as exc:
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

    def _exchange(self, body: bytes, headers: dict[str, str]) -> tuple[int, bytes]:
        idle: HTTPConnection | None = getattr(self._local, "connection", None)
        self._local.connection = None
        if idle is not None:
            try:
                return self._exchange_over(idle, body, headers)
            except _CLOSED_BY_PEER:
                idle.close()  # send the request again, over a new connection
        return self._exchange_over(self._connect(), body, headers)

    def _exchange_over(
        self, connection: HTTPConnection, body: bytes, headers: dict[str, str]
    ) -> tuple[int, bytes]:
        reusable = False
        try:
            connection.sock.settimeout(_ANSWER_TIMEOUT_S)
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

    def _connect(self) -> HTTPConnection:
        connection = self._new_connection(timeout=_CONNECT_TIMEOUT_S)
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
