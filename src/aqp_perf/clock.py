"""Time as a parameter, so that tests of waiting do not wait."""

import time
from datetime import UTC, datetime
from typing import Final


class Clock:
    """The machine's clock; a test passes a subclass that only its own `sleep` moves."""

    def monotonic_s(self) -> float:
        """Return seconds since an arbitrary instant; they never go back."""
        return time.monotonic()

    def utc_now(self) -> datetime:
        """Return the date and time, aware."""
        return datetime.now(UTC)

    def sleep(self, duration_s: float) -> None:
        """Return after ``duration_s``."""
        time.sleep(duration_s)


SYSTEM_CLOCK: Final = Clock()
