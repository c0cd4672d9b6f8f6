"""boto3 sessions and clients with nothing left to chance, and boto3's errors as ours."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import boto3
import botocore.session
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, ConnectionError, HTTPClientError  # noqa: A004 - botocore's name

from perf.errors import TargetUnavailable, TargetUnusable
from perf.targets.environment import DUMMY_ACCESS_KEY_ID, DUMMY_SECRET_ACCESS_KEY

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

CLIENT_CONFIG = Config(  # type: ignore[call-arg] # the stubs lack the last argument
    connect_timeout=5,
    read_timeout=10,
    retries={"mode": "standard", "total_max_attempts": 3},
    max_pool_connections=16,
    # A forgotten AWS_ENDPOINT_URL must not make "aws" mean something else.
    ignore_configured_endpoint_urls=True,
)
"""Retries are set because botocore's defaults change with its version."""

NO_PROXIES = Config(proxies={})


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
    """Return a client configured by `CLIENT_CONFIG` and ``changes``."""
    config = CLIENT_CONFIG.merge(changes) if changes is not None else CLIENT_CONFIG
    return session.client("dynamodb", endpoint_url=endpoint_url, config=config)


@contextmanager
def errors_of(endpoint: str) -> Iterator[None]:
    """Raise what boto3 raises as an error of the target at ``endpoint``.

    Raises:
        TargetUnavailable: no connection, or no answer in time.
        TargetUnusable: an answer that says no, or no credentials to ask with.
    """
    started = time.monotonic()
    try:
        yield
    except (ConnectionError, HTTPClientError) as exc:
        waited_s = round(time.monotonic() - started, 1)
        raise TargetUnavailable(endpoint, waited_s, str(exc)) from exc
    except (BotoCoreError, ClientError) as exc:
        raise TargetUnusable(endpoint, str(exc)) from exc
