"""A clock for tests: only sleeping, and `time_passes`, move it."""

from datetime import UTC, datetime, timedelta

from aqp_perf.clock import Clock


class ManualClock(Clock):
    def __init__(self) -> None:
        self.sleeps: list[float] = []
        self._passed_s = 0.0

    def monotonic_s(self) -> float:
        return sum(self.sleeps) + self._passed_s

    def utc_now(self) -> datetime:
        return datetime(2030, 1, 1, tzinfo=UTC) + timedelta(seconds=self.monotonic_s())

    def sleep(self, duration_s: float) -> None:
        self.sleeps.append(duration_s)

    def time_passes(self, duration_s: float) -> None:
        self._passed_s += duration_s
