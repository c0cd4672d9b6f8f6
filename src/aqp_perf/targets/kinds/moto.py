"""The embedded target: moto behind HTTP in a child process of its own."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager

from aqp_perf.children import SERVER_NICENESS, Child, ChildExited, module_command, with_this_package
from aqp_perf.errors import TargetUnavailable
from aqp_perf.targets.access.environment import server_environment
from aqp_perf.targets.kinds.endpoint import local_target
from aqp_perf.targets.kinds.target import DEFAULT_REGION, Target, TargetKind

_START_TIMEOUT_S = 30.0


@contextmanager
def open_moto() -> Iterator[Target]:
    """Start moto on a free loopback port, yield it, stop it.

    Raises:
        TargetUnavailable: it did not start; the message carries what it printed.
    """
    argv = [*module_command("aqp_perf.targets.moto"), "--port", "0"]
    environment = with_this_package(server_environment(os.environ, DEFAULT_REGION))
    started = time.monotonic()
    with Child("moto", argv, environment=environment, niceness=SERVER_NICENESS) as child:
        try:
            url = child.wait_for_line("ready ", _START_TIMEOUT_S)
        except (ChildExited, TimeoutError) as exc:
            waited_s = round(time.monotonic() - started, 1)
            raise TargetUnavailable("moto", waited_s, str(exc)) from exc
        yield local_target(TargetKind.MOTO, url)
