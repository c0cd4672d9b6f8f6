"""Check the URLs people give: a scheme, a host, perhaps a port, and no credentials."""

from urllib.parse import SplitResult, urlsplit

from perf.errors import InvalidOption


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
    try:
        parts = urlsplit(url)
        is_base_url = (
            parts.scheme in {"http", "https"}
            and bool(parts.hostname)
            and parts.port != 0
            and not parts.query
        )
    except ValueError:  # an open bracket, or a port that is none
        is_base_url = False
    if not is_base_url:
        raise InvalidOption(option, url, "write http(s)://host[:port]")
    return urlsplit(url)
