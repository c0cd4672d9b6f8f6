"""How an operation did over time: its requests in slices, each with its failures and latencies.

A slice takes the requests that were *due* in it, so that a stall shows when it was, not when it
ended. Latencies are kept in 16 steps of an octave, to 6 % or better: enough to draw and to
resample, while percentiles come from the exact histogram. There are never more than `MOST_SLICES`
slices; where a run gets longer, two neighbours become one.
"""

import base64
import json
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Self

from aqp_perf.errors import ResultError

MOST_SLICES: Final = 240
FIRST_SLICE_NS: Final = 125_000_000
"""As long as a run has no more slices than that, they are so wide."""

_STEPS_BITS: Final = 4
_STEPS: Final = 1 << _STEPS_BITS
_NS_PER_US: Final = 1_000
_NS: Final = 1_000_000_000
_MOST_BYTES: Final = 50_000_000


def step_of(latency_ns: int) -> int:
    """Return the number of the step that a latency belongs to."""
    us = max(0, latency_ns) // _NS_PER_US
    shift = us.bit_length() - _STEPS_BITS - 1
    # Below two octaves of steps every microsecond has a step of its own.
    return us if shift <= 0 else (shift << _STEPS_BITS) + (us >> shift)


_LONGEST_NS: Final = (1 << 63) - 1
"""What clocks can count; no step and no slice is longer."""
_MOST_STEP: Final = step_of(_LONGEST_NS)


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
        start_s: since the measurement window began.
        duration_s: how long the slice is.
        requests: due in it.
        failures: those of them that failed.
        steps: step of the latency → requests; see `bounds_ns`.
    """

    start_s: float
    duration_s: float
    requests: int
    failures: int
    steps: Mapping[int, int]


@dataclass(slots=True)
class Timeline:
    """Requests over time; written request by request."""

    slice_ns: int = FIRST_SLICE_NS
    """How long a slice is."""
    slices: dict[int, Slice] = field(default_factory=dict)
    """Number of a slice → its requests; those without are not there."""

    def record(self, since_start_ns: int, latency_ns: int, *, failed: bool) -> None:
        """Count a request.

        Args:
            since_start_ns: when it was due, since the measurement window began.
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
        for number, each in other.slices.items():
            self.slices.setdefault(number // wider, Slice()).add(each)

    @property
    def requests(self) -> int:
        """How many there are in all slices."""
        return sum(each.requests for each in self.slices.values())

    def points(self) -> Iterator[TimelinePoint]:
        """Yield all slices from the first to the last, those without requests too."""
        for number in range(max(self.slices, default=-1) + 1):
            each = self.slices.get(number, Slice())
            yield TimelinePoint(
                start_s=number * self.slice_ns / _NS,
                duration_s=self.slice_ns / _NS,
                requests=each.requests,
                failures=each.failures,
                steps=each.steps,
            )

    def encode(self) -> str:
        """Return everything as text: compressed JSON in base64."""
        rows = [
            [number, each.failures, *(part for pair in sorted(each.steps.items()) for part in pair)]
            for number, each in sorted(self.slices.items())
        ]
        text = json.dumps([self.slice_ns, rows], separators=(",", ":"))
        return base64.b64encode(zlib.compress(text.encode())).decode()

    @classmethod
    def decode(cls, encoded: str) -> Self:
        """Return the timeline that `encode` wrote.

        Raises:
            ResultError: it is none.
        """
        timeline = cls()
        try:
            unpacker = zlib.decompressobj()
            packed = base64.b64decode(encoded, validate=True)
            slice_ns, rows = json.loads(unpacker.decompress(packed, _MOST_BYTES))
            timeline._read(slice_ns, rows)
        except (ValueError, TypeError, LookupError, RecursionError, zlib.error) as error:
            raise ResultError(f"a timeline cannot be read: {error}") from error
        return timeline

    def _read(self, slice_ns: Any, rows: Any) -> None:  # noqa: ANN401 - whatever the JSON holds
        doublings, rest = divmod(slice_ns, FIRST_SLICE_NS)
        if rest or not 1 <= slice_ns <= _LONGEST_NS or doublings & (doublings - 1):
            raise ValueError(f"slices of {slice_ns} ns")
        self.slice_ns = slice_ns
        for number, failures, *pairs in rows:
            one = self.slices[_count(number)] = Slice()
            one.steps = dict(zip(map(_count, pairs[::2]), map(_count, pairs[1::2]), strict=True))
            one.requests, one.failures = sum(one.steps.values()), _count(failures)
            if one.failures > one.requests:
                raise ValueError(f"{one.failures} failures of {one.requests} requests")
            if max(one.steps, default=0) > _MOST_STEP:
                raise ValueError("a latency that no clock can count")
        if max(self.slices, default=0) >= MOST_SLICES:
            raise ValueError("more slices than there can be")

    def _halve(self) -> None:
        """Make one slice of two neighbours."""
        self.slice_ns *= 2
        before, self.slices = self.slices, {}
        for number, each in before.items():
            self.slices.setdefault(number // 2, Slice()).add(each)


def _count(value: object) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    raise ValueError(f"{value!r} is no count")


def merged(timelines: Iterable[Timeline]) -> Timeline:
    """Return the requests of all these timelines."""
    whole = Timeline()
    for each in timelines:
        whole.merge(each)
    return whole
