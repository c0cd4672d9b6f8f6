"""The environment of child processes, and which of them get credentials.

| process | AWS credentials | PERF_AQP_USER, PERF_AQP_PASSWORD |
| --- | --- | --- |
| locust, which signs writes and asks the AQP | those of the target, maybe dummy ones | yes |
| embedded AQP, which signs reads and admits callers | the same | yes |
| moto, DynamoDB Local | dummy ones | no |
"""

import os
from collections.abc import Mapping

from aqp_perf.children import ChildEnvironment

DUMMY_ACCESS_KEY_ID = "local"
"""Letters and digits only: DynamoDB Local refuses anything else."""

DUMMY_SECRET_ACCESS_KEY = "local"  # noqa: S105 - opens nothing

CREDENTIAL_VARIABLES = (
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_PROFILE",
    "AWS_DEFAULT_PROFILE",
    "AWS_ROLE_ARN",
    "AWS_ROLE_SESSION_NAME",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
)
"""Variables from which botocore takes credentials, or their source, before it reads a file."""

_KEPT = "AWS_CA_BUNDLE"
_AQP_PREFIX = "PERF_AQP_"
_LOOPBACK = "127.0.0.1,localhost"


def server_environment(base: Mapping[str, str], region: str) -> ChildEnvironment:
    """Return `isolated_environment` without the AQP's credentials: DynamoDB needs none of them."""
    kept = {k: v for k, v in base.items() if not k.startswith(_AQP_PREFIX)}
    return isolated_environment(kept, region)


def isolated_environment(base: Mapping[str, str], region: str) -> ChildEnvironment:
    """Return ``base`` with dummy credentials, and without any way to real ones.

    Of the AWS variables only the one for trusted certificates stays. Configuration files and
    instance metadata are disabled, and loopback is reached without a proxy.
    """
    kept = {k: v for k, v in base.items() if not k.startswith("AWS_") or k == _KEPT}
    no_proxy = base.get("no_proxy") or base.get("NO_PROXY")
    no_proxy = f"{no_proxy},{_LOOPBACK}" if no_proxy else _LOOPBACK
    changes = {
        "AWS_ACCESS_KEY_ID": DUMMY_ACCESS_KEY_ID,
        "AWS_SECRET_ACCESS_KEY": DUMMY_SECRET_ACCESS_KEY,
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        "NO_PROXY": no_proxy,
        "no_proxy": no_proxy,
        **region_variables(region),
    }
    return ChildEnvironment(kept | changes)


def region_variables(region: str) -> dict[str, str]:
    """Return the region under both of its names: boto3 reads one, other SDKs the other."""
    return {"AWS_REGION": region, "AWS_DEFAULT_REGION": region}
