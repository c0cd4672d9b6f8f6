"""What the load generator's own stalls can have added to what was measured.

A generator can only add to a latency that counts from the due time: it sends late, it reads an
answer late, and after a freeze it sends a burst. Of each request it is known by how much at most;
that is its *credit*. So for each request::

    measured - credit  <=  what the target took  <=  measured
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import chain
from typing import Final

from aqp_perf.core.measured.failure_class import FailureClass
from aqp_perf.core.measured.merging import MERGE
from aqp_perf.core.records import Count, Figure
from aqp_perf.core.samples.histogram import LatencyHistogram

MOST_FREEZES: Final = 240
"""Freezes of a run that are kept one by one, the longest ones; all are in the sums."""

Freeze = tuple[Figure, Figure]
"""When it began, in s from the begin of the measurement window, and its length in s."""


class FreezeCause(StrEnum):
    """Why a process stood still, as far as the operating system says."""

    OTHER_WORK = "other work had its core"
    HYPERVISOR = "the hypervisor took its core"
    OWN_CODE = "the locustfile's own code or garbage collection kept it busy"
    STOPPED = "it was stopped, or waited in a call that blocks"
    UNKNOWN = "why is not known"
    SERVER = "our own target or AQP stood still, because other work had its core"


class LessExact(StrEnum):
    """What an operating system lacks, and what that makes less exact."""

    TIMERS = "timerfd (lags of the event loop are in every latency)"
    RUN_DELAYS = "schedstat (waits of target and AQP for a core are in the latency)"


def longest_freezes(parts: Sequence[Sequence[Freeze]]) -> tuple[Freeze, ...]:
    """Return the longest freezes of several processes, in order of time."""
    longest = sorted(chain.from_iterable(parts), key=lambda freeze: freeze[1])[-MOST_FREEZES:]
    return tuple(sorted(longest))


@dataclass(frozen=True, slots=True, kw_only=True)
class TouchedRequests:
    """The requests of an operation that stalls can have made longer."""

    requests: Count = 0
    failures: Mapping[FailureClass, Count] = field(default_factory=dict)
    """How many of them failed, by class, after a time that the generator made at least half of."""
    latency: LatencyHistogram = field(default_factory=LatencyHistogram)
    """As measured; the same samples are in the histogram of the operation."""
    least_latency: LatencyHistogram = field(default_factory=LatencyHistogram)
    """The same with the credit taken off."""
    service_time: LatencyHistogram = field(default_factory=LatencyHistogram)
    least_service_time: LatencyHistogram = field(default_factory=LatencyHistogram)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassCounts:
    """The requests of one user class in the measurement window."""

    due: Count | None = None
    """None in a closed model."""
    sent: Count = 0
    unrecorded: Count = 0
    """Sent, and neither an answer nor a failure was reported."""

    @property
    def missing(self) -> int:
        """Requests that were due and have no latency: never sent, or sent and never recorded."""
        unsent = 0 if self.due is None else max(0, self.due - self.sent)
        return unsent + self.unrecorded


def _all_of(parts: Sequence[Sequence[LessExact]]) -> tuple[LessExact, ...]:
    lacking = set(chain.from_iterable(parts))
    return tuple(what for what in LessExact if what in lacking)


MERGE_FREEZES: Final = {MERGE: longest_freezes}
MERGE_LESS_EXACT: Final = {MERGE: _all_of}
