"""Base URLs given as options: scheme, host and port, without credentials."""

import ipaddress
import re
from urllib.parse import SplitResult, urlsplit

from aqp_perf.errors import InvalidOption

URL_HINT = "write it like 'http://127.0.0.1:8000': http or https, a host, perhaps a port"
_HOST = re.compile(r"[A-Za-z0-9._-]+|[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*")
_USERINFO = re.compile(r"//.*@")


def parse_base_url(option: str, text: str) -> SplitResult:
    """Return the parts of a URL that consists of scheme, host and port.

    Raises:
        InvalidOption: it does not; the message names ``option`` and shows no credentials.
    """
    shown = shown_url(text)
    try:
        url = urlsplit(text)
        host, port = url.hostname or "", url.port
    except ValueError as exc:
        raise InvalidOption(option, shown, URL_HINT) from exc
    if url.username is not None or url.password is not None:
        hint = f"credentials come from the environment, not from the URL; {URL_HINT}"
        raise InvalidOption(option, shown, hint)
    if url.scheme not in {"http", "https"} or not _HOST.fullmatch(host) or port == 0:
        raise InvalidOption(option, shown, URL_HINT)
    if url.path not in {"", "/"} or "?" in text or "#" in text:
        raise InvalidOption(option, shown, f"no path, query or fragment; {URL_HINT}")
    return url


def shown_url(text: str) -> str:
    """Return a URL, valid or not, with its user and password masked."""
    return _USERINFO.sub("//***@", text)


def is_loopback(host: str) -> bool:
    """Whether a host is this machine, by its name or by its address."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
