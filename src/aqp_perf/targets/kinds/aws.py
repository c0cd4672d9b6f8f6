"""AWS itself, with boto3's own credential chain, in the one account that may be used."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import boto3
from botocore.config import Config

from aqp_perf.base_url import URL_HINT, parse_base_url, shown_url
from aqp_perf.children import ChildEnvironment, TemporaryFolder
from aqp_perf.errors import InvalidOption
from aqp_perf.targets.access.aws_profile import check_profile
from aqp_perf.targets.access.client import (
    CLIENT_CONFIG,
    check_credentials,
    dynamodb_client,
    errors_of,
)
from aqp_perf.targets.access.environment import (
    CREDENTIAL_VARIABLES,
    DUMMY_ACCESS_KEY_ID,
    DUMMY_SECRET_ACCESS_KEY,
    region_variables,
)
from aqp_perf.targets.access.role import role_environment, role_session, write_role_config
from aqp_perf.targets.kinds.target import Target, TargetKind, TargetSpec, check_region

_PUBLIC = Config(ignore_configured_endpoint_urls=True)  # type: ignore[call-arg] # not in the stubs
_VARIABLE = "AWS_ENDPOINT_URL"
_CONFIGURATION = "endpoint_url of the AWS configuration"


@contextmanager
def open_aws(spec: TargetSpec) -> Iterator[Target]:
    """Yield AWS, once the credentials are known to belong to the account of ``spec``.

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
) -> Iterator[Target]:
    """Yield AWS in whichever account the credentials belong to.

    Raises:
        InvalidOption: the profile does not exist, no region is set or it is none, or an endpoint is
            no URL.
        TargetUnusable: there are no credentials, AWS refuses them or this machine's clock, or the
            AWS configuration cannot be read.
        TargetUnavailable: AWS cannot be reached.
    """
    with TemporaryFolder() as folder:
        yield _connected(region, profile, role_arn, folder.path)


def _connected(
    region: str | None, profile: str | None, role_arn: str | None, folder: Path
) -> Target:
    with errors_of("AWS"):
        region = _region(region, profile)
        if role_arn is None:
            session, role_config = boto3.Session(profile_name=profile, region_name=region), None
        else:
            session = role_session(role_arn, profile=profile, region=region)
            role_config = write_role_config(folder, role_arn, profile=profile, region=region)
        dynamodb = configured_endpoint(session, "dynamodb")
        sts = configured_endpoint(session, "sts")
    label = f"AWS {region}" if dynamodb is None else f"AWS API at {dynamodb}"
    if sts is not None and (dynamodb is None or sts.url != dynamodb.url):
        label += f" (account from {sts})"
    check_credentials(session, label)
    with errors_of(label):
        caller: Any = session.client("sts", config=CLIENT_CONFIG).get_caller_identity()
        endpoint = dynamodb_client(session, None).meta.endpoint_url
    endpoint_url = None if dynamodb is None else dynamodb.url
    return Target(
        kind=TargetKind.AWS,
        label=label,
        endpoint=endpoint_url or endpoint,
        endpoint_url=endpoint_url,
        region=region,
        account=caller["Account"],
        owner=caller["Arn"],
        client=lambda: dynamodb_client(session, endpoint_url),
        environment=lambda: _environment(region, profile, role_config),
    )


def _region(region: str | None, profile: str | None) -> str:
    check_profile(profile)
    found: str = boto3.Session(profile_name=profile, region_name=region).region_name or ""
    found = found or os.environ.get("AWS_REGION", "")
    if not found:
        hint = "name the AWS region, here or in your AWS configuration"
        raise InvalidOption("--perf-aws-region", None, hint)
    check_region("region of the AWS configuration", found)
    return found


def _environment(region: str, profile: str | None, role_config: Path | None) -> ChildEnvironment:
    """Return the user's own environment, made to lead to the credentials used here.

    The child's botocore renews whatever expires, a role's too.
    """
    environment = ChildEnvironment(os.environ | region_variables(region))
    if role_config is not None:
        return ChildEnvironment(role_environment(environment, role_config))
    if profile is None:
        return environment
    # Among variables botocore would let keys, and a web identity, win over a profile.
    kept = {k: v for k, v in environment.items() if k not in CREDENTIAL_VARIABLES}
    return ChildEnvironment(kept, AWS_PROFILE=profile)


class ConfiguredEndpoint(NamedTuple):
    """An endpoint that is not AWS's public one, and the setting that names it."""

    url: str
    setting: str

    def __str__(self) -> str:
        return f"{self.url}, set by {self.setting}"


def configured_endpoint(session: boto3.Session, service: str) -> ConfiguredEndpoint | None:
    """Return the endpoint to which botocore would send requests; None: AWS's public one.

    Raises:
        InvalidOption: the configured URL is not valid, or has more than scheme, host and port.
    """
    setting = _setting(service)
    try:
        url, public_url = _url(session, service, None), _url(session, service, _PUBLIC)
    except ValueError as exc:  # botocore's, which quotes what it takes for an invalid URL
        raise InvalidOption(setting, shown_url(str(exc).partition(": ")[2]), URL_HINT) from exc
    if url == public_url:
        return None
    parse_base_url(setting, url)
    return ConfiguredEndpoint(url=url.rstrip("/"), setting=setting)


def _url(session: boto3.Session, service: str, config: Config | None) -> str:
    make: Any = session.client
    # With credentials given, botocore does not look for those of the user.
    client = make(
        service,
        config=config,
        aws_access_key_id=DUMMY_ACCESS_KEY_ID,
        aws_secret_access_key=DUMMY_SECRET_ACCESS_KEY,
    )
    url: str = client.meta.endpoint_url
    return url


def _setting(service: str) -> str:
    """Return the name of the setting that botocore follows."""
    for name in (f"{_VARIABLE}_{service.upper()}", _VARIABLE):
        if os.environ.get(name):
            return name
    return _CONFIGURATION
