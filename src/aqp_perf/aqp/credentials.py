"""The AWS credentials with which the AQP signs its own requests.

For an endpoint on a loopback address: AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and
AWS_SESSION_TOKEN, or the dummy pair ``local`` / ``local``; no profile and no metadata service is
read. For any other endpoint: what botocore's chain finds; without any, the dummy pair, or an error
if the endpoint is AWS.
"""

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Final

from aqp_perf.aqp.problems import DynamoDBFailed
from aqp_perf.base_url import is_loopback, parse_base_url
from aqp_perf.core.aws.sigv4 import Credentials, Signer
from aqp_perf.errors import ConfigError

_DUMMY: Final = Credentials(access_key="local", secret_key="local")  # noqa: S106 - not a secret
_AWS_HOST: Final = re.compile(r"dynamodb(?:-fips)?\.([a-z0-9-]+)\.amazonaws\.com(?:\.cn)?")


def resolve_signer(
    endpoint_url: str, *, region: str | None, environment: Mapping[str, str]
) -> Callable[[], Signer]:
    """Return a function that returns the current signer: credentials may be renewed.

    Args:
        endpoint_url: the DynamoDB endpoint.
        region: the region to sign for; None takes AWS_REGION, AWS_DEFAULT_REGION, the region in
            an AWS endpoint's name, or ``us-east-1``, in this order.
        environment: the environment variables.

    Raises:
        InvalidOption: the URL is not that of an endpoint.
        ConfigError: the endpoint is AWS, and there are no credentials.
    """
    host = parse_base_url("--endpoint-url", endpoint_url).hostname or ""
    aws_host = _AWS_HOST.fullmatch(host)
    region = (
        region
        or environment.get("AWS_REGION")
        or environment.get("AWS_DEFAULT_REGION")
        or (aws_host[1] if aws_host else "us-east-1")
    )
    if is_loopback(host):
        signer = Signer(_from_environment(environment), region)
        return lambda: signer
    found = _from_botocore(region)
    if found is not None:
        return found
    if aws_host:
        raise ConfigError(
            f"no AWS credentials for {endpoint_url}: set AWS_PROFILE, "
            "or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
        )
    signer = Signer(_DUMMY, region)
    return lambda: signer


def _from_environment(environment: Mapping[str, str]) -> Credentials:
    access_key = environment.get("AWS_ACCESS_KEY_ID")
    secret_key = environment.get("AWS_SECRET_ACCESS_KEY")
    if not access_key or not secret_key:
        return _DUMMY
    return _credentials(access_key, secret_key, environment.get("AWS_SESSION_TOKEN"))


def _from_botocore(region: str) -> Callable[[], Signer] | None:
    # A local endpoint needs neither botocore nor the time its import takes.
    from botocore.exceptions import BotoCoreError  # noqa: PLC0415
    from botocore.session import get_session  # noqa: PLC0415

    try:
        credentials = get_session().get_credentials()
    except BotoCoreError as exc:
        raise ConfigError(f"AWS credentials: {exc}") from exc
    if credentials is None:
        return None
    signer_of = lru_cache(maxsize=1)(Signer)

    def current_signer() -> Signer:
        try:
            frozen = credentials.get_frozen_credentials()
        except BotoCoreError as exc:
            raise DynamoDBFailed(f"the AWS credentials could not be renewed: {exc}") from exc
        current = _credentials(frozen.access_key, frozen.secret_key, frozen.token)
        return signer_of(current, region)

    return current_signer


def _credentials(
    access_key: str | None, secret_key: str | None, session_token: str | None
) -> Credentials:
    try:
        return Credentials(
            access_key=access_key or "", secret_key=secret_key or "", session_token=session_token
        )
    except ValueError as exc:
        raise ConfigError(f"AWS credentials: {exc}") from exc
