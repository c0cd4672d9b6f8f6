"""A clock for tests: sleeping is the only thing that moves it."""

from datetime import UTC, datetime, timedelta

from aqp_perf.clock import Clock


class ManualClock(Clock):
    def __init__(self) -> None:
        self.sleeps: list[float] = []

    def monotonic_s(self) -> float:
        return sum(self.sleeps)

    def utc_now(self) -> datetime:
        return datetime(2030, 1, 1, tzinfo=UTC) + timedelta(seconds=self.monotonic_s())

    def sleep(self, duration_s: float) -> None:
        self.sleeps.append(duration_s)
