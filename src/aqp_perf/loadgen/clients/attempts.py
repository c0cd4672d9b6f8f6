"""How often a request was sent, and what that leaves unsure of a write."""

import time
from typing import NamedTuple

from aqp_perf.core.measured.failure_class import FailureClass


class Attempts(NamedTuple):
    """How often one request was sent before its caller got an answer."""

    total: int
    throttled: int
    """How many of them DynamoDB refused for their rate."""
    backoff_ns: int
    """The time that was lost waiting between them."""


class Tally:
    """Follows the request that is under way in one greenlet, and counts its attempts."""

    __slots__ = (
        "_backoff_ns",
        "_earlier_may_have_landed",
        "_ended_ns",
        "_last_may_have_landed",
        "_throttled",
        "_total",
        "payload",
        "token",
    )

    def __init__(self) -> None:
        self._total = self._throttled = self._backoff_ns = self._ended_ns = 0
        self._earlier_may_have_landed = self._last_may_have_landed = False
        self.payload: bytes | None = None
        """The body of an answer that is whole."""
        self.token: str | None = None
        """The session token that was sent."""

    def begin(self) -> None:
        """Begin an attempt."""
        if self._total:
            self._backoff_ns += time.perf_counter_ns() - self._ended_ns
        self._total += 1
        self._earlier_may_have_landed |= self._last_may_have_landed
        self._last_may_have_landed = False
        self.payload = None

    def end(self, *, throttled: bool, may_have_landed: bool) -> None:
        """End an attempt, be it the last or not."""
        self._ended_ns = time.perf_counter_ns()
        self._throttled += throttled
        self._last_may_have_landed = may_have_landed

    def attempts(self) -> Attempts:
        """Return what was counted; an attempt that the SDK gave up before it began is one too."""
        return Attempts(max(self._total, 1), self._throttled, self._backoff_ns)

    def class_of_write(self, last: FailureClass) -> FailureClass:
        """Return the class of a write whose last attempt failed with class ``last``."""
        # The SDK sends a write again although an earlier attempt may have landed; the answer to
        # the last one says nothing about that.
        return FailureClass.AMBIGUOUS if self._earlier_may_have_landed else last
