"""DynamoDB clients for the load generator: one attempt per request, and errors that say their kind.

`FastClient` signs by itself and keeps connections open; `Boto3Client` is the AWS SDK's own view of
the same request. Both are made once per process and shared by all its users.
"""

import json
import os
import ssl
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from http import HTTPStatus
from math import isfinite
from typing import Any, NamedTuple, Protocol
from urllib.parse import urlsplit

import botocore.session
from botocore import exceptions
from geventhttpclient.response import HTTPParseError, HTTPSocketPoolResponse

from perf.core.failures import FailureClass
from perf.core.sigv4 import Credentials, Signer, amz_date
from perf.loadgen.connections import (
    ANSWER_TIMEOUT_S,
    CONNECT_TIMEOUT_S,
    ConnectTimeout,
    open_connections,
)

_TARGET = "DynamoDB_20120810.ExecuteStatement"

THROTTLING_CODES = frozenset(
    {
        "ProvisionedThroughputExceededException",
        "ThrottlingException",
        "RequestLimitExceeded",
    }
)
"""Source: "Error handling with DynamoDB", Amazon DynamoDB Developer Guide."""

Attributes = Mapping[str, Any]
"""An attribute value in DynamoDB's own JSON, such as ``{"S": "text"}``."""


class Answer(NamedTuple):
    """What ExecuteStatement answered."""

    items: Sequence[Mapping[str, Attributes]]
    next_token: str | None
    consumed_units: float | None
    """Read or write units, whichever the statement uses; None: the endpoint does not say."""
    length_bytes: int


class DynamoDbError(Exception):
    """A request without a right answer.

    Args:
        failure_class: its kind.
        code: DynamoDB's error code, or the name of what went wrong on the way.
        message: what DynamoDB or the network said.
        reasons: DynamoDB's throttling reasons, if it gave any.
    """

    def __init__(
        self,
        failure_class: FailureClass,
        code: str,
        message: str = "",
        reasons: Sequence[str] = (),
    ) -> None:
        text = ": ".join(part for part in (code, ", ".join(reasons), message) if part)
        super().__init__(text)
        self.failure_class, self.code, self.reasons = failure_class, code, tuple(reasons)


class DynamoDbClient(Protocol):
    """Sends PartiQL statements."""

    def execute_statement(
        self, statement: str, parameters: Sequence[Attributes], *, writes: bool
    ) -> Answer:
        """Send one statement, once.

        Args:
            statement: the PartiQL text.
            parameters: its parameters, in order.
            writes: whether the statement writes, so that a lost answer is `AMBIGUOUS`.

        Raises:
            DynamoDbError: there was no right answer.
        """


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
        credentials: "CredentialsSource",
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
        status, payload = self._exchange(self._head(body) + body, writes=writes)
        if status == HTTPStatus.OK:
            return _answer(payload)
        raise _error(status, payload)

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

    def _exchange(self, request: bytes, *, writes: bool) -> tuple[int, bytes]:
        try:
            connection = self._pool.get_socket()
        except ConnectTimeout as error:
            raise DynamoDbError(FailureClass.CONNECTION, "ConnectTimeout", str(error)) from error
        except ssl.SSLError as error:
            raise DynamoDbError(FailureClass.CONNECTION, "TlsError", str(error)) from error
        except OSError as error:
            raise DynamoDbError(FailureClass.CONNECTION, "NotConnected", str(error)) from error
        try:
            connection.sendall(request)
        except OSError as error:
            self._pool.release_socket(connection)
            raise _lost(error, writes=writes) from error
        try:
            # From here on the response object gives the connection back, or closes it.
            response = HTTPSocketPoolResponse(connection, self._pool, method="POST")
            return response.get_code(), response.read()
        except (OSError, HTTPParseError) as error:
            raise _lost(error, writes=writes) from error


class CredentialsSource(Protocol):
    """Gives the credentials to sign the next request with; the same object while they hold."""

    def __call__(self) -> Credentials:
        """Return the credentials that hold now."""


class Boto3Client:
    """The AWS SDK, with retries off and its pool wide enough for all users."""

    def __init__(
        self,
        endpoint_url: str | None,
        region: str,
        *,
        connect_timeout_s: float = CONNECT_TIMEOUT_S,
        answer_timeout_s: float = ANSWER_TIMEOUT_S,
    ) -> None:
        import boto3  # noqa: PLC0415 - 0.3 s of import that the fast client does without
        from botocore.config import Config  # noqa: PLC0415

        self._client: Any = boto3.client(
            "dynamodb",
            endpoint_url=endpoint_url,
            region_name=region,
            config=Config(
                retries={"total_max_attempts": 1, "mode": "standard"},
                max_pool_connections=10_000,
                connect_timeout=connect_timeout_s,
                read_timeout=answer_timeout_s,
            ),
        )
        self._client.meta.events.register("before-parse.dynamodb.ExecuteStatement", _check_whole)

    def execute_statement(
        self, statement: str, parameters: Sequence[Attributes], *, writes: bool
    ) -> Answer:
        """Send one statement, once; see `DynamoDbClient`."""
        request: dict[str, Any] = {"Statement": statement, "ReturnConsumedCapacity": "TOTAL"}
        if parameters:
            request["Parameters"] = list(parameters)
        try:
            response = self._client.execute_statement(**request)
        except exceptions.ClientError as error:
            details = error.response["Error"]
            status = error.response["ResponseMetadata"]["HTTPStatusCode"]
            code = details["Code"]
            raise DynamoDbError(
                _class_of(status, code), code, details["Message"], _reasons(error.response)
            ) from error
        except exceptions.ConnectTimeoutError as error:
            raise DynamoDbError(FailureClass.CONNECTION, "ConnectTimeout", str(error)) from error
        except exceptions.SSLError as error:
            raise DynamoDbError(FailureClass.CONNECTION, "TlsError", str(error)) from error
        except exceptions.EndpointConnectionError as error:
            raise DynamoDbError(FailureClass.CONNECTION, "NotConnected", str(error)) from error
        except (exceptions.ConnectionError, exceptions.HTTPClientError, _CutShort) as error:
            raise _lost(error, writes=writes) from error
        metadata = response["ResponseMetadata"]["HTTPHeaders"]
        return Answer(
            response.get("Items", []),
            response.get("NextToken"),
            _consumed(response),
            int(metadata.get("content-length", 0)),
        )


