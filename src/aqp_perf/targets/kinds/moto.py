"""The embedded target: moto behind HTTP in a child process of its own."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

from aqp_perf.children import running_server
from aqp_perf.targets.access.environment import server_environment
from aqp_perf.targets.kinds.endpoint import local_target
from aqp_perf.targets.kinds.target import DEFAULT_REGION, Target, TargetKind


@contextmanager
def open_moto() -> Iterator[Target]:
    """Start moto on a free loopback port, yield it, stop it; raise as `running_server` does."""
    environment = server_environment(os.environ, DEFAULT_REGION)
    with running_server("moto", "aqp_perf.targets.moto", environment=environment) as url:
        yield local_target(TargetKind.MOTO, url)
