"""An assumed role, here and in child processes, with credentials that are renewed in time.

A child gets a profile whose ``credential_process`` is this module's program: its botocore asks for
new credentials before the old ones expire. They pass through a pipe and are in no file.
"""

import json
import os
import shlex
import sys
from argparse import ArgumentParser
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import boto3
import botocore.session
from botocore.credentials import (
    CredentialProvider,
    CredentialResolver,
    DeferredRefreshableCredentials,
)

from aqp_perf.children import module_command
from aqp_perf.errors import PerfError
from aqp_perf.targets.access.client import CLIENT_CONFIG, errors_of
from aqp_perf.targets.access.environment import CREDENTIAL_VARIABLES

_SESSION_NAME = "aqp-perf"
_PROFILE = "aqp-perf-role"
_SOURCE_PREFIX = "AQP_PERF_SOURCE_"
"""Of the names under which a child keeps the credentials that may assume the role."""

_KEPT_SETTINGS = ("use_fips_endpoint", "use_dualstack_endpoint", "ca_bundle")
"""Of the source's profile: where requests go, and which certificates are trusted."""

_REPLACED = (*CREDENTIAL_VARIABLES, "AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE")


def assume_role(arn: str, source: boto3.Session) -> dict[str, str]:
    """Return fresh credentials of a role, in the form that botocore refreshes from."""
    sts: Any = source.client("sts", config=CLIENT_CONFIG)
    answer = sts.assume_role(RoleArn=arn, RoleSessionName=_SESSION_NAME)
    credentials = answer["Credentials"]
    return {
        "access_key": credentials["AccessKeyId"],
        "secret_key": credentials["SecretAccessKey"],
        "token": credentials["SessionToken"],
        "expiry_time": credentials["Expiration"].isoformat(),
    }


class _RoleProvider(CredentialProvider):
    """Gives a session a role's credentials, and new ones before they expire."""

    METHOD = "aqp-perf-assume-role"

    def __init__(self, arn: str, source: boto3.Session) -> None:
        super().__init__()
        self._assume = partial(assume_role, arn, source)

    def load(self) -> DeferredRefreshableCredentials:
        return DeferredRefreshableCredentials(self._assume, self.METHOD)


def role_session(arn: str, *, profile: str | None, region: str) -> boto3.Session:
    """Return a session with the role's credentials and, in all else, the profile's settings."""
    source = boto3.Session(profile_name=profile, region_name=region)
    core = botocore.session.Session(profile=profile)
    resolver = CredentialResolver(providers=[_RoleProvider(arn, source)])
    core.register_component("credential_provider", resolver)
    return boto3.Session(botocore_session=core, region_name=region)


def write_role_config(folder: Path, arn: str, *, profile: str | None, region: str) -> Path:
    """Write the AWS configuration of a child that gets the role; return its file."""
    command = [*module_command(__name__), "--role-arn", arn, "--region", region]
    if profile is not None:
        command += ["--profile", profile]
    source = botocore.session.Session(profile=profile).get_scoped_config()
    kept = [f"{name} = {source[name]}" for name in _KEPT_SETTINGS if name in source]
    lines = [f"[profile {_PROFILE}]", f"credential_process = {shlex.join(command)}", *kept]
    file = folder / "config"
    file.write_text("\n".join([*lines, ""]))
    return file


def role_environment(base: Mapping[str, str], config_file: Path) -> dict[str, str]:
    """Return ``base`` for a child that gets the role by the file of `write_role_config`."""
    moved = {f"{_SOURCE_PREFIX}{name}": base[name] for name in _REPLACED if name in base}
    kept = {name: value for name, value in base.items() if name not in _REPLACED}
    return {
        **kept,
        **moved,
        "AWS_PROFILE": _PROFILE,
        "AWS_CONFIG_FILE": str(config_file),
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """Print credentials of the role as a ``credential_process`` does; return the exit code."""
    parser = ArgumentParser(prog=f"python -m {__name__}")
    parser.add_argument("--role-arn", required=True)
    parser.add_argument("--region", required=True)
    parser.add_argument("--profile")
    options = parser.parse_args(arguments)
    for name in _REPLACED:
        value = os.environ.pop(f"{_SOURCE_PREFIX}{name}", None)
        os.environ.pop(name, None)
        if value is not None:
            os.environ[name] = value
    try:
        with errors_of(f"role {options.role_arn}"):
            source = boto3.Session(profile_name=options.profile, region_name=options.region)
            fresh = assume_role(options.role_arn, source)
    except PerfError as exc:
        print(exc, file=sys.stderr)  # noqa: T201 - the caller reads it
        return 1
    answer = {
        "Version": 1,
        "AccessKeyId": fresh["access_key"],
        "SecretAccessKey": fresh["secret_key"],
        "SessionToken": fresh["token"],
        "Expiration": fresh["expiry_time"],
    }
    print(json.dumps(answer))  # noqa: T201 - as above
    return 0


if __name__ == "__main__":
    sys.exit(main())
