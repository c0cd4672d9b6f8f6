"""HTTP connections of the load generator: they stay open, and a request is sent exactly once.

geventhttpclient's pool is used as it is but for three things. It asks ``select`` whether an idle
connection was closed, which fails from the 1,024th descriptor on and would reconnect for every
request. It cannot tell a connection that was not made in time from an answer that did not come,
nor say in plain words what is wrong with TLS. And it counts nothing.
"""

import os
import select
import ssl
from typing import Any, NamedTuple

import certifi
from gevent import monkey
from geventhttpclient.connectionpool import ConnectionPool, SSLConnectionPool

from aqp_perf.core.aws.refusals import tls_problem

CONNECT_TIMEOUT_S = 5.0
ANSWER_TIMEOUT_S = 10.0
_poll = monkey.get_original("select", "poll")
"""The one that gevent replaces: asked without waiting it blocks nothing, and costs 1 µs, not 19."""
_CA_VARIABLES = ("AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE")
"""Each may name a file of certificates to trust, for endpoints of one's own."""
_MAX_CONNECTIONS = 1 << 20
"""No limit in practice: a user has one request under way, so there are as many as users."""


class ConnectTimeout(ConnectionError):
    """There was no connection in time; nothing was sent."""


class TlsError(ConnectionError):
    """The server could not be trusted, or does not speak TLS; nothing was sent."""


class PoolCounts(NamedTuple):
    """What all pools of this process did since it began."""

    opened: int
    """Connections that were made."""
    waits: int
    """Requests that had to wait for another one to end, because every connection was in use."""


class _Counts:
    """Counts for `pool_counts`; of a process and not of a pool, as only their sum is asked for."""

    opened = 0
    waits = 0


def pool_counts() -> PoolCounts:
    """Return what all pools of this process did since it began."""
    return PoolCounts(_Counts.opened, _Counts.waits)


class _Checked:
    """Mixed into a pool: how it connects, what it counts, how it checks an idle connection."""

    _semaphore: Any

    def get_socket(self) -> Any:  # noqa: ANN401 - plain or TLS
        if self._semaphore.locked():
            _Counts.waits += 1
        return super().get_socket()  # type: ignore[misc]  # the pool's

    def _is_socket_alive(self, sock: Any) -> bool:  # noqa: ANN401 - plain or TLS
        poll = _poll()
        poll.register(sock, select.POLLIN)
        return not poll.poll(0)  # what can be read while idle is the end, or belongs to nobody

    def _create_socket(self) -> Any:  # noqa: ANN401 - as above
        try:
            made = super()._create_socket()  # type: ignore[misc]  # the pool's
        except TimeoutError as error:
            raise ConnectTimeout(str(error)) from error
        except ssl.SSLError as error:
            raise TlsError(tls_problem(str(error))) from error
        _Counts.opened += 1
        return made


class _PlainConnections(_Checked, ConnectionPool):
    pass


class _TlsConnections(_Checked, SSLConnectionPool):
    pass


def open_connections(
    host: str,
    port: int,
    *,
    is_tls: bool,
    connect_timeout_s: float = CONNECT_TIMEOUT_S,
    answer_timeout_s: float = ANSWER_TIMEOUT_S,
) -> ConnectionPool:
    """Return a pool of connections to one server.

    A TLS server's certificate is verified, by whom the SDK and ``requests`` would trust too.

    Raises:
        ValueError: there is no such list of certificates.
    """
    options: dict[str, Any] = {
        "size": _MAX_CONNECTIONS,
        "connection_timeout": connect_timeout_s,
        "network_timeout": answer_timeout_s,
    }
    if not is_tls:
        return _PlainConnections(host, port, host, port, **options)
    trusted = next(filter(None, map(os.environ.get, _CA_VARIABLES)), certifi.where())
    tls = {"ca_certs": trusted, "server_hostname": host}
    try:
        return _TlsConnections(host, port, host, port, ssl_options=tls, **options)
    except OSError as error:
        raise ValueError(f"no certificates to trust in {trusted!r}: {error}") from error


__all__ = [
    "ANSWER_TIMEOUT_S",
    "CONNECT_TIMEOUT_S",
    "ConnectTimeout",
    "PoolCounts",
    "TlsError",
    "open_connections",
    "pool_counts",
]
