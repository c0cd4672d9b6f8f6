"""The shipped users, in a load generator that does not look for its own freezes.

No heartbeat, so no freeze and no request that one can have touched. What is left is two comparisons
a request, and the CPU time once a second.
"""

from typing import NoReturn

import gevent

from aqp_perf.loadgen.measure.health import HealthProbe
from aqp_perf.workloads.locustfile import AqpZipcodeUser, PartiqlWriteUser

__all__ = ["AqpZipcodeUser", "PartiqlWriteUser"]


def _run(probe: HealthProbe) -> NoReturn:
    while True:
        gevent.sleep(1)
        probe._sample_cpu()  # noqa: SLF001 - what is left of it


HealthProbe.run = _run  # type: ignore[assignment,method-assign]
