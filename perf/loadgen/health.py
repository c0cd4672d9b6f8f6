"""How the generator itself does: CPU of this process, lateness of its event loop, connections."""

import time
from collections import deque
from typing import Any, NoReturn

from perf.core.histogram import LatencyHistogram
from perf.loadgen.alarm import Alarm
from perf.loadgen.connections import pool_counts

_PROBE_S = 0.02
_PROBES_PER_CPU_SAMPLE = 50
_CPU_SAMPLES = 5
"""CPU is the mean over this many seconds: short bursts are no saturation."""
_NS = 1_000_000_000


class HealthProbe:
    """Measures from `open_window` on, in a greenlet of its own."""

    def __init__(self) -> None:
        self.cpu_ratio_max: float | None = None
        self.loop_lag = LatencyHistogram()
        self._is_open = False
        self._pools_before = pool_counts()

    def open_window(self) -> None:
        """Forget what the warm-up showed."""
        self.cpu_ratio_max = None
        self.loop_lag = LatencyHistogram()
        self._is_open = True
        self._pools_before = pool_counts()

    def close_window(self) -> None:
        """Keep what was measured until now."""
        self._is_open = False

    def run(self) -> NoReturn:
        """Probe for ever; start it with ``gevent.spawn``."""
        alarm = Alarm()
        samples: deque[tuple[int, int]] = deque(maxlen=_CPU_SAMPLES + 1)
        while True:
            samples.append((time.perf_counter_ns(), time.process_time_ns()))
            if self._is_open and len(samples) > 1:
                (wall_from, cpu_from), (wall_to, cpu_to) = samples[0], samples[-1]
                ratio = (cpu_to - cpu_from) / (wall_to - wall_from)
                self.cpu_ratio_max = max(self.cpu_ratio_max or 0.0, ratio)
            for _ in range(_PROBES_PER_CPU_SAMPLE):
                was_open = self._is_open
                due_ns = time.perf_counter_ns() + round(_PROBE_S * _NS)
                alarm.sleep_until(due_ns)
                if was_open and self._is_open:
                    self.loop_lag.record_ns(max(0, time.perf_counter_ns() - due_ns))

    def to_wire(self) -> dict[str, Any]:
        """Return the state as numbers that msgpack carries."""
        lag_ns = self.loop_lag.quantile_ns(0.99)
        pools, before = pool_counts(), self._pools_before
        has_pools = pools.opened > 0  # else the locustfile has connections of its own
        return {
            "cpu_ratio_max": self.cpu_ratio_max,
            "loop_lag_p99_ms": None if lag_ns is None else lag_ns / 1_000_000,
            "connections_opened": pools.opened - before.opened if has_pools else None,
            "pool_waits": pools.waits - before.waits if has_pools else None,
        }
