"""Retry counts of a request: attempts, throttled attempts, back-off time."""

import time
from typing import NamedTuple

from aqp_perf.core.measured.failure_class import FailureClass


class Attempts(NamedTuple):
    """How often one request was sent."""

    total: int
    throttled: int
    """How many of them DynamoDB throttled."""
    backoff_ns: int
    """The time between them."""


class Tally:
    """Counts the attempts of the request that is under way in one greenlet."""

    def __init__(self) -> None:
        self._total = self._throttled = self._backoff_ns = self._ended_ns = 0
        self._earlier_may_have_landed = self._last_may_have_landed = False
        self.payload: bytes | None = None
        """The body of the last complete answer."""
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
        """End an attempt, the last one or not."""
        self._ended_ns = time.perf_counter_ns()
        self._throttled += throttled
        self._last_may_have_landed = may_have_landed

    def attempts(self) -> Attempts:
        """Return the counts; a request that the SDK gave up before sending counts as one."""
        return Attempts(max(self._total, 1), self._throttled, self._backoff_ns)

    def class_of_write(self, last: FailureClass) -> FailureClass:
        """Return the class of a write whose last attempt failed with class ``last``."""
        # An earlier attempt may have landed, whatever the answer to the last one says.
        return FailureClass.AMBIGUOUS if self._earlier_may_have_landed else last
