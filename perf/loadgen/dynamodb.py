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
from typing import Any, NamedTuple, Protocol
from urllib.parse import urlsplit

import certifi
from botocore import exceptions
from geventhttpclient.connectionpool import ConnectionPool, SSLConnectionPool
from geventhttpclient.response import HTTPParseError, HTTPSocketPoolResponse

from perf.core.failures import FailureClass
from perf.core.sigv4 import Credentials, Signer, amz_date

CONNECT_TIMEOUT_S = 5.0
ANSWER_TIMEOUT_S = 10.0
_MAX_CONNECTIONS = 1 << 20
"""No limit in practice: a user has one request under way, so there are as many as users."""
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
    """

    def __init__(self, endpoint_url: str, region: str, credentials: "CredentialsSource") -> None:
        url = urlsplit(endpoint_url)
        if url.hostname is None:
            raise ValueError(f"not a URL with a host: {endpoint_url!r}")
        is_tls = url.scheme == "https"
        port = url.port or (443 if is_tls else 80)
        name = f"[{url.hostname}]" if ":" in url.hostname else url.hostname
        self._host = name if port == (443 if is_tls else 80) else f"{name}:{port}"
        self._pool = _pool(url.hostname, port, is_tls=is_tls)
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
        except TimeoutError as error:
            raise DynamoDbError(FailureClass.CONNECTION, "ConnectTimeout", str(error)) from error
        except ssl.SSLError as error:
            raise DynamoDbError(FailureClass.CONNECTION, "TlsError", str(error)) from error
        except OSError as error:
            raise DynamoDbError(FailureClass.CONNECTION, "NotConnected", str(error)) from error
        unknown = FailureClass.AMBIGUOUS if writes else None
        try:
            connection.sendall(request)
        except OSError as error:
            self._pool.release_socket(connection)
            kind = unknown or FailureClass.CONNECTION
            raise DynamoDbError(kind, "ConnectionBroken", str(error)) from error
        try:
            # From here on the response object gives the connection back, or closes it.
            response = HTTPSocketPoolResponse(connection, self._pool, method="POST")
            return response.get_code(), response.read()
        except TimeoutError as error:
            kind = unknown or FailureClass.TIMEOUT
            text = f"no answer within {ANSWER_TIMEOUT_S:g} s"
            raise DynamoDbError(kind, "AnswerTimeout", text) from error
        except (OSError, HTTPParseError) as error:
            kind = unknown or FailureClass.CONNECTION
            raise DynamoDbError(kind, "ConnectionBroken", str(error)) from error


class CredentialsSource(Protocol):
    """Gives the credentials to sign the next request with; the same object while they hold."""

    def __call__(self) -> Credentials:
        """Return the credentials that hold now."""


class Boto3Client:
    """The AWS SDK, with retries off and its pool wide enough for all users."""

    def __init__(self, endpoint_url: str | None, region: str | None) -> None:
        import boto3  # noqa: PLC0415 - 0.3 s of import that the fast client does without
        from botocore.config import Config  # noqa: PLC0415

        self._client: Any = boto3.client(
            "dynamodb",
            endpoint_url=endpoint_url,
            region_name=region,
            config=Config(
                retries={"total_max_attempts": 1, "mode": "standard"},
                max_pool_connections=10_000,
                connect_timeout=CONNECT_TIMEOUT_S,
                read_timeout=ANSWER_TIMEOUT_S,
            ),
        )

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
            code = details.get("Code", "Unknown")
            raise DynamoDbError(
                _class_of(status, code),
                code,
                details.get("Message", ""),
                _reasons(error.response),
            ) from error
        except exceptions.ConnectTimeoutError as error:
            raise DynamoDbError(FailureClass.CONNECTION, "ConnectTimeout", str(error)) from error
        except (exceptions.ConnectionError, exceptions.HTTPClientError) as error:
            kind = FailureClass.AMBIGUOUS if writes else FailureClass.CONNECTION
            raise DynamoDbError(kind, type(error).__name__, str(error)) from error
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
    if kind == "boto3":
        return Boto3Client(endpoint_url, region)
    import botocore.session  # noqa: PLC0415 - only the fast client needs it this way

    session = botocore.session.get_session()
    region = region or os.environ.get("AWS_REGION") or session.get_config_variable("region")
    if not region:
        raise ValueError("no AWS region: give --region or set AWS_REGION")
    if endpoint_url is None:
        endpoint_url = session.create_client("dynamodb", region_name=region).meta.endpoint_url
    held = session.get_credentials()
    if held is None:
        raise ValueError("no AWS credentials: botocore's chain found none")
    return FastClient(endpoint_url, region, _FromBotocore(held))


class _FromBotocore:
    """botocore's credentials, which renew themselves, as ours."""

    def __init__(self, held: Any) -> None:  # noqa: ANN401 - botocore is not typed
        self._held = held
        self._frozen: Any = None
        self._credentials: Credentials | None = None

    def __call__(self) -> Credentials:
        frozen = self._held.get_frozen_credentials()
        if self._credentials is None or frozen is not self._frozen:
            self._frozen = frozen
            self._credentials = Credentials(
                access_key=frozen.access_key,
                secret_key=frozen.secret_key,
                session_token=frozen.token,
            )
        return self._credentials


def _pool(host: str, port: int, *, is_tls: bool) -> ConnectionPool:
    options: dict[str, Any] = {
        "size": _MAX_CONNECTIONS,
        "connection_timeout": CONNECT_TIMEOUT_S,
        "network_timeout": ANSWER_TIMEOUT_S,
    }
    if not is_tls:
        return ConnectionPool(host, port, host, port, **options)
    tls = {"ca_certs": certifi.where(), "server_hostname": host}
    return SSLConnectionPool(host, port, host, port, ssl_options=tls, **options)


def _answer(payload: bytes) -> Answer:
    try:
        response = json.loads(payload)
        return Answer(
            response.get("Items", []),
            response.get("NextToken"),
            _consumed(response),
            len(payload),
        )
    except (ValueError, AttributeError, TypeError) as error:
        text = payload[:200].decode(errors="replace")
        raise DynamoDbError(FailureClass.WRONG_ANSWER, "NotDynamoDb", text) from error


def _consumed(response: Mapping[str, Any]) -> float | None:
    consumed = response.get("ConsumedCapacity")
    if not consumed:
        return None
    return float(consumed["CapacityUnits"])


def _error(status: int, payload: bytes) -> DynamoDbError:
    try:
        details = json.loads(payload)
        code = str(details["__type"]).rpartition("#")[2]
        message = str(details.get("message") or details.get("Message") or "")
    except (ValueError, KeyError, TypeError, AttributeError):
        code, message, details = f"Http{status}", payload[:200].decode(errors="replace"), {}
    return DynamoDbError(_class_of(status, code), code, message, _reasons(details))


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
    return tuple(str(each.get("reason", "")) for each in reasons)
