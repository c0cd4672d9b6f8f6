"""What one operation of a load run did in the measurement window.

The latencies of failed requests are in the histograms too, as in Locust: a caller waits for an
error as long as for an answer.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import inf
from typing import Final

from aqp_perf.core.measured.failure_class import FailureClass
from aqp_perf.core.measured.merging import BY_MAXIMUM, MERGE, merge
from aqp_perf.core.measured.operation_parts import (
    AnswerChecks,
    AnswerSizes,
    AttemptCounts,
    TimeShares,
)
from aqp_perf.core.measured.stalls import TouchedRequests
from aqp_perf.core.records import Count, Figure
from aqp_perf.core.samples.histogram import LatencyHistogram, SizeHistogram
from aqp_perf.core.samples.timeline import Timeline

SHORTEST_S: Final = 1e-9
"""The shortest measurement window: clocks count nanoseconds, and a rate over less may overflow."""
MOST_MESSAGES: Final = 100
"""Error messages of an operation that are counted one by one."""
MOST_OPERATIONS: Final = 500
"""Operations of a run that are recorded one by one, those that were seen first."""
MOST_FURTHER_NAMES: Final = 100_000
"""Further operations that are counted: a locustfile may make one of every request."""
OTHER_NAMES: Final = "all other names"
"""Name of the operation that has the requests of all further ones, of whatever type."""


def _merge_messages(parts: Sequence[Mapping[str, int]]) -> dict[str, int]:
    messages = Counter[str]()
    for part in parts:
        for message, count in part.items():
            if message in messages or len(messages) < MOST_MESSAGES:
                messages[message] += count
    return dict(messages)


def _all_names(parts: Sequence[tuple[str, ...]]) -> tuple[str, ...]:
    return tuple(sorted({name for part in parts for name in part}))


@dataclass(frozen=True, slots=True, kw_only=True)
class OperationResult:
    """What one operation did in the measurement window; it is one row of Locust's statistics."""

    request_type: str
    name: str
    duration_s: Figure = field(metadata=BY_MAXIMUM)
    """Length of the measurement window, over which throughput is measured."""
    requests: Count
    untimed: Count = 0
    """How many of them have no response time, as messages that nobody answers; they are in no
    latency, and not in the timeline."""
    failures: Count
    failure_classes: Mapping[FailureClass, Count] = field(default_factory=dict)
    failure_messages: Mapping[str, Count] = field(
        default_factory=dict, metadata={MERGE: _merge_messages}
    )
    """How often each error message occurred; short and without secrets."""
    consumed_read_units: Figure | None = None
    """Capacity that DynamoDB reported; None when it reported none."""
    consumed_write_units: Figure | None = None
    writes: Count = 0
    """How many of the requests wrote, as their users say."""
    latency: LatencyHistogram
    """From the instant a request was due to its complete answer."""
    service_time: LatencyHistogram
    """From the instant a request was sent to its complete answer."""
    server_times: Mapping[str, LatencyHistogram] = field(default_factory=dict)
    """The target's own times of right answers: `RETRIEVE` and `AGGREGATE`."""
    payload: SizeHistogram = field(default_factory=SizeHistogram)
    """How much data the target reported to have read for right answers."""
    time_shares: TimeShares | None = None
    """Where the time went; None when no answer reported it."""
    attempts: AttemptCounts | None = None
    """None when the client sends every request once."""
    warmup_requests: Count = 0
    """Requests that were due in the warm-up, and are in no other figure."""
    answered: Count | None = None
    """Right answers that came within the window, whenever they were due; None: all of them did."""
    answers: AnswerChecks | None = None
    """What the oracle found; None without an oracle."""
    answer_sizes: AnswerSizes | None = None
    """None when there was no answer."""
    touched: TouchedRequests | None = None
    """Requests that stalls of the generator can have made longer; None: there were none."""
    user_classes: tuple[str, ...] = field(default=(), metadata={MERGE: _all_names})
    """The paced user classes that sent it."""
    timeline: Timeline = field(default_factory=Timeline)
    """Requests over time; empty in results from before it was recorded."""

    def __post_init__(self) -> None:
        if not 0 <= self.failures <= self.requests:
            raise ValueError(f"{self.failures} failures of {self.requests} requests")
        if self.untimed > self.requests:
            raise ValueError(f"{self.untimed} without a time of {self.requests} requests")
        if self.requests and not self.duration_s >= SHORTEST_S:
            raise ValueError(f"{self.requests} requests in {self.duration_s:g} s")

    @property
    def is_of_warmup(self) -> bool:
        """Whether all its requests were in the warm-up."""
        return not self.requests and self.warmup_requests > 0

    @property
    def rated_s(self) -> float:
        """What rates are over; infinite if the window was not open, where they would be immense."""
        return self.duration_s if self.duration_s > SHORTEST_S else inf

    @property
    def failure_ratio(self) -> float:
        """Failed requests of all, 0 to 1; 0 when there was no request."""
        return self.failures / self.requests if self.requests else 0.0

    @property
    def throughput_per_s(self) -> float:
        """Right answers per second that came within the measurement window.

        Answers that come after it do not count, or a target that falls behind would seem to keep
        up with any load.
        """
        if not self.requests:
            return 0.0
        return self._answered / self.rated_s

    @property
    def _answered(self) -> int:
        return self.requests - self.failures if self.answered is None else self.answered

    @property
    def latency_ms(self) -> dict[str, float | None]:
        """Latency as min, mean, p50, p90, p95, p99, p99_9, max; all None without a request."""
        return self.latency.summary_ms()

    @property
    def service_time_ms(self) -> dict[str, float | None]:
        """Service time as min, mean, p50, p90, p95, p99, p99_9, max; None without a request."""
        return self.service_time.summary_ms()

    @property
    def least_latency(self) -> LatencyHistogram:
        """The latencies with the credit of the generator taken off: what the target surely took."""
        if self.touched is None:
            return self.latency
        return self.latency.exchanged(self.touched.latency, self.touched.least_latency)

    @property
    def least_service_time(self) -> LatencyHistogram:
        """The service times with the credit of the generator taken off."""
        if self.touched is None:
            return self.service_time
        touched = self.touched
        return self.service_time.exchanged(touched.service_time, touched.least_service_time)

    @property
    def omission_gap(self) -> float | None:
        """p99 of the latency over that of the service time; None without a request.

        It is 1 when no request waited to be sent. A tool that counts from the sending would have
        reported a p99 that is too small by this factor.
        """
        latency_ns, service_time_ns = (
            histogram.quantile_ns(0.99) for histogram in (self.latency, self.service_time)
        )
        if latency_ns is None or service_time_ns is None:
            return None
        return latency_ns / service_time_ns

    @property
    def is_write(self) -> bool:
        """Whether it writes, as its users say, or because it consumed write units."""
        return self.writes > 0 or self.consumed_write_units is not None

    @property
    def shows_wrong_answers(self) -> bool:
        """Whether answers are checked, or some were wrong at first sight."""
        return self.answers is not None or FailureClass.WRONG_ANSWER in self.failure_classes

    @property
    def is_unverified(self) -> bool:
        """Whether it reads and none of its answers was checked."""
        is_checked = self.answers is not None and self.answers.checked > 0
        return self.requests > 0 and not self.is_write and not is_checked

    def failures_of(self, failure_class: FailureClass | None) -> tuple[int, int]:
        """Return how many requests failed with this class (None: any), and out of how many.

        Where only a sample of the answers was checked, the ratio of wrong answers is that of the
        sample, with answers that are wrong at first sight added: the others may be right or wrong.
        """
        if failure_class is None:
            return self.failures, self.requests
        count = self.failure_classes.get(failure_class, 0)
        if failure_class is FailureClass.WRONG_ANSWER and not self.shows_wrong_answers:
            return 0, 0
        if failure_class is FailureClass.WRONG_ANSWER and self.answers is not None:
            others = self.failures - count
            seen = self.answers.checked + max(0, count - self.answers.wrong_count)
            if seen + others < self.requests:
                return count, seen
        return count, self.requests


def merge_operations(parts: Iterable[OperationResult]) -> tuple[OperationResult, ...]:
    """Return one result per request type and name, of the parts that several workers measured.

    Workers share one measurement window: the longest of theirs counts.
    """
    groups: dict[tuple[str, str], list[OperationResult]] = {}
    for part in parts:
        group = groups.setdefault((part.request_type, part.name), [])
        group.append(replace(part, answered=part._answered))  # noqa: SLF001 - of this module
    return tuple(map(merge, groups.values()))


def all_together(operations: Iterable[OperationResult]) -> OperationResult:
    """Return operations of one run, of which there is at least one, as one operation."""
    alike = (replace(operation, request_type="", name="Aggregated") for operation in operations)
    (whole,) = merge_operations(alike)
    return whole
