"""A server of this package as a child process."""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import NamedTuple

from aqp_perf.children.child import SERVER_NICENESS, Child, ChildExited
from aqp_perf.children.environment import module_command, with_this_package
from aqp_perf.errors import TargetUnavailable

_START_TIMEOUT_S = 30.0


class Server(NamedTuple):
    """A running server of this package."""

    url: str
    process: str | None
    """See `process_identity`."""


@contextmanager
def running_server(
    name: str, module: str, *arguments: str, environment: Mapping[str, str]
) -> Iterator[Server]:
    """Start a module that prints ``ready URL``, on a free port; yield the server, then stop it.

    Args:
        name: its name in messages.
        module: the module to run.
        arguments: its arguments beside the port.
        environment: the whole environment of the server.

    Raises:
        TargetUnavailable: it did not start; the message has what it printed.
    """
    command = [*module_command(module), *arguments, "--port", "0"]
    full_environment, started = with_this_package(environment), time.monotonic()
    with Child(name, command, environment=full_environment, niceness=SERVER_NICENESS) as child:
        try:
            url = child.wait_for_line("ready ", _START_TIMEOUT_S)
        except (ChildExited, TimeoutError) as exc:
            waited_s = round(time.monotonic() - started, 1)
            raise TargetUnavailable(name, waited_s, str(exc)) from exc
        yield Server(url, child.identity)
