"""Pools of HTTP connections that stay open; a request is sent on one exactly once.

They differ from geventhttpclient's in three things. It asks ``select`` whether an idle connection
was closed, which fails from the 1,024th descriptor on and would reconnect for every request. It
does not tell a connection that was not made in time from an answer that did not come, nor what is
wrong with TLS. And it counts nothing.
"""

import os
import select
import ssl
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import certifi
from gevent import monkey
from geventhttpclient.connectionpool import ConnectionPool, SSLConnectionPool

from aqp_perf.core.aws.refusals import TLS_ERROR, tls_problem

_poll = monkey.get_original("select", "poll")
"""Not gevent's: without waiting it blocks nothing, and costs 1 µs instead of 19."""
_CA_VARIABLES = ("AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE")
"""Each may name a file of trusted certificates, for private endpoints."""
_MAX_CONNECTIONS = 1 << 20
"""No limit in practice: each user has at most one request under way."""


class Timeouts(NamedTuple):
    """How long a request may take."""

    connect_s: float = 5.0
    answer_s: float = 10.0
    """Between two pieces of an answer, or before the first."""


DEFAULT_TIMEOUTS = Timeouts()


class NotConnected(ConnectionError):
    """No connection was made, so nothing was sent."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        """``ConnectTimeout``, ``TlsError`` or ``NotConnected``."""


@dataclass(slots=True)
class PoolCounts:
    """What all pools of this process did since it began."""

    opened: int = 0
    """Connections that were made."""
    waits: int = 0
    """Requests that waited for another one to end, because every connection was in use."""


_counts = PoolCounts()


def pool_counts() -> PoolCounts:
    """Return what all pools of this process did until now."""
    return replace(_counts)


class _Counted:
    """What our pools do otherwise than geventhttpclient's."""

    _semaphore: Any

    def get_socket(self) -> Any:  # noqa: ANN401 - plain or TLS
        if self._semaphore.locked():
            _counts.waits += 1
        return super().get_socket()  # type: ignore[misc]  # the pool's

    def _is_socket_alive(self, sock: Any) -> bool:  # noqa: ANN401 - plain or TLS
        poll = _poll()
        poll.register(sock, select.POLLIN)
        return not poll.poll(0)  # readable while idle: closed, or sent what nothing asked for

    def _create_socket(self) -> Any:  # noqa: ANN401 - as above
        try:
            made = super()._create_socket()  # type: ignore[misc]  # the pool's
        except TimeoutError as error:
            raise NotConnected("ConnectTimeout", str(error)) from error
        except ssl.SSLError as error:
            raise NotConnected(TLS_ERROR, tls_problem(str(error))) from error
        except OSError as error:
            raise NotConnected("NotConnected", str(error)) from error
        _counts.opened += 1
        return made


class _PlainConnections(_Counted, ConnectionPool):
    pass


class _TlsConnections(_Counted, SSLConnectionPool):
    pass


def open_connections(
    host: str, port: int, *, is_tls: bool, timeouts: Timeouts = DEFAULT_TIMEOUTS
) -> ConnectionPool:
    """Return a pool of connections to one server.

    A TLS server's certificate is verified as the SDK and ``requests`` verify it.

    Raises:
        ValueError: the file of trusted certificates cannot be read.
    """
    options: dict[str, Any] = {
        "size": _MAX_CONNECTIONS,
        "connection_timeout": timeouts.connect_s,
        "network_timeout": timeouts.answer_s,
    }
    if not is_tls:
        return _PlainConnections(host, port, host, port, **options)
    trusted = next(filter(None, map(os.environ.get, _CA_VARIABLES)), certifi.where())
    tls = {"ca_certs": trusted, "server_hostname": host}
    try:
        return _TlsConnections(host, port, host, port, ssl_options=tls, **options)
    except OSError as error:
        raise ValueError(f"no certificates to trust in {trusted!r}: {error}") from error
