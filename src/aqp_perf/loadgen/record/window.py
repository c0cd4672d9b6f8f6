"""The measurement window of one locust process, within the test."""

import time
from datetime import UTC, datetime, timedelta
from typing import Final

from aqp_perf.loadgen.workload.workload import Workload

_NS: Final = 1_000_000_000


class Window:
    """The time from the end of the warm-up until the workload stops: no further request is due."""

    def __init__(self, workload: Workload) -> None:
        self._workload = workload
        self.from_ns = 0
        """Its start (perf_counter)."""
        self.begins_at = datetime.now(UTC)
        """The same on the wall clock."""
        self.stopped_ns: int | None = None
        """Its end (perf_counter); None while it is open."""
        self._started_ns = 0

    def begin_test(self, warmup_s: float) -> None:
        """Begin the warm-up of a test."""
        self._started_ns = time.perf_counter_ns()
        self.stopped_ns = None
        self.from_ns = self._started_ns + round(warmup_s * _NS)
        self.begins_at = datetime.now(UTC) + timedelta(seconds=warmup_s)

    def end(self) -> None:
        """End the window: now, or when the workload has stopped already."""
        self.stopped_ns = self._workload.ending.stopped_ns or time.perf_counter_ns()

    @property
    def has_begun(self) -> bool:
        """Whether a test has ever begun."""
        return self._started_ns > 0

    @property
    def is_over(self) -> bool:
        """Whether its end is known."""
        return self.stopped_ns is not None

    @property
    def until_ns(self) -> int:
        """The end of the window (perf_counter), or now."""
        return self.stopped_ns or time.perf_counter_ns()

    @property
    def test_s(self) -> float:
        """How long the test took until now, the warm-up included."""
        return (self.until_ns - self._started_ns) / _NS

    @property
    def length_s(self) -> float:
        """How long the window was open until now."""
        # In the open model no request is due before all users are there.
        begun_ns = max(self.from_ns, self._workload.arrivals.started_ns)
        return max(0.0, (self.until_ns - begun_ns) / _NS)

    def is_open(self) -> bool:
        """Return whether throughput is measured now."""
        has_ended = self._workload.ending.stopped_ns is not None
        return not has_ended and time.perf_counter_ns() >= self.from_ns
