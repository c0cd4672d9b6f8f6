"""AWS itself: boto3's own credential chain, and the one account that may be used."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
from botocore.exceptions import ProfileNotFound

from aqp_perf.children import ChildEnvironment, TemporaryFolder
from aqp_perf.errors import InvalidOption
from aqp_perf.targets.access.client import (
    CLIENT_CONFIG,
    check_credentials,
    dynamodb_client,
    errors_of,
)
from aqp_perf.targets.access.environment import CREDENTIAL_VARIABLES, region_variables
from aqp_perf.targets.access.renewal import how_to_renew
from aqp_perf.targets.access.role import role_environment, role_session, write_role_config
from aqp_perf.targets.kinds.configured_endpoint import configured_endpoint
from aqp_perf.targets.kinds.target import TargetKind, TargetSpec

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


@dataclass(frozen=True, slots=True, kw_only=True)
class AwsTarget:
    """DynamoDB in one region of one account; see `aqp_perf.targets.kinds.target.Target`."""

    region: str
    label: str
    endpoint: str
    endpoint_url: str | None
    account: str
    owner: str
    profile: str | None
    _session: boto3.Session = field(repr=False)
    _role_config: Path | None = field(repr=False)

    @property
    def kind(self) -> TargetKind:
        """See `Target`."""
        return TargetKind.AWS

    def environment(self) -> dict[str, str]:
        """Return the user's own environment, made to lead to the credentials used here.

        The child's botocore renews whatever expires, a role's too.
        """
        environment = ChildEnvironment(os.environ | region_variables(self.region))
        if self._role_config is not None:
            return ChildEnvironment(role_environment(environment, self._role_config))
        if self.profile is None:
            return environment
        # Among variables botocore would let keys, and a web identity, win over a profile.
        kept = {k: v for k, v in environment.items() if k not in CREDENTIAL_VARIABLES}
        return ChildEnvironment(kept, AWS_PROFILE=self.profile)

    def client(self) -> "DynamoDBClient":
        """See `Target`."""
        return dynamodb_client(self._session, self.endpoint_url)


@contextmanager
def open_aws(spec: TargetSpec) -> Iterator[AwsTarget]:
    """Yield AWS after the credentials have been seen to belong to the account of ``spec``.

    Raises:
        InvalidOption: the account is another, or as of `connect_aws`.
        TargetUnusable, TargetUnavailable: see `connect_aws`.
    """
    with connect_aws(region=spec.region, profile=spec.profile, role_arn=spec.role_arn) as aws:
        if aws.account != spec.account:
            hint = f"the credentials belong to account {aws.account}"
            raise InvalidOption("--perf-aws-account", spec.account, hint)
        yield aws


@contextmanager
def connect_aws(
    *, region: str | None, profile: str | None, role_arn: str | None
) -> Iterator[AwsTarget]:
    """Yield AWS for whoever the credentials belong to.

    Raises:
        InvalidOption: the profile is not there, no region is set, or an endpoint is no URL.
        TargetUnusable: there are no credentials, AWS refuses them or this machine's clock, or the
            AWS configuration cannot be read.
        TargetUnavailable: AWS cannot be reached.
    """
    with TemporaryFolder() as folder:
        yield _connected(region, profile, role_arn, folder.path)


def _connected(
    region: str | None, profile: str | None, role_arn: str | None, folder: Path
) -> AwsTarget:
    with errors_of("AWS"):
        session = _session(region, profile)
        region = session.region_name or os.environ.get("AWS_REGION")
        if region is None:
            hint = "name the AWS region, here or in your AWS configuration"
            raise InvalidOption("--perf-aws-region", region, hint)
        renewal = how_to_renew(profile)
        role_config = None
        if role_arn is None:
            session = boto3.Session(profile_name=profile, region_name=region)
        else:
            session = role_session(role_arn, profile=profile, region=region)
            role_config = write_role_config(folder, role_arn, profile=profile, region=region)
        dynamodb = configured_endpoint(session, "dynamodb")
        sts = configured_endpoint(session, "sts")
        if sts is not None and dynamodb is None and not sts.is_aws:
            hint = "DynamoDB is AWS itself, so must be who tells the account: set both or none"
            raise InvalidOption(sts.setting, sts.url, hint)
    label = f"AWS {region}" if dynamodb is None else f"AWS API at {dynamodb}"
    if sts is not None and (dynamodb is None or sts.url != dynamodb.url):
        label += f" (account as told by {sts})"
    check_credentials(session, label, renewal)
    with errors_of(label, renewal):
        caller: Any = session.client("sts", config=CLIENT_CONFIG).get_caller_identity()
        endpoint = dynamodb_client(session, None).meta.endpoint_url
    return AwsTarget(
        region=region,
        label=label,
        endpoint=endpoint if dynamodb is None else dynamodb.url,
        endpoint_url=None if dynamodb is None else dynamodb.url,
        account=caller["Account"],
        owner=caller["Arn"],
        profile=profile,
        _session=session,
        _role_config=role_config,
    )


def _session(region: str | None, profile: str | None) -> boto3.Session:
    try:
        return boto3.Session(profile_name=profile, region_name=region)
    except ProfileNotFound as exc:
        hint = "no such profile in your AWS configuration"
        name = profile or os.environ.get("AWS_PROFILE")
        raise InvalidOption("--perf-aws-profile", name, hint) from exc
