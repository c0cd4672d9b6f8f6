"""Check base URLs given as options: scheme, host and port, without credentials."""

import ipaddress
from contextlib import suppress
from urllib.parse import SplitResult, urlsplit

from aqp_perf.errors import InvalidOption


def parse_base_url(option: str, url: str) -> SplitResult:
    """Return the parts of a base URL.

    Args:
        option: the option it is the value of, for the error.
        url: the URL.

    Raises:
        InvalidOption: it is not ``http(s)://host[:port]``. Credentials in it are not shown.
    """
    shown = url.rpartition("@")[2]
    if shown != url:
        raise InvalidOption(option, shown, "leave credentials out of the URL")
    with suppress(ValueError):  # an open bracket, or an impossible port
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
