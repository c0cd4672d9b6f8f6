"""Time as a parameter, so that tests of waiting do not wait."""

import time
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """What waiting needs to know about time."""

    def now_s(self) -> float:
        """Return seconds that only ever grow, from an arbitrary start."""

    def utc_now(self) -> datetime:
        """Return the time of day."""

    def sleep(self, duration_s: float) -> None:
        """Return after ``duration_s``."""


class SystemClock:
    """The machine's own clock."""

    def now_s(self) -> float:
        """See `Clock`."""
        return time.monotonic()

    def utc_now(self) -> datetime:
        """See `Clock`."""
        return datetime.now(UTC)

    def sleep(self, duration_s: float) -> None:
        """See `Clock`."""
        time.sleep(duration_s)
