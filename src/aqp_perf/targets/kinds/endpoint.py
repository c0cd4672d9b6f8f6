"""Targets that are an endpoint URL and credentials: our own local servers, and any other."""

import getpass
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import boto3
import botocore.session
from botocore.config import Config
from botocore.exceptions import ClientError
from botocore.parsers import ResponseParserError

from aqp_perf.children import ChildEnvironment
from aqp_perf.errors import TargetUnusable
from aqp_perf.targets.access.client import (
    NO_PROXIES,
    check_credentials,
    dynamodb_client,
    errors_of,
    isolated_session,
)
from aqp_perf.targets.access.environment import isolated_environment, region_variables
from aqp_perf.targets.kinds.target import DEFAULT_REGION, TargetKind

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_LABELS = {
    TargetKind.MOTO: "moto, not AWS",
    TargetKind.DYNAMODB_LOCAL: "DynamoDB Local, not AWS",
    TargetKind.ENDPOINT: "custom endpoint, not AWS",
}

_NOT_DYNAMODB = "it answers, but not as DynamoDB does"

_PROBE_CONFIG = Config(connect_timeout=3, read_timeout=4, retries={"total_max_attempts": 1})
"""Within 10 s in all, even when a name has two addresses and both are silent."""

_METADATA_PROVIDERS = ("iam-role", "container-role")
"""botocore's names for what a machine lends to everything on it; not meant for an endpoint."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointTarget:
    """A DynamoDB-compatible endpoint; see `aqp_perf.targets.kinds.target.Target`.

    Args:
        kind: who answers there.
        endpoint_url: scheme, host and port.
        region: what requests are signed for.
        uses_chain: sign with the credentials of the user's environment instead of dummy ones.
    """

    kind: TargetKind
    endpoint_url: str
    region: str = DEFAULT_REGION
    uses_chain: bool = False

    @property
    def label(self) -> str:
        """See `Target`."""
        return _LABELS[self.kind]

    @property
    def account(self) -> None:
        """See `Target`."""
        return

    @property
    def endpoint(self) -> str:
        """See `Target`."""
        return self.endpoint_url

    @property
    def owner(self) -> str:
        """See `Target`."""
        try:
            return getpass.getuser()
        except (KeyError, OSError):  # a container may run under a number without a name
            return f"uid {os.getuid()}"

    def environment(self) -> dict[str, str]:
        """See `Target`."""
        if not self.uses_chain:
            return isolated_environment(os.environ, self.region)
        changes = {"AWS_EC2_METADATA_DISABLED": "true", **region_variables(self.region)}
        return ChildEnvironment(os.environ | changes)

    def client(self) -> "DynamoDBClient":
        """See `Target`."""
        return self._client(None if self.kind is TargetKind.ENDPOINT else NO_PROXIES)

    def probe(self) -> None:
        """Ask for one table name, once.

        Raises:
            TargetUnavailable: nothing answers.
            TargetUnusable: something else than DynamoDB answers, or it refuses our credentials.
        """
        with errors_of(self.endpoint_url):
            try:
                answer = self._client(_PROBE_CONFIG).list_tables(Limit=1)
            except ResponseParserError as exc:
                raise TargetUnusable(self.endpoint_url, _NOT_DYNAMODB) from exc
            except ClientError as exc:
                code = exc.response["Error"]["Code"]
                if code == "AccessDeniedException":
                    return  # DynamoDB, and a user who may not list tables but perhaps use one
                if code.isdecimal():  # botocore found no error type, only an HTTP status
                    detail = f"{_NOT_DYNAMODB} (HTTP status {code})"
                    raise TargetUnusable(self.endpoint_url, detail) from exc
                raise
        if "TableNames" not in answer:
            raise TargetUnusable(self.endpoint_url, _NOT_DYNAMODB)

    def _client(self, changes: Config | None) -> "DynamoDBClient":
        session = _chain_session(self.region) if self.uses_chain else isolated_session(self.region)
        return dynamodb_client(session, self.endpoint_url, changes)


@contextmanager
def open_endpoint(url: str, region: str = DEFAULT_REGION) -> Iterator[EndpointTarget]:
    """Yield the endpoint at ``url`` after it has answered like DynamoDB.

    Requests are signed with the credentials that the user's environment or AWS configuration
    holds, with dummy ones when there are none.

    Raises:
        TargetUnavailable: nothing answers within 10 s.
        TargetUnusable: something else answers, or it refuses the credentials.
    """
    with errors_of(url):
        session = _chain_session(region)
        uses_chain = session.get_credentials() is not None
    if uses_chain:
        check_credentials(session, url)
    target = EndpointTarget(
        kind=TargetKind.ENDPOINT, endpoint_url=url, region=region, uses_chain=uses_chain
    )
    target.probe()
    yield target


def _chain_session(region: str) -> boto3.Session:
    core = botocore.session.Session()
    providers = core.get_component("credential_provider")
    for name in _METADATA_PROVIDERS:
        providers.remove(name)
    return boto3.Session(botocore_session=core, region_name=region)
