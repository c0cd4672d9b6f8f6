"""Health of the load generator: CPU, freezes and lags of the event loop, connections."""

import time
from collections import deque
from typing import NoReturn

from aqp_perf.core.measured.run_result import GeneratorHealth
from aqp_perf.core.measured.stalls import LessExact
from aqp_perf.core.samples.histogram import LatencyHistogram
from aqp_perf.loadgen.clients.connections import pool_counts
from aqp_perf.loadgen.record.freezes import BEAT_NS, LATE_NS, Freezes
from aqp_perf.loadgen.record.os_delays import FreezeCauses
from aqp_perf.loadgen.workload.alarm import Alarm
from aqp_perf.operating_system import has_run_delays, has_timers

_CPU_SAMPLE_NS = 1_000_000_000
_NS = 1_000_000_000
_CPU_SAMPLES = 5
"""CPU is a mean over this many seconds, or over a shorter window: a burst is not saturation."""


class HealthProbe:
    """Measures this process from `open_window` on, in a greenlet of its own."""

    def __init__(self, freezes: Freezes, causes: FreezeCauses) -> None:
        self.cpu_ratio_max: float | None = None
        self.loop_lag = LatencyHistogram()
        """Of beats that are no end of a freeze."""
        self._freezes = freezes
        self._causes = causes
        self._less_exact = _less_exact()
        self._is_open = False
        self._pools_before = pool_counts()
        self._cpu_samples: deque[tuple[int, int]] = deque(maxlen=_CPU_SAMPLES + 1)
        """Instants, and the CPU time of this process until then, in ns."""

    def begin(self) -> None:
        """Count connections from here on, those of the warm-up included."""
        self._pools_before = pool_counts()

    def open_window(self) -> None:
        """Begin anew after the warm-up."""
        self.cpu_ratio_max = None
        self.loop_lag = LatencyHistogram()
        self._freezes.open_window()
        self._is_open = True
        self._cpu_samples.clear()
        self._sample_cpu()

    def close_window(self) -> None:
        """End the measurement."""
        if self._is_open and self.cpu_ratio_max is None:  # the window was shorter than the mean
            self._sample_cpu()
            self._note_cpu()
        self._is_open = False
        self._freezes.beat(time.perf_counter_ns())  # ends a freeze that is not over
        self._freezes.close_window()

    def run(self) -> NoReturn:
        """Probe until the process ends; start it with ``gevent.spawn``."""
        alarm = Alarm()
        while True:
            alarm.sleep_until(time.perf_counter_ns() + BEAT_NS)
            now_ns = time.perf_counter_ns()
            lag_ns = self._freezes.beat(now_ns)
            self._freezes.look_at_servers(now_ns)
            self._causes.note()
            if self._is_open and lag_ns <= LATE_NS:
                self.loop_lag.record_ns(lag_ns)
            # By the clock: a loop that lags takes long for so many probes.
            if not self._cpu_samples or now_ns - self._cpu_samples[-1][0] >= _CPU_SAMPLE_NS:
                self._sample_cpu()

    def _sample_cpu(self) -> None:
        self._cpu_samples.append((time.perf_counter_ns(), time.process_time_ns()))
        if self._is_open and len(self._cpu_samples) > _CPU_SAMPLES:
            self._note_cpu()

    def _note_cpu(self) -> None:
        (wall_from, cpu_from), (wall_to, cpu_to) = self._cpu_samples[0], self._cpu_samples[-1]
        ratio = (cpu_to - cpu_from) / (wall_to - wall_from)
        self.cpu_ratio_max = max(self.cpu_ratio_max or 0.0, ratio)

    def health(self, arrivals: tuple[int, int, int] | None, window_from_ns: int) -> GeneratorHealth:
        """Return how this process did.

        Args:
            arrivals: those due, sent and caught up; None in a closed model.
            window_from_ns: begin of the measurement window (perf_counter).
        """
        lag_ns = self.loop_lag.quantile_ns(0.99)
        pools, before = pool_counts(), self._pools_before
        has_pools = pools.opened > 0  # else the locustfile has connections of its own
        due, sent, caught_up = arrivals or (None, None, None)
        return GeneratorHealth(
            processes=1,
            cpu_ratio_max=self.cpu_ratio_max,
            loop_lag_p99_ms=None if lag_ns is None else lag_ns / 1_000_000,
            arrivals_due=due,
            arrivals_sent=sent,
            arrivals_caught_up=caught_up,
            frozen_s=self._freezes.frozen_ns / _NS,
            freezes=self._freezes.reported(window_from_ns),
            freeze_causes=self._freezes.causes,
            connections_opened=pools.opened - before.opened if has_pools else None,
            pool_waits=pools.waits - before.waits if has_pools else None,
            less_exact=self._less_exact,
        )


def _less_exact() -> tuple[LessExact, ...]:
    given = {LessExact.TIMERS: has_timers(), LessExact.RUN_DELAYS: has_run_delays()}
    return tuple(what for what, is_given in given.items() if not is_given)
