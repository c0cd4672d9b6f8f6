"""A DynamoDB client that costs little CPU: own signing, kept connections, one attempt."""

import time
from collections.abc import Sequence
from datetime import UTC, datetime
from http import HTTPStatus

from geventhttpclient.response import HTTPParseError

from aqp_perf.core.aws.sigv4 import Credentials, Signer, amz_date
from aqp_perf.loadgen.clients.connections import DEFAULT_TIMEOUTS, NotConnected, Timeouts
from aqp_perf.loadgen.clients.credentials import CredentialsSource
from aqp_perf.loadgen.clients.dynamodb import (
    Answer,
    Attributes,
    DynamoDbError,
    details_of,
    lost,
    not_sent,
    read_answer,
    refused,
    request_of,
)
from aqp_perf.loadgen.clients.exchange import HttpServer
from aqp_perf.loadgen.clients.json_bytes import encode

_TARGET = "DynamoDB_20120810.ExecuteStatement"


class FastClient:
    """Own signing with the day's key kept, over HTTP/1.1 connections that stay open.

    The source of ``credentials`` is called for each request: they may be renewed during a run.

    Raises:
        ValueError: ``endpoint_url`` is not an http(s) URL.
    """

    def __init__(
        self,
        endpoint_url: str,
        region: str,
        credentials: CredentialsSource,
        timeouts: Timeouts = DEFAULT_TIMEOUTS,
    ) -> None:
        self._server = HttpServer(endpoint_url, timeouts)
        self._region = region
        self._credentials = credentials
        self._signed_with: Credentials | None = None
        self._signer: Signer | None = None
        self._date_second = 0
        self._date = ""

    def execute_statement(
        self,
        statement: str,
        parameters: Sequence[Attributes],
        *,
        writes: bool,
        next_token: str | None = None,
    ) -> Answer:
        """Send one statement, once; see `DynamoDbClient`."""
        request = request_of(statement, parameters, next_token)
        credentials = self._credentials()
        signed = self._signed(encode(request), credentials)
        try:
            reply = self._server.exchange(signed)
        except NotConnected as error:
            raise not_sent(error.code, str(error)) from error
        except (OSError, HTTPParseError) as error:
            timed_out = isinstance(error, TimeoutError)
            raise lost(str(error), timed_out=timed_out, writes=writes) from error
        try:
            if reply.status_code == HTTPStatus.OK:
                return read_answer(reply.body)
            details = details_of(reply.status_code, reply.body)
            raise refused(reply.status_code, details, reply.header("date"))
        except DynamoDbError as error:
            error.hide((credentials.session_token,))  # the secret key was not sent
            raise

    def _signed(self, body: bytes, credentials: Credentials) -> bytes:
        second = int(time.time())
        if second != self._date_second:
            self._date, self._date_second = amz_date(datetime.fromtimestamp(second, UTC)), second
        signer = self._signer
        if signer is None or credentials is not self._signed_with:
            signer = self._signer = Signer(credentials, self._region)
            self._signed_with = credentials
        return signer.request(host=self._server.host, target=_TARGET, body=body, now=self._date)
