"""AWS itself: boto3's own credential chain, and the one account that may be used."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

import boto3
import botocore.session
from botocore.credentials import (
    CredentialProvider,
    CredentialResolver,
    DeferredRefreshableCredentials,
)
from botocore.exceptions import ProfileNotFound

from perf.errors import InvalidOption
from perf.targets.client import CLIENT_CONFIG, check_credentials, dynamodb_client, errors_of
from perf.targets.environment import region_variables
from perf.targets.target import TargetKind, TargetSpec

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_ROLE_SESSION_NAME = "aqp-perf"
_STATIC_CREDENTIALS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")


class _Role(NamedTuple):
    """A role, and the session that may assume it."""

    arn: str
    session: boto3.Session

    def assume(self) -> dict[str, str]:
        """Return fresh credentials, in the form that botocore refreshes from."""
        sts: Any = self.session.client("sts", config=CLIENT_CONFIG)
        answer = sts.assume_role(RoleArn=self.arn, RoleSessionName=_ROLE_SESSION_NAME)
        credentials = answer["Credentials"]
        return {
            "access_key": credentials["AccessKeyId"],
            "secret_key": credentials["SecretAccessKey"],
            "token": credentials["SessionToken"],
            "expiry_time": credentials["Expiration"].isoformat(),
        }


class _RoleProvider(CredentialProvider):
    """Hands a role's credentials to a session, and new ones before they expire."""

    METHOD = "aqp-perf-assume-role"

    def __init__(self, role: _Role) -> None:
        super().__init__()
        self._role = role

    def load(self) -> DeferredRefreshableCredentials:
        return DeferredRefreshableCredentials(self._role.assume, self.METHOD)


@dataclass(frozen=True, slots=True, kw_only=True)
class AwsTarget:
    """DynamoDB in one region of one account; see `perf.targets.target.Target`."""

    region: str
    endpoint: str
    owner: str
    profile: str | None
    _session: boto3.Session = field(repr=False)
    _role: _Role | None = field(repr=False)

    @property
    def kind(self) -> TargetKind:
        """See `Target`."""
        return TargetKind.AWS

    @property
    def label(self) -> str:
        """See `Target`."""
        return f"AWS {self.region}"

    @property
    def endpoint_url(self) -> None:
        """See `Target`."""
        return

    def environment(self) -> dict[str, str]:
        """Return the user's own environment, made to lead to the credentials used here.

        A role is assumed anew for every call: a child has the whole life of its credentials
        before it, an hour unless the role says otherwise, and cannot renew them.
        """
        environment = {
            **os.environ,
            "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true",
            **region_variables(self.region),
        }
        if self.profile is None and self._role is None:
            return environment
        for name in (*_STATIC_CREDENTIALS, "AWS_PROFILE", "AWS_DEFAULT_PROFILE"):
            environment.pop(name, None)
        if self._role is None:
            return environment | {"AWS_PROFILE": self.profile or ""}
        with errors_of(self.label):
            fresh = self._role.assume()
        values = (fresh["access_key"], fresh["secret_key"], fresh["token"])
        return environment | dict(zip(_STATIC_CREDENTIALS, values, strict=True))

    def client(self) -> "DynamoDBClient":
        """See `Target`."""
        return dynamodb_client(self._session, None)


@contextmanager
def open_aws(spec: TargetSpec) -> Iterator[AwsTarget]:
    """Yield AWS after the credentials have been seen to belong to the account of ``spec``.

    Raises:
        InvalidOption: the profile is not there, no region is set, or the account is another.
        TargetUnusable: there are no credentials, or AWS refuses them or this machine's clock.
        TargetUnavailable: AWS cannot be reached.
    """
    try:
        session = boto3.Session(profile_name=spec.profile, region_name=spec.region)
        region = session.region_name or os.environ.get("AWS_REGION")
    except ProfileNotFound as exc:
        hint = "no such profile in your AWS configuration"
        name = spec.profile or os.environ.get("AWS_PROFILE")
        raise InvalidOption("--perf-aws-profile", name, hint) from exc
    if region is None:
        hint = "name the AWS region, here or in your AWS configuration"
        raise InvalidOption("--perf-aws-region", spec.region, hint)
    role = None
    if spec.role_arn is not None:
        role = _Role(spec.role_arn, boto3.Session(profile_name=spec.profile, region_name=region))
    session = _session(spec.profile, region, role)
    check_credentials(session, f"AWS {region}")
    with errors_of(f"AWS {region}"):
        sts: Any = session.client("sts", config=CLIENT_CONFIG)
        caller = sts.get_caller_identity()
        endpoint = dynamodb_client(session, None).meta.endpoint_url
    if caller["Account"] != spec.account:
        hint = f"the credentials belong to account {caller['Account']}"
        raise InvalidOption("--perf-aws-account", spec.account, hint)
    yield AwsTarget(
        region=region,
        endpoint=endpoint,
        owner=caller["Arn"],
        profile=spec.profile,
        _session=session,
        _role=role,
    )


def _session(profile: str | None, region: str, role: _Role | None) -> boto3.Session:
    if role is None:
        return boto3.Session(profile_name=profile, region_name=region)
    core = botocore.session.Session()
    resolver = CredentialResolver(providers=[_RoleProvider(role)])
    core.register_component("credential_provider", resolver)
    return boto3.Session(botocore_session=core, region_name=region)
