"""The measurement window of one locust process, within the test."""

import sys
import time
from datetime import UTC, datetime, timedelta
from typing import Final

from aqp_perf.loadgen.workload.workload import Workload

_NS: Final = 1_000_000_000
_NEVER_NS: Final = sys.maxsize


class Window:
    """The time from the end of the warm-up until the workload stops: no further request is due.

    The warm-up begins with the schedule, or with the test where no user follows a schedule.
    """

    def __init__(self, workload: Workload) -> None:
        self._workload = workload
        self.from_ns = workload.measured_from_ns = _NEVER_NS
        """Its start (perf_counter); far in the future until the test or its schedule begins."""
        self.begins_at = datetime.now(UTC)
        """The same on the wall clock; when the test began, until the schedule begins."""
        self.stopped_ns: int | None = None
        """Its end (perf_counter); None while it is open."""
        self.started_ns = 0
        """When the test began (perf_counter); 0 until then."""
        self._warmup_s = 0.0
        self._warmup_from_ns = _NEVER_NS

    def begin_test(self, warmup_s: float) -> None:
        """Begin a test; its warm-up waits for the schedule, if users follow one."""
        self.started_ns = time.perf_counter_ns()
        self._warmup_s = warmup_s
        self.stopped_ns = None
        self.begins_at = datetime.now(UTC)
        if self._workload.schedule is None:
            self._begin_warmup(self.started_ns)
        else:
            self._warmup_from_ns = _NEVER_NS
            self._workload.measured_from_ns = self.from_ns = _NEVER_NS

    def begin_anew(self) -> None:
        """Move the beginning of the test to now, and that of its schedule, if it has begun."""
        has_schedule = not self.waits_for_schedule
        self.begin_test(self._warmup_s)
        if has_schedule and self.waits_for_schedule:
            self.begin_schedule()

    @property
    def waits_for_schedule(self) -> bool:
        """Whether the warm-up has not begun."""
        return self._warmup_from_ns == _NEVER_NS

    def begin_schedule(self) -> None:
        """Begin the warm-up with the arrivals; a master has none, and begins it now."""
        self._begin_warmup(self._workload.arrivals.started_ns or time.perf_counter_ns())

    def _begin_warmup(self, begun_ns: int) -> None:
        self._warmup_from_ns = begun_ns
        self.from_ns = begun_ns + round(self._warmup_s * _NS)
        self._workload.measured_from_ns = self.from_ns
        self.begins_at = datetime.now(UTC) + timedelta(seconds=self._warmup_s)

    def end(self) -> None:
        """End the window: now, or when the workload has stopped already."""
        self.stopped_ns = self._workload.ending.stopped_ns or time.perf_counter_ns()

    @property
    def has_begun(self) -> bool:
        """Whether a test has ever begun."""
        return self.started_ns > 0

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
        """How long the test took until now, the warm-up included; 0: it has not begun."""
        return (self.until_ns - self.started_ns) / _NS if self.has_begun else 0.0

    @property
    def scheduled_s(self) -> float:
        """How long the schedule ran until now."""
        return max(0.0, (self.until_ns - self._warmup_from_ns) / _NS)

    @property
    def length_s(self) -> float:
        """How long the window was open until now."""
        return max(0.0, (self.until_ns - self.from_ns) / _NS)

    def is_open(self) -> bool:
        """Return whether throughput is measured now."""
        has_ended = self._workload.ending.stopped_ns is not None
        return not has_ended and time.perf_counter_ns() >= self.from_ns
