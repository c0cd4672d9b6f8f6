"""Send an AQP one harmless query before the load, so that a wrong set-up is one clear error."""

import base64
import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Final

import requests
from requests.auth import HTTPBasicAuth

from aqp_perf.base_url import parse_base_url
from aqp_perf.core.aws.refusals import tls_problem
from aqp_perf.core.aws.secret_texts import without_secrets
from aqp_perf.core.data.statements import query_path, sql_name
from aqp_perf.errors import AqpUnauthorized, AqpUnusable, TargetUnavailable

_NO_SUCH_KEY: Final = "AQP-PERF#PREFLIGHT"
_HINT: Final = "does it read the endpoint and the region of this table, and may it?"
_SHOWN_CHARACTERS: Final = 200
_PART_BYTES: Final = 16_384
_MOST_BYTES: Final = 65_536
# As the load does, this ignores proxies that the environment names.
_NO_PROXY: Final = {"no_proxy": "*"}


def check_aqp(url: str, *, user: str, password: str, query: str, timeout_s: float = 10.0) -> None:
    """Return if an AQP answers a query as an AQP does.

    Args:
        url: the AQP's base URL.
        user: the user name; never shown.
        password: the user's password; never shown.
        query: SQL that is harmless, as `preflight_query` is.
        timeout_s: for connecting and answering together.

    Raises:
        AqpUnauthorized: it answered 401.
        TargetUnavailable: nothing answered in time.
        AqpUnusable: something answered, but not as an AQP does.
        InvalidOption: the URL is not one, or has credentials in it.
    """
    parse_base_url("--perf-aqp", url)
    try:
        response = requests.get(
            url.rstrip("/") + query_path(query),
            auth=HTTPBasicAuth(user.encode(), password.encode()),
            headers={"Cache-Control": "no-cache", "Accept-Encoding": "identity"},
            stream=True,  # so that only the beginning is read
            allow_redirects=False,
            proxies=_NO_PROXY,
            # A name may have two addresses (IPv6, IPv4), and each gets the time to connect.
            timeout=(timeout_s / 4, timeout_s / 2),
        )
        with response:
            body = _beginning_of(response)
    except requests.exceptions.SSLError as exc:
        raise AqpUnusable(url, f"no TLS connection: {tls_problem(_cause(exc))}") from exc
    except (requests.ConnectionError, requests.Timeout) as exc:
        raise TargetUnavailable(url, timeout_s, _cause(exc)) from exc
    except requests.RequestException as exc:
        raise AqpUnusable(url, _cause(exc)) from exc
    if response.status_code == HTTPStatus.UNAUTHORIZED:
        raise AqpUnauthorized(url)
    if response.status_code != HTTPStatus.OK or not _has_result_set(body):
        token = base64.b64encode(f"{user}:{password}".encode()).decode()
        text = body.decode(errors="replace")
        shown = without_secrets(text, (token, password))[:_SHOWN_CHARACTERS]
        is_its_fault = response.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR
        hint = f"; {_HINT}" if is_its_fault else ""
        raise AqpUnusable(url, f"HTTP {response.status_code}: {shown} (asked: {query}{hint})")


def preflight_query(table: str, keys: Mapping[str, str]) -> str:
    """Return SQL for a partition key that does not exist.

    Args:
        table: its name.
        keys: attribute of the partition key, and of the sort key if there is one → its type.
    """
    name, kind = next(iter(keys.items()))
    value = "-1" if kind == "N" else f"'{_NO_SUCH_KEY}'"
    key = sql_name(name)
    source = f"from {sql_name(table)} where {key}={value} group by {key}"
    return f"select {key}, count({key}) as total {source}"


def _beginning_of(response: requests.Response) -> bytes:
    """Return the beginning of the body; an AQP's answer to this query is shorter."""
    body = b""
    for part in response.iter_content(_PART_BYTES):
        body += part
        if len(body) >= _MOST_BYTES:
            break
    return body[:_MOST_BYTES]


def _has_result_set(body: bytes) -> bool:
    """Whether the answer has the rows where an AQP puts them."""
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        return False
    match answer:
        case {"response": [{"resultSet": list()}, *_], "stats": dict()}:
            return True
        case _:
            return False


def _cause(exc: BaseException) -> str:
    """Return the innermost reason: the outer ones of ``requests`` repeat the whole request."""
    while (inner := exc.__cause__ or exc.__context__) is not None:
        exc = inner
    return str(exc)
