"""Targets that are an endpoint URL and credentials: moto, started here, and any other."""

import getpass
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import boto3
import botocore.session
from botocore.config import Config
from botocore.exceptions import ClientError

from aqp_perf.children import ChildEnvironment, running_server
from aqp_perf.errors import TargetUnusable
from aqp_perf.targets.access.aws_profile import check_profile
from aqp_perf.targets.access.client import (
    NO_PROXIES,
    NOT_DYNAMODB,
    answers_of,
    check_credentials,
    dynamodb_client,
    error_code,
    errors_of,
    isolated_session,
)
from aqp_perf.targets.access.environment import (
    isolated_environment,
    region_variables,
    server_environment,
)
from aqp_perf.targets.kinds.target import DEFAULT_REGION, Target, TargetKind

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_PROBE_CONFIG = Config(connect_timeout=3, read_timeout=4, retries={"total_max_attempts": 1})
"""Within 10 s in all, even when a name has two addresses and both are silent."""

_METADATA_PROVIDERS = ("iam-role", "container-role")
"""botocore's names for what a machine lends to everything on it; not meant for an endpoint."""


def local_target(kind: TargetKind, url: str, process: str | None = None) -> Target:
    """Return the target that one of our own servers is: dummy credentials, and no proxy.

    Args:
        kind: who answers there.
        url: scheme, host and port.
        process: the server's, see `Target`.
    """
    name = {TargetKind.MOTO: "moto", TargetKind.DYNAMODB_LOCAL: "DynamoDB Local"}[kind]
    return Target(
        kind=kind,
        label=f"{name}, not AWS",
        endpoint=url,
        endpoint_url=url,
        region=DEFAULT_REGION,
        account=None,
        owner=_user(),
        process=process,
        client=lambda: dynamodb_client(isolated_session(DEFAULT_REGION), url, NO_PROXIES),
        environment=lambda: isolated_environment(os.environ, DEFAULT_REGION),
    )


@contextmanager
def open_moto() -> Iterator[Target]:
    """Start moto on a free loopback port, yield it, stop it; raise as `running_server` does."""
    environment = server_environment(os.environ, DEFAULT_REGION)
    with running_server("moto", "aqp_perf.targets.moto", environment=environment) as moto:
        yield local_target(TargetKind.MOTO, moto.url, moto.process)


@contextmanager
def open_endpoint(url: str, region: str = DEFAULT_REGION) -> Iterator[Target]:
    """Yield the endpoint at ``url`` after it has answered like DynamoDB.

    Requests are signed with the credentials that the user's environment or AWS configuration
    holds, with dummy ones when there are none.

    Raises:
        TargetUnavailable: nothing answers within 10 s.
        TargetUnusable: something else answers, or it refuses the credentials.
        InvalidOption: the environment names an AWS profile that does not exist.
    """
    check_profile(None)
    with errors_of(url):
        uses_chain = _chain_session(region).get_credentials() is not None
    session_of = _chain_session if uses_chain else isolated_session

    def client(changes: Config | None = None) -> "DynamoDBClient":
        return dynamodb_client(session_of(region), url, changes)

    def environment() -> dict[str, str]:
        if not uses_chain:
            return isolated_environment(os.environ, region)
        changes = {"AWS_EC2_METADATA_DISABLED": "true", **region_variables(region)}
        return ChildEnvironment(os.environ | changes)

    if uses_chain:
        check_credentials(session_of(region), url)
    _probe(client(_PROBE_CONFIG), url)
    yield Target(
        kind=TargetKind.ENDPOINT,
        label="custom endpoint, not AWS",
        endpoint=url,
        endpoint_url=url,
        region=region,
        account=None,
        owner=_user(),
        client=client,
        environment=environment,
    )


def _probe(client: "DynamoDBClient", url: str) -> None:
    """Ask for one table name, once, and raise TargetUnavailable or TargetUnusable."""
    with answers_of(url):
        try:
            answer = client.list_tables(Limit=1)
        except ClientError as exc:
            code = error_code(exc)
            if code == "AccessDeniedException":
                return  # DynamoDB, and a user who may not list tables but perhaps use one
            if code.isdecimal():  # botocore found no error type, only an HTTP status
                raise TargetUnusable(url, f"{NOT_DYNAMODB} (HTTP status {code})") from exc
            raise
    if "TableNames" not in answer:
        raise TargetUnusable(url, NOT_DYNAMODB)


def _chain_session(region: str) -> boto3.Session:
    core = botocore.session.Session()
    providers = core.get_component("credential_provider")
    for name in _METADATA_PROVIDERS:
        providers.remove(name)
    return boto3.Session(botocore_session=core, region_name=region)


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container may run under a number without a name
        return f"uid {os.getuid()}"
