"""boto3 sessions and clients with explicit settings, and boto3's errors as our own."""

import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

import boto3
import botocore.session
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectionError,  # noqa: A004 - botocore's name
    CredentialRetrievalError,
    EndpointConnectionError,
    HTTPClientError,
    NoCredentialsError,
    SSLError,
)
from botocore.parsers import ResponseParserError

from aqp_perf.core.aws.refusals import (
    DENIED_CODES,
    EXPIRED_CODES,
    clock_skew,
    is_unauthorized,
    tls_problem,
)
from aqp_perf.core.aws.secret_texts import without_secrets
from aqp_perf.errors import TargetUnavailable, TargetUnusable
from aqp_perf.targets.access.environment import DUMMY_ACCESS_KEY_ID, DUMMY_SECRET_ACCESS_KEY

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

CLIENT_CONFIG = Config(
    connect_timeout=5,
    read_timeout=10,
    retries={"mode": "standard", "total_max_attempts": 3},
    max_pool_connections=16,
)
"""Retries are set because botocore's defaults change with its version."""

NO_PROXIES = Config(proxies={})

_NO_CREDENTIALS = (RuntimeError, OSError, LookupError, ValueError)
"""What botocore's credential providers raise beside its own errors: for credentials that expired
before they came, a missing file, a malformed answer."""

_UNREADABLE = (ResponseParserError, UnicodeDecodeError, RecursionError)
"""What botocore's parsers raise for an answer that is not JSON or XML, compressed or too deep."""

_SKEW = "Skew"
"""Our own key in an error: what is wrong with this machine's clock, if the message says that."""

NOT_DYNAMODB = "it answers, but not as DynamoDB does"
_NOT_AN_AWS_SERVICE = "it answers, but not as an AWS service does"


def isolated_session(region: str) -> boto3.Session:
    """Return a session with dummy credentials that reads no profile and no configuration file."""
    core = botocore.session.Session(
        session_vars={
            "profile": (None, None, None, None),
            "config_file": (None, None, os.devnull, None),
            "credentials_file": (None, None, os.devnull, None),
        }
    )
    core.set_credentials(DUMMY_ACCESS_KEY_ID, DUMMY_SECRET_ACCESS_KEY)
    return boto3.Session(botocore_session=core, region_name=region)


def dynamodb_client(
    session: boto3.Session, endpoint_url: str | None, changes: Config | None = None
) -> "DynamoDBClient":
    """Return a client configured by `CLIENT_CONFIG` and ``changes``.

    Raises:
        TargetUnusable: it gets no credentials, or botocore rejects a setting.
        TargetUnavailable: the service that lends the credentials does not answer.
    """
    config = CLIENT_CONFIG.merge(changes) if changes is not None else CLIENT_CONFIG
    with _opening_errors_of(endpoint_url or f"AWS {session.region_name}"):
        client = session.client("dynamodb", endpoint_url=endpoint_url, config=config)
    client.meta.events.register("after-call.dynamodb", partial(_hide_token, session))
    return client


def _hide_token(session: boto3.Session, *, parsed: dict[str, Any], **_: object) -> None:
    """Hide the session token in an error's message: an endpoint may have echoed the request.

    The error's code stays as it is, because callers decide by it. What is decided by the message is
    decided before.
    """
    error, held = parsed.get("Error"), session.get_credentials()
    if error and held is not None:
        error[_SKEW] = _skew_in(parsed)
        token = held.get_frozen_credentials().token
        error["Message"] = without_secrets(error.get("Message", ""), (token,))


