"""The due times of an open model, whole or in shares: a pure function of model, seed, index."""

import hashlib
import math
from bisect import bisect_left, bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import accumulate, pairwise
from typing import Final

from aqp_perf.core.load.pacing import OpenModel

_NS: Final = 1_000_000_000
_DRAWS_PER_DIGEST: Final = 8
_DIGESTS_PER_CHUNK: Final = 32
_CHUNK: Final = _DRAWS_PER_DIGEST * _DIGESTS_PER_CHUNK

Share = tuple[tuple[int, ...], int]
"""(positions, total): the arguments of `ArrivalSchedule` of these names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ArrivalSchedule:
    """The due times of an open model, or of the share that one user class has in one process.

    The schedule is striped: of every ``total`` consecutive arrivals, those at ``positions`` belong
    to this share. Shares whose positions are together 0 … ``total - 1`` are exactly the whole
    schedule, whatever the number of classes and processes.

    Args:
        model: the rate of all arrivals of the run.
        seed: of a Poisson process.
        positions: of the arrivals of this share in a stripe, in ascending order.
        total: arrivals in a stripe.
    """

    model: OpenModel
    seed: int = 1
    positions: tuple[int, ...] = (0,)
    total: int = 1
    _points: "_EvenPoints | _PoissonPoints" = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        bounded = (-1, *self.positions, self.total)
        if not self.positions or not all(a < b for a, b in pairwise(bounded)):
            raise ValueError(f"no share: {self.positions} of {self.total}")
        points = _PoissonPoints(self.seed) if self.model.is_poisson else _EvenPoints()
        object.__setattr__(self, "_points", points)

    def due_ns(self, index: int) -> int | None:
        """Return when arrival ``index`` of this share is due, in ns from the schedule's start.

        None when it is never due, because the rate falls to 0 before.
        """
        stripe, number = divmod(index, len(self.positions))
        return self._due_ns(stripe * self.total + self.positions[number])

    def due_count(self, elapsed_ns: int) -> int:
        """Return how many arrivals of this share are due in [0, ``elapsed_ns``]."""
        if elapsed_ns < 0:
            return 0
        whole = self._points.count_until(self.model.arrivals_within(elapsed_ns / _NS))
        # Rounding may be off by one either way; the due times decide.
        while (due_ns := self._due_ns(whole)) is not None and due_ns <= elapsed_ns:
            whole += 1
        while whole > 0 and ((due_ns := self._due_ns(whole - 1)) is None or due_ns > elapsed_ns):
            whole -= 1
        stripes, rest = divmod(whole, self.total)
        return stripes * len(self.positions) + bisect_left(self.positions, rest)

    def counts_between(self, from_ns: int, until_ns: int, sent_count: int) -> tuple[int, int]:
        """Return how many arrivals of this share are due in a window, and how many were sent.

        Args:
            from_ns: first instant of the window, from the schedule's start.
            until_ns: last instant of the window.
            sent_count: arrivals sent in all, in the order in which they are due.
        """
        before = self.due_count(from_ns - 1)
        until = self.due_count(until_ns)
        return max(0, until - before), max(0, min(sent_count, until) - before)

    def _due_ns(self, number: int) -> int | None:
        elapsed_s = self.model.time_of(self._points.at(number))
        return None if math.isinf(elapsed_s) else round(elapsed_s * _NS)


def shares_of(counts: Mapping[str, Mapping[str, int]]) -> dict[str, dict[str, Share]]:
    """Return the share of each user class on each worker: an arrival of every stripe for each user.

    A class's arrivals are spread evenly over the stripe, and those of a worker evenly over its
    class. Which arrivals a class has does not depend on the workers.

    Args:
        counts: worker → user class → how many users of the class run there.
    """
    classes: dict[str, dict[str, int]] = {}
    for worker, users in counts.items():
        for name, count in users.items():
            classes.setdefault(name, {})[worker] = count
    by_class = {name: sum(users.values()) for name, users in sorted(classes.items())}
    owners = {name: iter(_interleaved(classes[name])) for name in by_class}
    positions: dict[tuple[str, str], list[int]] = {}
    for position, name in enumerate(_interleaved(by_class)):
        positions.setdefault((next(owners[name]), name), []).append(position)
    shares: dict[str, dict[str, Share]] = {worker: {} for worker in counts}
    for (worker, name), own in positions.items():
        shares[worker][name] = tuple(own), sum(by_class.values())
    return shares


def _interleaved(counts: Mapping[str, int]) -> list[str]:
    """Return each name as often as its count says, evenly spread."""
    places = [
        ((number + 0.5) / count, name) for name, count in counts.items() for number in range(count)
    ]
    return [name for _, name in sorted(places, key=lambda place: place[0])]


class _EvenPoints:
    """Arrivals at rate 1, evenly spaced; stretching them gives those of any rate."""

    def at(self, number: int) -> float:
        """Return the point of arrival ``number``, from 0."""
        return float(number)

    def count_until(self, end: float) -> int:
        """Return how many points lie in [0, ``end``], give or take a rounding error."""
        return int(end) + 1


class _PoissonPoints:
    """A Poisson process of rate 1, with the methods of `_EvenPoints`.

    The points are sums of exponential gaps, drawn from a hash of their number, so that every
    process draws the same ones. They are made in chunks: one chunk and all starts are kept.
    """

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._starts = [0.0]
        """The point before each chunk."""
        self._number = -1
        self._chunk: list[float] = []

    def at(self, number: int) -> float:
        chunk, offset = divmod(number, _CHUNK)
        while len(self._starts) <= chunk:
            self._load(len(self._starts) - 1)
        self._load(chunk)
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


def _draws(seed: int, block: int) -> list[int]:
    """Return eight numbers of 53 random bits."""
    digest = hashlib.blake2b(f"poisson/{seed}/{block}".encode()).digest()
    return [int.from_bytes(digest[at : at + 8]) >> 11 for at in range(0, len(digest), 8)]
