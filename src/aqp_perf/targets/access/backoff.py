"""Back-off: repeat what a target refuses for now, after pauses that grow.

Source: M. Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015.
"""

from collections.abc import Callable
from random import uniform
from typing import Final, TypeVar

from botocore.exceptions import ClientError

from aqp_perf.clock import Clock
from aqp_perf.core.aws.refusals import THROTTLING_CODES
from aqp_perf.targets.access.client import error_code

CAPACITY_LIMIT_S: Final = 60.0
"""For how long in a row a target may refuse us for lack of capacity."""

_FIRST_BOUND_S: Final = 0.05
_LAST_BOUND_S: Final = 2.0

_T = TypeVar("_T")


class Backoff:
    """The pauses between attempts at one thing: random, below a bound that doubles up to 2 s.

    Make a new one after an attempt that got somewhere::

        backoff = Backoff(60, clock)
        while not attempt():
            if not backoff.pause():
                raise GaveUp
    """

    def __init__(self, limit_s: float, clock: Clock) -> None:
        self._clock, self._bound_s = clock, _FIRST_BOUND_S
        self._end_s = clock.monotonic_s() + limit_s

    def pause(self) -> bool:
        """Wait before the next attempt; return False at once when ``limit_s`` are over."""
        if self._clock.monotonic_s() >= self._end_s:
            return False
        self._clock.sleep(uniform(0, self._bound_s))  # noqa: S311 - no secret
        self._bound_s = min(2 * self._bound_s, _LAST_BOUND_S)
        return True


def unless_throttled(
    ask: Callable[[], _T], clock: Clock, codes: frozenset[str] = THROTTLING_CODES
) -> _T:
    """Return what ``ask`` returns; repeat it while boto3 raises an error with one of ``codes``.

    Raises:
        ClientError: another one, or one of these for `CAPACITY_LIMIT_S`.
    """
    backoff = Backoff(CAPACITY_LIMIT_S, clock)
    while True:
        try:
            return ask()
        except ClientError as error:
            if error_code(error) not in codes or not backoff.pause():
                raise