@contextmanager
def errors_of(endpoint: str) -> Iterator[None]:
    """Translate boto3's errors into those of a target.

    Args:
        endpoint: its name in messages.

    Raises:
        TargetUnavailable: no connection, or no answer in time.
        TargetUnusable: a refusal, an answer that cannot be read, no credentials, or no trust in
            the server's certificate.
    """
    started = time.monotonic()
    try:
        yield
    except SSLError as exc:
        problem = tls_problem(str(exc.kwargs["error"]))
        raise TargetUnusable(endpoint, f"no TLS connection: {problem}") from exc
    except (ConnectionError, HTTPClientError) as exc:
        waited_s = round(time.monotonic() - started, 1)
        if isinstance(exc, EndpointConnectionError):
            raise TargetUnavailable(endpoint, waited_s, _why_not(exc), is_there=False) from exc
        raise TargetUnavailable(endpoint, waited_s, str(exc)) from exc
    except ClientError as exc:
        raise TargetUnusable(endpoint, _refusal(exc)) from exc
    except CredentialRetrievalError as exc:
        raise TargetUnusable(endpoint, _without_output(exc)) from exc
    except BotoCoreError as exc:
        raise TargetUnusable(endpoint, str(exc)) from exc
    except _UNREADABLE as exc:
        raise TargetUnusable(endpoint, _NOT_AN_AWS_SERVICE) from exc


@contextmanager
def answers_of(endpoint: str) -> Iterator[None]:
    """Translate as `errors_of` does, in a block that also reads answers of DynamoDB.

    Raises:
        TargetUnusable: an answer has another shape than DynamoDB's.
    """
    with errors_of(endpoint):
        try:
            yield
        except (AttributeError, LookupError, TypeError) as exc:
            raise TargetUnusable(endpoint, NOT_DYNAMODB) from exc


def error_code(error: ClientError) -> str:
    """Return the code of an error, such as ``ThrottlingException``; empty without one."""
    return error.response.get("Error", {}).get("Code", "")


def check_credentials(session: boto3.Session, endpoint: str) -> None:
    """Get the credentials that requests of ``session`` will be signed with.

    Raises:
        TargetUnusable: there are none, or they expired and cannot be renewed.
        TargetUnavailable: the service that lends them does not answer.
    """
    with _opening_errors_of(endpoint):
        held = session.get_credentials()
        if held is None:
            raise NoCredentialsError
        held.get_frozen_credentials()


@contextmanager
def _opening_errors_of(endpoint: str) -> Iterator[None]:
    """Translate as `errors_of` does, and what botocore's credential providers raise, too."""
    with errors_of(endpoint):
        try:
            yield
        except BotoCoreError:
            raise  # some are OSErrors, too
        except _NO_CREDENTIALS as exc:
            raise TargetUnusable(endpoint, str(exc)) from exc


def _why_not(exc: EndpointConnectionError) -> str:
    """Return the URL and the system's reason, such as "Connection refused"."""
    reason = getattr(exc.kwargs.get("error"), "__cause__", None)
    return f"{exc}: {reason.strerror}" if isinstance(reason, OSError) else str(exc)


def _without_output(exc: CredentialRetrievalError) -> str:
    """Return the reason, without the output of a ``credential_process``: it may hold secrets."""
    if exc.kwargs["provider"] != "custom-process":
        return str(exc)
    return "the credential_process of the AWS configuration failed: run it yourself to see why"


def _refusal(exc: ClientError) -> str:
    """Return why a request was refused, and what to do if the fault is the caller's."""
    response: Mapping[str, Any] = exc.response
    skew = response.get("Error", {}).get(_SKEW) or _skew_in(response)
    if skew is not None:
        return str(skew)
    code = error_code(exc)
    if code in EXPIRED_CODES:
        return f"the credentials have expired, renew them: {exc}"
    if code in DENIED_CODES:
        return f"the credentials lack the permission for {exc.operation_name}: {exc}"
    if is_unauthorized(response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0), code):
        return f"the credentials were refused: {exc}"
    return str(exc)


def _skew_in(response: Mapping[str, Any]) -> str | None:
    """Return what `clock_skew` says of an error."""
    error, metadata = response.get("Error", {}), response.get("ResponseMetadata", {})
    date = metadata.get("HTTPHeaders", {}).get("date")
    code, message = error.get("Code", ""), error.get("Message", "")
    return clock_skew(code, message, date=date, now=datetime.now(UTC))
