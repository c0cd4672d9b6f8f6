"""What one operation of a load run did in the measurement window.

Failed requests count like the others: their latencies are in the histograms, as in Locust, because
whoever waited for an error has waited.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Self, TypeVar

from aqp_perf.core.data.statements import WRITE_OPERATION
from aqp_perf.core.json_reader import JsonReader
from aqp_perf.core.measured.answer_checks import AnswerChecks
from aqp_perf.core.measured.answer_sizes import AnswerSizes
from aqp_perf.core.measured.attempt_counts import AttemptCounts
from aqp_perf.core.measured.failure_class import FailureClass
from aqp_perf.core.measured.time_shares import TimeShares
from aqp_perf.core.samples.histogram import LatencyHistogram, SizeHistogram
from aqp_perf.core.samples.timeline import Timeline, timeline_in
from aqp_perf.errors import ResultError

_SHORTEST_S: Final = 1e-9
"""Clocks count nanoseconds; what is divided by less may be infinite."""

Samples = TypeVar("Samples", LatencyHistogram, SizeHistogram)


@dataclass(frozen=True, slots=True, kw_only=True)
class OperationResult:
    """What one operation did in the measurement window; it is one row of Locust's statistics."""

    request_type: str
    name: str
    duration_s: float
    """Length of the measurement window, which throughput is measured over."""
    requests: int
    failures: int
    failure_classes: Mapping[FailureClass, int] = field(default_factory=dict)
    failure_messages: Mapping[str, int] = field(default_factory=dict)
    """How often each error message occurred; free of secrets and short, as its writer sees to."""
    consumed_read_units: float | None = None
    """Capacity that DynamoDB reported; None when it reported none."""
    consumed_write_units: float | None = None
    latency: LatencyHistogram
    """From the instant a request was due to its complete answer."""
    service_time: LatencyHistogram
    """From the instant a request was sent to its complete answer."""
    server_times: Mapping[str, LatencyHistogram] = field(default_factory=dict)
    """What the target itself said that right answers took: `RETRIEVE` and `AGGREGATE`."""
    payload: SizeHistogram = field(default_factory=SizeHistogram)
    """How much data the target said that it read for right answers."""
    time_shares: TimeShares | None = None
    """Where the time went; None when no answer said it."""
    attempts: AttemptCounts | None = None
    """None when the client sends every request once."""
    warmup_requests: int = 0
    """Requests that were due in the warm-up, and are in no other figure."""
    answered: int | None = None
    """Right answers that came within the window, whenever they were due; None: all of them did."""
    answers: AnswerChecks | None = None
    """What the oracle found; None where there is none."""
    answer_sizes: AnswerSizes | None = None
    """None when there was no answer."""
    timeline: Timeline = field(default_factory=Timeline)
    """Requests over time; empty in reports from before it was recorded."""

    def __post_init__(self) -> None:
        if not 0 <= self.failures <= self.requests:
            raise ResultError(
                f"operation {self.name!r}: {self.failures} failures of {self.requests} requests"
            )
        if self.requests and not self.duration_s >= _SHORTEST_S:
            raise ResultError(
                f"operation {self.name!r}: {self.requests} requests in {self.duration_s:g} s"
            )

    @property
    def failure_ratio(self) -> float:
        """Failed requests of all, 0 to 1; 0 when there was no request."""
        return self.failures / self.requests if self.requests else 0.0

    @property
    def throughput_per_s(self) -> float:
        """Right answers per second that came within the measurement window.

        What is answered after the window, to requests that were due in it, is no throughput: a
        target that falls behind would seem to carry whatever it is sent.
        """
        if not self.requests:
            return 0.0
        answered = self.requests - self.failures if self.answered is None else self.answered
        return answered / self.duration_s

    @property
    def latency_ms(self) -> dict[str, float | None]:
        """Latency as min, mean, p50, p90, p95, p99, p99_9, max; all None without a request."""
        return self.latency.summary_ms()

    @property
    def service_time_ms(self) -> dict[str, float | None]:
        """Service time as min, mean, p50, p90, p95, p99, p99_9, max; None without a request."""
        return self.service_time.summary_ms()

    @property
    def omission_gap(self) -> float | None:
        """p99 of the latency over that of the service time; None without a request.

        It is 1 when nothing waited to be sent. A tool that begins to count when it sends would
        have reported a p99 that is too small by this factor.
        """
        latency_ns, service_time_ns = (
            each.quantile_ns(0.99) for each in (self.latency, self.service_time)
        )
        if latency_ns is None or service_time_ns is None:
            return None
        return latency_ns / service_time_ns

    @property
    def is_write(self) -> bool:
        """Whether it writes, as far as one can tell."""
        return self.name == WRITE_OPERATION or self.consumed_write_units is not None

    @property
    def shows_wrong_answers(self) -> bool:
        """Whether answers are checked, or some were wrong at first sight."""
        return self.answers is not None or FailureClass.WRONG_ANSWER in self.failure_classes

    @property
    def is_unverified(self) -> bool:
        """Whether it reads, and none of its answers was checked."""
        is_checked = self.answers is not None and self.answers.checked > 0
        return self.requests > 0 and not self.is_write and not is_checked

    def failures_of(self, failure_class: FailureClass | None) -> tuple[int, int]:
        """Return how many requests failed with this class (None: any), and of how many.

        Where only a sample of the answers was checked, wrong ones are counted among those, and
        among the others those that are wrong at first sight; the rest may be anything.
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

    def to_json(self) -> dict[str, object]:
        """Return the operation as in the report; derived figures are there for other readers."""
        return {
            "type": self.request_type,
            "name": self.name,
            "requests": self.requests,
            "warmup_requests": self.warmup_requests,
            "answered": self.answered,
            "failures": self.failures,
            "failure_ratio": self.failure_ratio,
            "failure_classes": {str(each): count for each, count in self.failure_classes.items()},
            "failure_messages": dict(self.failure_messages),
            "throughput_per_s": self.throughput_per_s,
            "consumed_read_units": self.consumed_read_units,
            "consumed_write_units": self.consumed_write_units,
            "latency_ms": self.latency_ms,
            "service_time_ms": self.service_time_ms,
            "histogram": self.latency.encode(),
            "out_of_range": self.latency.out_of_range_count,
            "service_time_histogram": self.service_time.encode(),
            "service_time_out_of_range": self.service_time.out_of_range_count,
            "omission_gap": self.omission_gap,
            "server_times": {
                name: {"summary_ms": each.summary_ms(), **_samples_to_json(each)}
                for name, each in self.server_times.items()
            },
            "payload": {
                "summary_bytes": self.payload.summary_bytes(),
                **_samples_to_json(self.payload),
            },
            "time_shares": None if self.time_shares is None else self.time_shares.to_json(),
            "attempts": None if self.attempts is None else self.attempts.to_json(),
            "answers": None if self.answers is None else self.answers.to_json(),
            "timeline": self.timeline.encode(),
            "answer_sizes": None if self.answer_sizes is None else self.answer_sizes.to_json(),
        }

    @classmethod
    def from_json(cls, reader: JsonReader, *, duration_s: float) -> Self:
        """Return what `to_json` wrote; derived figures are not read but derived again.

        What the target said of its answers, the attempts and what the oracle found may be missing:
        a report from before they were recorded has none.

        Raises:
            ResultError: a field is missing or cannot be, or two of them contradict each other.
        """
        classes = reader.counts("failure_classes")
        unknown = classes.keys() - set(FailureClass)
        if unknown:
            raise ResultError(
                f"{reader.path}.failure_classes: unknown {', '.join(sorted(unknown))}"
            )
        server_times, payload, time_shares, attempts, answers, sizes = map(
            reader.added_child,
            ("server_times", "payload", "time_shares", "attempts", "answers", "answer_sizes"),
        )
        operation = cls(
            request_type=reader.text("type"),
            name=reader.text("name"),
            duration_s=duration_s,
            requests=reader.count("requests"),
            failures=reader.count("failures"),
            warmup_requests=reader.count("warmup_requests"),
            answered=reader.optional_count("answered"),
            failure_classes={FailureClass(name): count for name, count in classes.items()},
            failure_messages=reader.counts("failure_messages"),
            consumed_read_units=reader.optional_number("consumed_read_units"),
            consumed_write_units=reader.optional_number("consumed_write_units"),
            latency=LatencyHistogram.decode(
                reader.text("histogram"), out_of_range_count=reader.count("out_of_range")
            ),
            service_time=LatencyHistogram.decode(
                reader.text("service_time_histogram"),
                out_of_range_count=reader.count("service_time_out_of_range"),
            ),
            server_times={}
            if server_times is None
            else {
                name: _samples_from_json(LatencyHistogram, server_times.child(name))
                for name in server_times.fields
            },
            payload=SizeHistogram()
            if payload is None
            else _samples_from_json(SizeHistogram, payload),
            time_shares=None if time_shares is None else TimeShares.from_json(time_shares),
            attempts=None if attempts is None else AttemptCounts.from_json(attempts),
            answers=None if answers is None else AnswerChecks.from_json(answers),
            answer_sizes=None if sizes is None else AnswerSizes.from_json(sizes),
            timeline=timeline_in(reader, "timeline"),
        )
        _check_samples(operation, reader.path)
        return operation


def _check_samples(operation: OperationResult, path: str) -> None:
    """Raise ResultError unless every request is in both histograms and, if there is one, in time.

    Else one file could hold two results: the requests of one and the percentiles of another.
    """
    recorded = {
        "histogram": _samples(operation.latency),
        "service_time_histogram": _samples(operation.service_time),
    }
    if operation.timeline.slices:  # older reports have none
        recorded["timeline"] = operation.timeline.requests
    for name, samples in recorded.items():
        if samples != operation.requests:
            raise ResultError(
                f"{path}.{name}: it has {samples} of the {operation.requests} requests"
            )


def _samples(histogram: LatencyHistogram) -> int:
    return histogram.count + histogram.out_of_range_count


def _samples_to_json(histogram: LatencyHistogram | SizeHistogram) -> dict[str, object]:
    return {"histogram": histogram.encode(), "out_of_range": histogram.out_of_range_count}


def _samples_from_json(kind: type[Samples], reader: JsonReader) -> Samples:
    return kind.decode(reader.text("histogram"), out_of_range_count=reader.count("out_of_range"))
