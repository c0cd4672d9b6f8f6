"""Requests over time: slices, each with its requests, failures and latencies.

A request belongs to the slice in which it was *due*, so a stall shows when it was, not when it
ended. Latencies are kept in 16 steps per power of two, to 6 % or better: enough for charts and for
resampling; percentiles come from the exact histogram. There are never more than `MOST_SLICES`
slices: when a run gets longer, two neighbours become one.
"""

import base64
import json
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, Self

import msgspec

from aqp_perf.core.records import MOST_COUNT, Count
from aqp_perf.errors import ResultError

MOST_SLICES: Final = 240
FIRST_SLICE_NS: Final = 125_000_000
"""Width of the slices of a run that is short enough for it."""

_STEPS_BITS: Final = 4
_STEPS: Final = 1 << _STEPS_BITS
_NS_PER_US: Final = 1_000
_NS: Final = 1_000_000_000
_MOST_BYTES: Final = 50_000_000


def step_of(latency_ns: int) -> int:
    """Return the number of a latency's step."""
    us = max(0, latency_ns) // _NS_PER_US
    shift = us.bit_length() - _STEPS_BITS - 1
    # Below 32 every microsecond has its own step.
    return us if shift <= 0 else (shift << _STEPS_BITS) + (us >> shift)


_MOST_STEP: Final = step_of(MOST_COUNT)


def bounds_ns(step: int) -> tuple[int, int]:
    """Return the shortest latency of a step, and the shortest of the next one."""
    return _shortest_us(step) * _NS_PER_US, _shortest_us(step + 1) * _NS_PER_US


def _shortest_us(step: int) -> int:
    if step < 2 * _STEPS:
        return step
    shift = (step >> _STEPS_BITS) - 1
    return (step - (shift << _STEPS_BITS)) << shift


@dataclass(slots=True)
class Slice:
    """The requests of one slice."""

    requests: int = 0
    failures: int = 0
    steps: dict[int, int] = field(default_factory=dict)
    """Step of the latency → requests, failed ones too."""

    def add(self, other: "Slice") -> None:
        """Add the requests of another slice."""
        self.requests += other.requests
        self.failures += other.failures
        if self.steps:
            for step, count in other.steps.items():
                self.steps[step] = self.steps.get(step, 0) + count
        else:  # a copy is much faster
            self.steps = dict(other.steps)


@dataclass(frozen=True, slots=True, kw_only=True)
class TimelinePoint:
    """One slice as reports show it.

    Args:
        start_s: from the begin of the measurement window.
        duration_s: width of the slice.
        requests: requests that were due in it.
        failures: how many of them failed.
        steps: step of the latency → requests; see `bounds_ns`.
    """

    start_s: float
    duration_s: float
    requests: int
    failures: int
    steps: Mapping[int, int]


@dataclass(slots=True)
class Timeline:
    """Requests over time."""

    slice_ns: int = FIRST_SLICE_NS
    """Width of a slice."""
    slices: dict[int, Slice] = field(default_factory=dict)
    """Number of a slice → its requests; slices without requests are missing."""

    def record(self, since_start_ns: int, latency_ns: int, *, failed: bool) -> None:
        """Count a request.

        Args:
            since_start_ns: when it was due, from the begin of the measurement window.
            latency_ns: its latency.
            failed: whether it failed.
        """
        number = since_start_ns // self.slice_ns
        found = self.slices.get(number)
        if found is None:
            while number >= MOST_SLICES:
                self._halve()
                number //= 2
            found = self.slices.setdefault(number, Slice())
        found.requests += 1
        found.failures += failed
        step = step_of(latency_ns)
        found.steps[step] = found.steps.get(step, 0) + 1

    def merge(self, other: "Timeline") -> None:
        """Add the requests of another process's timeline, or of another operation's."""
        while self.slice_ns < other.slice_ns:
            self._halve()
        wider = self.slice_ns // other.slice_ns
        for number, part in other.slices.items():
            self.slices.setdefault(number // wider, Slice()).add(part)

    @property
    def requests(self) -> int:
        """Number of requests in all slices."""
        return sum(part.requests for part in self.slices.values())

    def points(self) -> Iterator[TimelinePoint]:
        """Yield all slices from the first to the last, with those without requests."""
        for number in range(max(self.slices, default=-1) + 1):
            part = self.slices.get(number, Slice())
            yield TimelinePoint(
                start_s=number * self.slice_ns / _NS,
                duration_s=self.slice_ns / _NS,
                requests=part.requests,
                failures=part.failures,
                steps=part.steps,
            )

    def encode(self) -> str:
        """Return the timeline as text: compressed JSON in base64."""
        rows = []
        for number, part in sorted(self.slices.items()):
            rows.append([number, part.failures])
            for step, count in sorted(part.steps.items()):
                rows[-1] += step, count
        text = json.dumps([self.slice_ns, rows], separators=(",", ":"))
        return base64.b64encode(zlib.compress(text.encode())).decode()

    @classmethod
    def decode(cls, encoded: str) -> Self:
        """Return the timeline of `encode`.

        Raises:
            ResultError: the text is damaged, or has impossible figures.
        """
        try:
            packed = base64.b64decode(encoded, validate=True)
            text = zlib.decompressobj().decompress(packed, _MOST_BYTES)
            slice_ns, rows = msgspec.json.decode(text, type=tuple[Count, list[list[Count]]])
            slices = {}
            for number, failures, *pairs in rows:
                steps = dict(zip(pairs[::2], pairs[1::2], strict=True))
                slices[number] = Slice(sum(steps.values()), failures, steps)
        except (ValueError, RecursionError, zlib.error, msgspec.MsgspecError) as error:
            raise ResultError(f"a timeline cannot be read: {error}") from error
        doublings, rest = divmod(slice_ns, FIRST_SLICE_NS)
        is_possible = (
            not rest
            and doublings.bit_count() == 1
            and max(slices, default=0) < MOST_SLICES
            and all(
                part.failures <= part.requests and max(part.steps, default=0) <= _MOST_STEP
                for part in slices.values()
            )
        )
        if not is_possible:
            raise ResultError("a timeline cannot be read: it has impossible figures")
        return cls(slice_ns, slices)

    def _halve(self) -> None:
        """Merge each two neighbours into one slice."""
        self.slice_ns *= 2
        before, self.slices = self.slices, {}
        for number, part in before.items():
            self.slices.setdefault(number // 2, Slice()).add(part)