def open_client(kind: str, endpoint_url: str | None, region: str | None) -> DynamoDbClient:
    """Return a client of the given kind, with credentials from botocore's own chain.

    Raises:
        ValueError: no region or no credentials can be found; the message says so.
    """
    session = botocore.session.get_session()
    try:
        region = region or os.environ.get("AWS_REGION") or session.get_config_variable("region")
        if not region:
            raise ValueError("no AWS region: give --region or set AWS_REGION")
        held = session.get_credentials()
        if held is None:
            raise ValueError("no AWS credentials: botocore's chain found none")
        credentials = _FromBotocore(held)
        credentials()  # those that cannot be had say so now
        if kind == "boto3":
            return Boto3Client(endpoint_url, region)
        if endpoint_url is None:
            endpoint_url = session.create_client("dynamodb", region_name=region).meta.endpoint_url
    except exceptions.BotoCoreError as error:
        raise ValueError(f"no AWS client: {error}") from error
    return FastClient(endpoint_url, region, credentials)


class _FromBotocore:
    """botocore's credentials, which renew themselves, as ours."""

    def __init__(self, held: Any) -> None:  # noqa: ANN401 - botocore is not typed
        self._held = held
        self._frozen: Any = None
        self._credentials: Credentials | None = None

    def __call__(self) -> Credentials:
        frozen = self._held.get_frozen_credentials()
        if self._credentials is None or frozen != self._frozen:  # it is a new tuple every time
            self._frozen = frozen
            self._credentials = Credentials(
                access_key=frozen.access_key,
                secret_key=frozen.secret_key,
                session_token=frozen.token,
            )
        return self._credentials


def _answer(payload: bytes) -> Answer:
    try:
        response = json.loads(payload)
        items = response.get("Items", [])
        if "__type" in response or not isinstance(items, list):
            raise _not_dynamodb(payload)
        return Answer(
            items,
            response.get("NextToken"),
            _consumed(response),
            len(payload),
        )
    except (ValueError, AttributeError, TypeError, LookupError, RecursionError) as error:
        raise _not_dynamodb(payload) from error


def _consumed(response: Mapping[str, Any]) -> float | None:
    consumed = response.get("ConsumedCapacity")
    if not consumed:
        return None
    units = float(consumed["CapacityUnits"])
    if not isfinite(units):
        raise ValueError(f"{units} capacity units")
    return units


def _error(status: int, payload: bytes) -> DynamoDbError:
    try:
        details = json.loads(payload)
        code = str(details["__type"]).rpartition("#")[2]
        message = str(details.get("message") or details.get("Message") or "")
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        code, message, details = f"Http{status}", payload[:200].decode(errors="replace"), {}
    return DynamoDbError(_class_of(status, code), code, message, _reasons(details))


class _CutShort(Exception):
    """The connection ended in the middle of an answer."""


def _check_whole(response_dict: Mapping[str, Any], **_: object) -> None:
    """Raise what botocore does not see: it reads on as if the answer was an empty object."""
    status, payload = response_dict["status_code"], response_dict["body"]
    if len(payload) < int(response_dict["headers"].get("content-length", 0)):
        raise _CutShort(f"{len(payload)} bytes of an answer")
    try:
        is_object = isinstance(json.loads(payload), dict)
    except ValueError:
        is_object = False
    if not is_object:
        raise _not_dynamodb(payload) if status == HTTPStatus.OK else _error(status, payload)


def _not_dynamodb(payload: bytes) -> DynamoDbError:
    text = payload[:200].decode(errors="replace")
    return DynamoDbError(FailureClass.WRONG_ANSWER, "NotDynamoDb", text)


def _lost(error: Exception, *, writes: bool) -> DynamoDbError:
    """Return what became of a request that was sent, at least in part, and has no answer."""
    if isinstance(error, (TimeoutError, exceptions.ReadTimeoutError)):
        code, kind = "AnswerTimeout", FailureClass.TIMEOUT
    else:
        code, kind = "ConnectionBroken", FailureClass.CONNECTION
    return DynamoDbError(FailureClass.AMBIGUOUS if writes else kind, code, str(error))


def _class_of(status: int, code: str) -> FailureClass:
    if code in THROTTLING_CODES:
        return FailureClass.THROTTLED
    return (
        FailureClass.SERVER_ERROR
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR
        else FailureClass.CLIENT_ERROR
    )


def _reasons(details: Mapping[str, Any]) -> tuple[str, ...]:
    reasons = details.get("ThrottlingReasons") or details.get("throttlingReasons") or ()
    if not isinstance(reasons, list):
        return ()
    return tuple(str(each.get("reason", "")) for each in reasons if isinstance(each, dict))
