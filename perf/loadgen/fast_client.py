"""The client that costs little: own signing, kept connections, one attempt per request."""

import json
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from geventhttpclient.response import HTTPParseError, HTTPSocketPoolResponse

from perf.core.refusals import TLS_ERROR
from perf.core.sigv4 import Credentials, Signer, amz_date
from perf.loadgen.connections import (
    ANSWER_TIMEOUT_S,
    CONNECT_TIMEOUT_S,
    ConnectTimeout,
    TlsError,
    open_connections,
)
from perf.loadgen.credentials import CredentialsSource
from perf.loadgen.dynamodb import Answer, Attributes, lost, not_sent, read_answer, read_error

_TARGET = "DynamoDB_20120810.ExecuteStatement"


class FastClient:
    """Own signing with the day's key kept, over HTTP/1.1 connections that stay open.

    Args:
        endpoint_url: where to send; its certificate is verified.
        region: the region that the signature names.
        credentials: called for each request, so that they can be renewed during a run.
        connect_timeout_s: how long a connection may take.
        answer_timeout_s: how long nothing may be heard of an answer.

    Raises:
        ValueError: ``endpoint_url`` is no http(s) URL.
    """

    def __init__(
        self,
        endpoint_url: str,
        region: str,
        credentials: CredentialsSource,
        *,
        connect_timeout_s: float = CONNECT_TIMEOUT_S,
        answer_timeout_s: float = ANSWER_TIMEOUT_S,
    ) -> None:
        url = urlsplit(endpoint_url)
        if url.hostname is None or url.scheme not in {"http", "https"}:
            raise ValueError(f"not the http(s) URL of an endpoint: {endpoint_url!r}")
        is_tls = url.scheme == "https"
        port = url.port or (443 if is_tls else 80)
        name = f"[{url.hostname}]" if ":" in url.hostname else url.hostname
        self._host = name if port == (443 if is_tls else 80) else f"{name}:{port}"
        self._pool = open_connections(
            url.hostname,
            port,
            is_tls=is_tls,
            connect_timeout_s=connect_timeout_s,
            answer_timeout_s=answer_timeout_s,
        )
        self._region = region
        self._credentials = credentials
        self._signed_with: Credentials | None = None
        self._signer: Signer | None = None
        self._date_second = 0
        self._date = ""

    def execute_statement(
        self, statement: str, parameters: Sequence[Attributes], *, writes: bool
    ) -> Answer:
        """Send one statement, once; see `DynamoDbClient`."""
        request: dict[str, Any] = {"Statement": statement, "ReturnConsumedCapacity": "TOTAL"}
        if parameters:
            request["Parameters"] = parameters
        body = json.dumps(request, separators=(",", ":")).encode()
        status, payload, date = self._exchange(self._head(body) + body, writes=writes)
        if status == HTTPStatus.OK:
            return read_answer(payload)
        raise read_error(status, payload, date)

    def _head(self, body: bytes) -> bytes:
        second = int(time.time())
        if second != self._date_second:
            self._date, self._date_second = amz_date(datetime.fromtimestamp(second, UTC)), second
        credentials = self._credentials()
        signer = self._signer
        if signer is None or credentials is not self._signed_with:
            signer = self._signer = Signer(credentials, self._region)
            self._signed_with = credentials
        headers = signer.headers(host=self._host, target=_TARGET, body=body, now=self._date)
        lines = "".join([f"{name}: {value}\r\n" for name, value in headers.items()])
        return f"POST / HTTP/1.1\r\n{lines}Content-Length: {len(body)}\r\n\r\n".encode("latin-1")

    def _exchange(self, request: bytes, *, writes: bool) -> tuple[int, bytes, str]:
        try:
            connection = self._pool.get_socket()
        except ConnectTimeout as error:
            raise not_sent("ConnectTimeout", str(error)) from error
        except TlsError as error:
            raise not_sent(TLS_ERROR, str(error)) from error
        except OSError as error:
            raise not_sent("NotConnected", str(error)) from error
        try:
            connection.sendall(request)
        except OSError as error:
            self._pool.release_socket(connection)
            timed_out = isinstance(error, TimeoutError)
            raise lost(str(error), timed_out=timed_out, writes=writes) from error
        try:
            # From here on the response object gives the connection back, or closes it.
            response = HTTPSocketPoolResponse(connection, self._pool, method="POST")
            return response.get_code(), response.read(), str(response.get("date", ""))
        except (OSError, HTTPParseError) as error:
            timed_out = isinstance(error, TimeoutError)
            raise lost(str(error), timed_out=timed_out, writes=writes) from error
