"""Endpoints that the user's AWS configuration sets in place of AWS's public ones."""

import os
from typing import TYPE_CHECKING, Any, NamedTuple

from botocore.config import Config

from aqp_perf.base_url import URL_HINT, parse_base_url, shown_url
from aqp_perf.errors import InvalidOption
from aqp_perf.targets.access.environment import DUMMY_ACCESS_KEY_ID, DUMMY_SECRET_ACCESS_KEY

if TYPE_CHECKING:
    import boto3

_PUBLIC = Config(ignore_configured_endpoint_urls=True)  # type: ignore[call-arg] # not in the stubs
_VARIABLE = "AWS_ENDPOINT_URL"
_CONFIGURATION = "endpoint_url of the AWS configuration"


class ConfiguredEndpoint(NamedTuple):
    """An endpoint that is not AWS's public one, and the setting that names it."""

    url: str
    setting: str

    def __str__(self) -> str:
        return f"{self.url}, set by {self.setting}"


def configured_endpoint(session: "boto3.Session", service: str) -> ConfiguredEndpoint | None:
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


def _url(session: "boto3.Session", service: str, config: Config | None) -> str:
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
