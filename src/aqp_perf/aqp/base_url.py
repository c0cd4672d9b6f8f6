"""Check the URLs people give: a scheme, a host, perhaps a port, and no credentials."""

import ipaddress
from contextlib import suppress
from urllib.parse import SplitResult, urlsplit

from aqp_perf.errors import InvalidOption


def parse_base_url(option: str, url: str) -> SplitResult:
    """Return the parts of a base URL.

    Args:
        option: the option that gave it, for the error.
        url: the URL.

    Raises:
        InvalidOption: it is not ``http(s)://host[:port]``; credentials in it are not shown.
    """
    shown = url.rpartition("@")[2]
    if shown != url:
        raise InvalidOption(option, shown, "credentials do not belong into a URL")
    with suppress(ValueError):  # an open bracket, or a port that is none
        parts = urlsplit(url)
        is_web_host = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0
        if is_web_host and not parts.path.strip("/") and not parts.query:
            return parts
    raise InvalidOption(option, url, "write http(s)://host[:port]")


def is_loopback(host: str) -> bool:
    """Whether a host is this machine, by its name or by its address."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
