"""Listening sockets and options of our own servers, and their end by a signal."""

import argparse
import errno
import signal
import socket
from collections.abc import Callable
from typing import Never

from aqp_perf.errors import InvalidOption, PortTaken
from aqp_perf.operating_system import OTHER_FILES, raise_file_limit

BACKLOG = 1_024
"""How many connections may wait to be accepted: a load opens many at once."""

_MOST_CONNECTIONS = 10_000


def connection_limit(threads: int = 1) -> int:
    """Return how many connections a server may keep open; without a free file it would spin.

    It raises how many files this process may open as Locust, which connects to it, does.
    """
    return max(1, min(_MOST_CONNECTIONS, raise_file_limit() - threads - OTHER_FILES))


def open_socket(address: str, port: int) -> socket.socket:
    """Return a socket bound to the address, listening; port 0 takes a free one.

    Raises:
        PortTaken: another socket listens there.
        InvalidOption: the address is not one of this machine, or the port needs privileges.
    """
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        return socket.create_server((address, port), family=family, backlog=BACKLOG)
    except OSError as exc:
        if exc.errno == errno.EADDRINUSE:
            raise PortTaken(address, port) from exc
        if exc.errno == errno.EACCES:
            raise InvalidOption("--port", port, "name a port above 1023") from exc
        raise InvalidOption("--bind", address, "name an address of this machine") from exc


def url_of(listening: socket.socket) -> str:
    """Return the base URL of a listening socket."""
    host, port = listening.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def end_on_signals() -> None:
    """Let SIGTERM and SIGINT raise SystemExit with exit code 0 in the main thread."""
    signal.signal(signal.SIGTERM, _end)
    signal.signal(signal.SIGINT, _end)


def _end(*_: object) -> Never:
    raise SystemExit(0)


def whole_number(lowest: int, highest: int = 2**62) -> Callable[[str], int]:
    """Return a reader of whole numbers in a range, for argparse."""

    def read(text: str) -> int:
        if not text.isascii() or not text.isdecimal() or not lowest <= int(text) <= highest:
            raise argparse.ArgumentTypeError(
                f"{text!r} is not a whole number from {lowest} to {highest}"
            )
        return int(text)

    return read
