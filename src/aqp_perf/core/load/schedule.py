"""The open model's due times, fixed in advance: a pure function of model, seed and index."""

import hashlib
import math
from bisect import bisect_right
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Final, Protocol

from aqp_perf.core.load.pacing import OpenModel

_NS: Final = 1_000_000_000
_DRAWS_PER_DIGEST: Final = 8
_DIGESTS_PER_CHUNK: Final = 32
_CHUNK: Final = _DRAWS_PER_DIGEST * _DIGESTS_PER_CHUNK


@dataclass(frozen=True, slots=True, kw_only=True)
class ArrivalSchedule:
    """The due times of an open model, or of the share of it that one process carries.

    The whole schedule is striped: of every ``total`` consecutive arrivals, those at positions
    ``first`` … ``first + count - 1`` belong to this share. Shares that cover 0 … ``total - 1``
    together make exactly the whole, whatever the number of processes.

    Args:
        model: the rate of all arrivals of the run.
        ratio: the part of that rate that is this schedule's, above 0 and at most 1.
        seed: of a Poisson process; schedules of another seed are independent of this one.
        first: position of the first arrival of this share in a stripe.
        count: arrivals of this share in a stripe.
        total: arrivals in a stripe.
    """

    model: OpenModel
    ratio: float = 1.0
    seed: str = ""
    first: int = 0
    count: int = 1
    total: int = 1
    _points: "_Points" = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if not 0 < self.ratio <= 1:
            raise ValueError(f"ratio must be above 0 and at most 1, got {self.ratio}")
        if not (self.first >= 0 and self.count >= 1 and self.first + self.count <= self.total):
            raise ValueError(f"no share: {self.first}+{self.count} of {self.total}")
        points = _PoissonPoints(self.seed) if self.model.is_poisson else _EvenPoints()
        object.__setattr__(self, "_points", points)

    def due_ns(self, index: int) -> int | None:
        """Return when arrival ``index`` of this share is due, in ns from the schedule's start.

        None: never, because the rate has fallen to 0 before.
        """
        stripe, position = divmod(index, self.count)
        return self._due_ns(stripe * self.total + self.first + position)

    def due_count(self, elapsed_ns: int) -> int:
        """Return how many arrivals of this share are due within ``elapsed_ns``, both ends in."""
        if elapsed_ns < 0:
            return 0
        whole = self._points.count_until(self.model.arrivals_within(elapsed_ns / _NS) * self.ratio)
        # Rounding may be off by one on either side; the due times decide.
        while (due_ns := self._due_ns(whole)) is not None and due_ns <= elapsed_ns:
            whole += 1
        while whole > 0 and ((due_ns := self._due_ns(whole - 1)) is None or due_ns > elapsed_ns):
            whole -= 1
        stripes, rest = divmod(whole, self.total)
        return stripes * self.count + min(max(rest - self.first, 0), self.count)

    def counts_between(self, from_ns: int, until_ns: int, sent_count: int) -> tuple[int, int]:
        """Return how many arrivals of this share are due in a window, and how many were sent of it.

        Never more than are due: what was sent after the window is no part of it.

        Args:
            from_ns: begin of the window, itself in it, from the schedule's start.
            until_ns: its end, itself in it too.
            sent_count: arrivals sent in all; they are sent in the order in which they are due.
        """
        before = self.due_count(from_ns - 1)
        until = self.due_count(until_ns)
        return max(0, until - before), max(0, min(sent_count, until) - before)

    def _due_ns(self, position: int) -> int | None:
        elapsed_s = self.model.time_of(self._points.at(position) / self.ratio)
        return None if math.isinf(elapsed_s) else round(elapsed_s * _NS)


class _Points(Protocol):
    """Arrivals of a process with rate 1, from which those of any rate are made by stretching."""

    def at(self, position: int) -> float:
        """Return where arrival ``position`` lies, from 0."""

    def count_until(self, end: float) -> int:
        """Return how many lie in [0, ``end``], give or take a rounding error."""


class _EvenPoints:
    def at(self, position: int) -> float:
        return float(position)

    def count_until(self, end: float) -> int:
        return int(end) + 1


class _PoissonPoints:
    """Sums of exponential gaps, in chunks of which only one and the others' ends are kept.

    A gap is drawn from a keyed hash of its number, so that every process draws the same ones.
    """

    def __init__(self, seed: str) -> None:
        self._seed = seed
        self._starts = [0.0]
        """Where each chunk begins."""
        self._number = -1
        self._chunk: list[float] = []

    def at(self, position: int) -> float:
        number, offset = divmod(position, _CHUNK)
        while len(self._starts) <= number:
            self._load(len(self._starts) - 1)
        self._load(number)
        return self._chunk[offset]

    def count_until(self, end: float) -> int:
        while self._starts[-1] <= end:
            self._load(len(self._starts) - 1)
        number = bisect_right(self._starts, end) - 1
        self._load(number)
        return number * _CHUNK + bisect_right(self._chunk, end)

    def _load(self, number: int) -> None:
        if number == self._number:
            return
        gaps = (
            -math.log1p(-math.ldexp(draw, -53))
            for block in range(number * _DIGESTS_PER_CHUNK, (number + 1) * _DIGESTS_PER_CHUNK)
            for draw in _draws(self._seed, block)
        )
        self._chunk = list(accumulate(gaps, initial=self._starts[number]))[1:]
        self._number = number
        if len(self._starts) == number + 1:
            self._starts.append(self._chunk[-1])


def _draws(seed: str, block: int) -> list[int]:
    """Return eight numbers of 53 random bits."""
    digest = hashlib.blake2b(f"poisson/{seed}/{block}".encode()).digest()
    return [int.from_bytes(digest[at : at + 8]) >> 11 for at in range(0, len(digest), 8)]
