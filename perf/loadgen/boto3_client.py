"""The AWS SDK's own view of a request: slower than the fast client, with its retries counted."""

import json
import time
from collections.abc import Mapping, MutableMapping, Sequence
from contextvars import ContextVar
from http import HTTPStatus
from typing import Any

from botocore import exceptions

from perf.core.failures import FailureClass
from perf.core.refusals import TLS_ERROR, tls_problem
from perf.loadgen.connections import ANSWER_TIMEOUT_S, CONNECT_TIMEOUT_S
from perf.loadgen.credentials import expired
from perf.loadgen.dynamodb import (
    THROTTLING_CODES,
    Answer,
    Attempts,
    Attributes,
    DynamoDbError,
    beginning_of,
    consumed_units_of,
    lost,
    not_dynamodb,
    not_sent,
    reasons_in,
    refused,
)

_OPERATION = "ExecuteStatement"
_DUPLICATE = "DuplicateItemException"
_MAX_CONNECTIONS = 10_000

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
)


class _CutShort(Exception):
    """The connection ended in the middle of an answer."""


_FAILED = (
    exceptions.ClientError,
    exceptions.ConnectionError,
    exceptions.HTTPClientError,
    DynamoDbError,
    _CutShort,
)


class _Tally:
    """Counts the attempts of the request that is under way in one greenlet."""

    __slots__ = ("_ended_ns", "backoff_ns", "lost", "throttled", "total")

    def __init__(self) -> None:
        self.total = self.throttled = self.lost = self.backoff_ns = 0
        self._ended_ns = 0

    def begin(self) -> None:
        """Begin an attempt."""
        if self.total:
            self.backoff_ns += time.perf_counter_ns() - self._ended_ns
        self.total += 1

    def end(self, *, throttled: bool, was_lost: bool) -> None:
        """End an attempt, be it the last or not."""
        self._ended_ns = time.perf_counter_ns()
        self.throttled += throttled
        self.lost += was_lost

    def attempts(self) -> Attempts:
        """Return what was counted."""
        return Attempts(self.total, self.throttled, self.backoff_ns)

    def class_of(self, error: DynamoDbError) -> FailureClass:
        """Return the class of a write that ended with ``error`` after these attempts."""
        # The SDK sends a write again although an earlier attempt may have landed; the answer to
        # the last one says nothing about that. Most often it is our own item that it collides with.
        earlier_could_land = self.total - 1 > self.throttled
        if self.lost or (error.code == _DUPLICATE and earlier_could_land):
            return FailureClass.AMBIGUOUS
        return error.failure_class


_TALLY: ContextVar[_Tally] = ContextVar("_TALLY")
"""Of the request under way: a client is shared by many greenlets, and each has its own context."""


class Boto3Client:
    """The AWS SDK, with explicit retries and a pool wide enough for all users.

    Args:
        endpoint_url: where to send; None: where AWS has DynamoDB in this region.
        region: the region that the signature names.
        max_attempts: how often the SDK may send one request, the first time included.
        connect_timeout_s: how long a connection may take.
        answer_timeout_s: how long nothing may be heard of an answer.
    """

    def __init__(
        self,
        endpoint_url: str | None,
        region: str,
        *,
        max_attempts: int = 1,
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
                retries={"total_max_attempts": max_attempts, "mode": "standard"},
                max_pool_connections=_MAX_CONNECTIONS,
                connect_timeout=connect_timeout_s,
                read_timeout=answer_timeout_s,
            ),
        )
        events = self._client.meta.events
        events.register(f"request-created.dynamodb.{_OPERATION}", _begin_attempt)
        events.register(f"before-parse.dynamodb.{_OPERATION}", _check_whole)
        events.register(f"needs-retry.dynamodb.{_OPERATION}", _end_attempt)

    def execute_statement(
        self, statement: str, parameters: Sequence[Attributes], *, writes: bool
    ) -> Answer:
        """Send one statement, as often as the SDK sees fit; see `DynamoDbClient`."""
        request: dict[str, Any] = {"Statement": statement, "ReturnConsumedCapacity": "TOTAL"}
        if parameters:
            request["Parameters"] = list(parameters)
        tally = _Tally()
        _TALLY.set(tally)
        try:
            response = self._client.execute_statement(**request)
        except (*_NO_CREDENTIALS, *_FAILED) as raised:
            error = _translated(raised, writes=writes)
            error.attempts = tally.attempts()
            if writes:
                error.failure_class = tally.class_of(error)
            raise error from raised
        metadata = response["ResponseMetadata"]["HTTPHeaders"]
        return Answer(
            response.get("Items", []),
            response.get("NextToken"),
            consumed_units_of(response),
            int(metadata.get("content-length", 0)),
            tally.attempts(),
        )


def _translated(error: Exception, *, writes: bool) -> DynamoDbError:
    if isinstance(error, DynamoDbError):
        return error
    if isinstance(error, exceptions.ClientError) and error.operation_name == _OPERATION:
        details, metadata = error.response["Error"], error.response["ResponseMetadata"]
        date = metadata["HTTPHeaders"].get("date")
        status, reasons = metadata["HTTPStatusCode"], reasons_in(error.response)
        return refused(status, details["Code"], details["Message"], date, reasons)
    if isinstance(error, (*_NO_CREDENTIALS, exceptions.ClientError)):
        return expired(str(error))  # a ClientError of whoever should have renewed them
    if isinstance(error, exceptions.SSLError):
        return not_sent(TLS_ERROR, tls_problem(str(error.kwargs["error"])))
    for kind, code in _NEVER_CONNECTED.items():
        if isinstance(error, kind):
            return not_sent(code, str(error))
    timed_out = isinstance(error, exceptions.ReadTimeoutError)
    return lost(str(error), timed_out=timed_out, writes=writes)


def _begin_attempt(**_: object) -> None:
    _TALLY.get().begin()


def _end_attempt(
    response: tuple[object, Mapping[str, Any]] | None,
    caught_exception: Exception | None,
    **_: object,
) -> None:
    never_sent = (exceptions.SSLError, *_NEVER_CONNECTED)
    _TALLY.get().end(
        throttled=response is not None
        and response[1].get("Error", {}).get("Code") in THROTTLING_CODES,
        was_lost=caught_exception is not None and not isinstance(caught_exception, never_sent),
    )


def _check_whole(response_dict: MutableMapping[str, Any], **_: object) -> None:
    """Raise what botocore does not see, or say it so that botocore can read it.

    An answer that is cut short or no JSON object is to botocore an empty one.
    """
    status, payload = response_dict["status_code"], response_dict["body"]
    if len(payload) < int(response_dict["headers"].get("content-length", 0)):
        raise _CutShort(f"{len(payload)} bytes of an answer")
    try:
        is_object = isinstance(json.loads(payload), dict)
    except (ValueError, RecursionError):
        is_object = False
    if is_object:
        return
    if status == HTTPStatus.OK:
        raise not_dynamodb(payload)
    # Not raised: whether it is worth another attempt is for the SDK to say.
    error = {"__type": f"Http{status}", "message": beginning_of(payload)}
    response_dict["body"] = json.dumps(error).encode()
