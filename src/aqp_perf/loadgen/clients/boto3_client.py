"""A DynamoDB client on the AWS SDK: slower than the fast client, with its retries counted."""

import json
import time
from collections.abc import Mapping, MutableMapping, Sequence
from contextvars import ContextVar
from http import HTTPStatus
from typing import Any

from botocore import exceptions

from aqp_perf.core.aws.refusals import TLS_ERROR, is_throttled, tls_problem
from aqp_perf.core.measured.failure_class import FailureClass
from aqp_perf.loadgen.clients.connections import DEFAULT_TIMEOUTS, Timeouts
from aqp_perf.loadgen.clients.credentials import credentials_problem, expired
from aqp_perf.loadgen.clients.dynamodb import (
    Answer,
    Attempts,
    Attributes,
    DynamoDbError,
    ErrorDetails,
    details_of,
    lost,
    not_dynamodb,
    not_sent,
    read_answer,
    reasons_in,
    refused,
    request_of,
)

_OPERATION = "ExecuteStatement"
_MAX_CONNECTIONS = 10_000
_SESSION_HEADER = "X-Amz-Security-Token"
_NEVER_CONNECTED = {
    exceptions.ConnectTimeoutError: "ConnectTimeout",
    exceptions.EndpointConnectionError: "NotConnected",
    exceptions.ProxyConnectionError: "NotConnected",
}
_NO_CREDENTIALS = (
    exceptions.CredentialRetrievalError,
    exceptions.NoCredentialsError,
    exceptions.RefreshWithMFAUnsupportedError,
    exceptions.SSOError,
    exceptions.TokenRetrievalError,
    RuntimeError,  # botocore's, for new credentials that have expired already
    OSError,
    LookupError,
    ValueError,
)
"""What botocore raises while it renews credentials; the last ones for a malformed answer."""
_MALFORMED = (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError)
"""What botocore's parser raises for JSON that is not DynamoDB's."""


class _CutShort(Exception):
    """The connection ended in the middle of an answer."""


_UNANSWERED = (exceptions.ConnectionError, exceptions.HTTPClientError, _CutShort)
_FAILED = (exceptions.ClientError, DynamoDbError, *_UNANSWERED, *_NO_CREDENTIALS, *_MALFORMED)


class _Tally:
    """Counts the attempts of the request that is under way in one greenlet."""

    def __init__(self) -> None:
        self._total = self._throttled = self._backoff_ns = self._ended_ns = 0
        self._earlier_may_have_landed = self._last_may_have_landed = False
        self.payload: bytes | None = None
        """The body of the last complete answer."""
        self.token: str | None = None
        """The session token that was sent."""

    def begin(self) -> None:
        """Begin an attempt."""
        if self._total:
            self._backoff_ns += time.perf_counter_ns() - self._ended_ns
        self._total += 1
        self._earlier_may_have_landed |= self._last_may_have_landed
        self._last_may_have_landed = False
        self.payload = None

    def end(self, *, throttled: bool, may_have_landed: bool) -> None:
        """End an attempt, the last one or not."""
        self._ended_ns = time.perf_counter_ns()
        self._throttled += throttled
        self._last_may_have_landed = may_have_landed

    def attempts(self) -> Attempts:
        """Return the counts; a request that the SDK gave up before sending counts as one."""
        return Attempts(max(self._total, 1), self._throttled, self._backoff_ns)

    def class_of_write(self, last: FailureClass) -> FailureClass:
        """Return the class of a write whose last attempt failed with class ``last``."""
        # An earlier attempt may have landed, whatever the answer to the last one says.
        return FailureClass.AMBIGUOUS if self._earlier_may_have_landed else last


_TALLY: ContextVar[_Tally] = ContextVar("_TALLY")
"""Of the request under way: greenlets share a client, and each has its own context."""


