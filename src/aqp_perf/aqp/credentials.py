"""The AWS credentials with which the AQP signs its own requests."""

from collections.abc import Callable, Mapping
from functools import lru_cache

from botocore.credentials import Credentials as BotocoreCredentials
from botocore.exceptions import BotoCoreError
from botocore.session import get_session

from aqp_perf.aqp.problems import DynamoDBFailed
from aqp_perf.base_url import is_loopback, parse_base_url
from aqp_perf.core.aws.sigv4 import Credentials, Signer
from aqp_perf.errors import ConfigError

_DUMMY = "local"


def resolve_signer(
    endpoint_url: str, *, region: str | None, environment: Mapping[str, str]
) -> Callable[[], Signer]:
    """Return a function that returns the current signer: credentials may be renewed.

    An endpoint on a loopback address gets the keys of the environment, and neither those of a
    profile nor of a metadata service; any other gets what botocore's chain finds. Without any,
    dummy keys sign: every DynamoDB but AWS takes them.

    Args:
        endpoint_url: the DynamoDB endpoint.
        region: the region to sign for; None: AWS_REGION, AWS_DEFAULT_REGION, or ``us-east-1``.
        environment: the environment variables.

    Raises:
        InvalidOption: the URL is not that of an endpoint.
        ConfigError: the credentials that the user has set are not complete.
    """
    host = parse_base_url("--endpoint-url", endpoint_url).hostname or ""
    variables = (environment.get("AWS_REGION"), environment.get("AWS_DEFAULT_REGION"))
    signed_region = region or variables[0] or variables[1] or "us-east-1"
    access_key = environment.get("AWS_ACCESS_KEY_ID", _DUMMY)
    secret_key = environment.get("AWS_SECRET_ACCESS_KEY", _DUMMY)
    held = BotocoreCredentials(access_key, secret_key, environment.get("AWS_SESSION_TOKEN"))
    if not is_loopback(host):
        try:
            held = get_session().get_credentials() or BotocoreCredentials(_DUMMY, _DUMMY)
        except BotoCoreError as exc:
            raise ConfigError(f"AWS credentials: {exc}") from exc
    signer_of = lru_cache(maxsize=1)(Signer)

    def current_signer() -> Signer:
        try:
            key = held.get_frozen_credentials()
            current = Credentials(
                access_key=key.access_key or "",
                secret_key=key.secret_key or "",
                session_token=key.token or None,
            )
        except (BotoCoreError, ValueError) as exc:
            raise DynamoDBFailed(f"the AWS credentials cannot be used: {exc}") from exc
        return signer_of(current, signed_region)

    return current_signer
