"""Serve the AQP over HTTP with waitress."""

import logging
import socket
from typing import TYPE_CHECKING, Final

from waitress.server import create_server

from aqp_perf.aqp.serving.service import MAX_QUERY_BYTES
from aqp_perf.listening import BACKLOG, connection_limit

if TYPE_CHECKING:
    from wsgiref.types import WSGIApplication

_OTHER_HEADERS_BYTES: Final = 16 * 1024
_ENCODED_BYTES: Final = 3  # of one byte, as in %27
_MAX_BODY_BYTES: Final = 1_024  # a GET has none


def serve(application: "WSGIApplication", listening: socket.socket, *, threads: int) -> None:
    """Answer requests until SystemExit or KeyboardInterrupt is raised in this thread.

    Args:
        application: the WSGI application.
        listening: the socket.
        threads: how many requests are handled at once.
    """
    # waitress warns whenever more requests wait than threads are free, which is normal under load.
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)
    # sqlglot prints every query that it cannot parse.
    logging.getLogger("sqlglot").setLevel(logging.ERROR)
    server = create_server(
        application,
        sockets=[listening],
        threads=threads,
        backlog=BACKLOG,
        connection_limit=connection_limit(threads),
        asyncore_use_poll=True,
        max_request_header_size=_ENCODED_BYTES * MAX_QUERY_BYTES + _OTHER_HEADERS_BYTES,
        max_request_body_size=_MAX_BODY_BYTES,
        ident="aqp-perf",
    )
    server.run()