class Boto3Client:
    """The AWS SDK, with explicit retries and a pool wide enough for all users.

    Without an endpoint it sends to where AWS has DynamoDB in this region. It sends a request up to
    ``max_attempts`` times, the first time included.
    """

    def __init__(
        self,
        endpoint_url: str | None,
        region: str,
        *,
        max_attempts: int = 1,
        timeouts: Timeouts = DEFAULT_TIMEOUTS,
    ) -> None:
        import boto3  # noqa: PLC0415 - 0.3 s of import that the fast client does without
        from botocore.config import Config  # noqa: PLC0415

        self._client: Any = boto3.client(
            "dynamodb",
            endpoint_url=endpoint_url,
            region_name=region,
            config=Config(
                retries={"total_max_attempts": max_attempts, "mode": "standard"},
                max_pool_connections=_MAX_CONNECTIONS,
                connect_timeout=timeouts.connect_s,
                read_timeout=timeouts.answer_s,
            ),
        )
        events = self._client.meta.events
        events.register(f"request-created.dynamodb.{_OPERATION}", _begin_attempt)
        events.register(f"before-send.dynamodb.{_OPERATION}", _remember_token)
        events.register(f"before-parse.dynamodb.{_OPERATION}", _check_whole)
        events.register(f"needs-retry.dynamodb.{_OPERATION}", _end_attempt)

    def execute_statement(
        self,
        statement: str,
        parameters: Sequence[Attributes],
        *,
        writes: bool,
        next_token: str | None = None,
    ) -> Answer:
        """Send one statement, with the SDK's retries; see `DynamoDbClient`."""
        tally = _Tally()
        _TALLY.set(tally)
        try:
            response = self._client.execute_statement(
                **request_of(statement, parameters, next_token)
            )
        except _FAILED as raised:
            error = _translated(raised, tally.payload, writes=writes)
            error.hide((tally.token,))  # the secret key was not sent
            error.attempts = tally.attempts()
            if writes:
                error.failure_class = tally.class_of_write(error.failure_class)
            raise error from raised
        answered = read_answer(tally.payload or b"")
        return answered._replace(items=response.get("Items", []), attempts=tally.attempts())


def _translated(error: Exception, payload: bytes | None, *, writes: bool) -> DynamoDbError:
    if isinstance(error, DynamoDbError):
        return error
    if isinstance(error, _UNANSWERED):
        return _unanswered(error, writes=writes)
    if isinstance(error, _MALFORMED) and payload is not None:
        return not_dynamodb(payload)
    if isinstance(error, exceptions.ClientError) and error.operation_name == _OPERATION:
        said, metadata = error.response["Error"], error.response["ResponseMetadata"]
        details = ErrorDetails(said["Code"], said["Message"], reasons_in(error.response))
        date = metadata["HTTPHeaders"].get("date")
        return refused(metadata["HTTPStatusCode"], details, date)
    if isinstance(error, (*_NO_CREDENTIALS, exceptions.ClientError)):
        # A ClientError of another operation is that of renewing the credentials.
        return expired(credentials_problem(error))
    raise error


def _unanswered(error: Exception, *, writes: bool) -> DynamoDbError:
    if isinstance(error, exceptions.SSLError):
        return not_sent(TLS_ERROR, tls_problem(str(error.kwargs["error"])))
    for kind, code in _NEVER_CONNECTED.items():
        if isinstance(error, kind):
            return not_sent(code, str(error))
    timed_out = isinstance(error, exceptions.ReadTimeoutError)
    return lost(str(error), timed_out=timed_out, writes=writes)


def _begin_attempt(**_: object) -> None:
    _TALLY.get().begin()


def _remember_token(request: Any, **_: object) -> None:  # noqa: ANN401 - botocore is not typed
    token = request.headers.get(_SESSION_HEADER)
    _TALLY.get().token = token.decode() if isinstance(token, bytes) else token


def _end_attempt(
    response: tuple[object, Mapping[str, Any]] | None,
    caught_exception: Exception | None,
    **_: object,
) -> None:
    throttled = False
    if response is not None:
        parsed = response[1]
        code = parsed.get("Error", {}).get("Code", "")
        throttled = is_throttled(parsed["ResponseMetadata"]["HTTPStatusCode"], code)
    never_sent = isinstance(caught_exception, (exceptions.SSLError, *_NEVER_CONNECTED))
    _TALLY.get().end(throttled=throttled, may_have_landed=not (throttled or never_sent))


def _check_whole(response_dict: MutableMapping[str, Any], **_: object) -> None:
    """Raise for an answer that botocore would misread; rewrite an error so that it can be read.

    botocore takes an answer that is cut short, or not a JSON object, for an empty one. A JSON
    object of another kind breaks its parser.
    """
    status, headers, payload = (response_dict[key] for key in ("status_code", "headers", "body"))
    length = headers.get("content-length", "0")
    if not (length.isdecimal() and int(length) <= len(payload)):
        raise _CutShort(f"{len(payload)} bytes of an answer")
    _TALLY.get().payload = payload
    if status == HTTPStatus.OK:
        read_answer(payload)
        return
    details = details_of(status, payload)
    if status < HTTPStatus.MULTIPLE_CHOICES:
        raise refused(status, details, headers.get("date"))
    # Not raised: whether it is worth another attempt is for the SDK to decide.
    reasons = [{"reason": reason} for reason in details.reasons]
    error = {
        "__type": details.code,
        "message": details.message,
        # Under either name: DynamoDB has both, and the SDK reads the one that an error has.
        "ThrottlingReasons": reasons,
        "throttlingReasons": reasons,
    }
    response_dict["body"] = json.dumps(error).encode()
