"""What one load run measured, before anybody judges it.

The load generator writes a `RunResult` as its result file: one ``runs[]`` entry of the report
without the fields that only the test knows, which `perf.core.report` adds. Every figure counts
the measurement window alone, and failed requests like the others: their latencies are in the
histograms, as in Locust, because whoever waited for an error has waited.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Self

from perf.core.failures import FailureClass
from perf.core.histogram import LatencyHistogram
from perf.core.json_reader import JsonReader
from perf.core.thresholds import matching_operations
from perf.errors import ResultError


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

    def __post_init__(self) -> None:
        if not 0 <= self.failures <= self.requests:
            raise ResultError(
                f"operation {self.name!r}: {self.failures} failures of {self.requests} requests"
            )
        if self.requests and not self.duration_s > 0:
            raise ResultError(
                f"operation {self.name!r}: {self.requests} requests in {self.duration_s:g} s"
            )

    @property
    def failure_ratio(self) -> float:
        """Failed requests of all, 0 to 1; 0 when there was no request."""
        return self.failures / self.requests if self.requests else 0.0

    @property
    def throughput_per_s(self) -> float:
        """Right answers per second of the measurement window."""
        return (self.requests - self.failures) / self.duration_s if self.requests else 0.0

    @property
    def latency_ms(self) -> dict[str, float | None]:
        """Latency as min, mean, p50, p90, p95, p99, p99_9, max; all None without a request."""
        return self.latency.summary_ms()

    @property
    def service_time_ms(self) -> dict[str, float | None]:
        """Service time as min, mean, p50, p90, p95, p99, p99_9, max; None without a request."""
        return self.service_time.summary_ms()

    def to_json(self) -> dict[str, object]:
        """Return the operation as in the report; derived figures are there for other readers."""
        return {
            "type": self.request_type,
            "name": self.name,
            "requests": self.requests,
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
        }

    @classmethod
    def from_json(cls, reader: JsonReader, *, duration_s: float) -> Self:
        """Return what `to_json` wrote; derived figures are not read but derived again.

        Raises:
            ResultError: a field is missing or cannot be.
        """
        classes = reader.counts("failure_classes")
        unknown = classes.keys() - set(FailureClass)
        if unknown:
            raise ResultError(
                f"{reader.path}.failure_classes: unknown {', '.join(sorted(unknown))}"
            )
        return cls(
            request_type=reader.text("type"),
            name=reader.text("name"),
            duration_s=duration_s,
            requests=reader.count("requests"),
            failures=reader.count("failures"),
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
        )


def merge_operations(parts: Iterable[OperationResult]) -> tuple[OperationResult, ...]:
    """Return one result per request type and name, of the parts that several workers measured.

    The workers share one measurement window: the longest of theirs counts.
    """
    groups: dict[tuple[str, str], list[OperationResult]] = {}
    for part in parts:
        groups.setdefault((part.request_type, part.name), []).append(part)
    return tuple(_merge(group) for group in groups.values())


def _merge(parts: list[OperationResult]) -> OperationResult:
    latency, service_time = LatencyHistogram(), LatencyHistogram()
    classes: Counter[FailureClass] = Counter()
    messages: Counter[str] = Counter()
    for part in parts:
        latency.merge(part.latency)
        service_time.merge(part.service_time)
        classes.update(part.failure_classes)
        messages.update(part.failure_messages)
    return OperationResult(
        request_type=parts[0].request_type,
        name=parts[0].name,
        duration_s=max(part.duration_s for part in parts),
        requests=sum(part.requests for part in parts),
        failures=sum(part.failures for part in parts),
        failure_classes=dict(classes),
        failure_messages=dict(messages),
        consumed_read_units=_sum_known(part.consumed_read_units for part in parts),
        consumed_write_units=_sum_known(part.consumed_write_units for part in parts),
        latency=latency,
        service_time=service_time,
    )


def _sum_known(units: Iterable[float | None]) -> float | None:
    known = [each for each in units if each is not None]
    return sum(known) if known else None


@dataclass(frozen=True, slots=True, kw_only=True)
class GeneratorHealth:
    """How the load generator itself did: it decides whether the run measured the target.

    None stands for a figure that this kind of run does not have.
    """

    processes: int
    """Processes that sent requests, on all machines."""
    cpu_ratio_max: float | None = None
    """CPU time per second of the busiest process; 1 is a whole core."""
    loop_lag_p99_ms: float | None = None
    """How late the event loop woke up, of the process where that was worst."""
    arrivals_due: int | None = None
    """Requests the schedule asked for in the measurement window; None in a closed model."""
    arrivals_sent: int | None = None
    """Those of them that were sent, at the end of the run at the latest, or caught up after it no
    slower than they had come due."""
    connections_opened: int | None = None
    """Connections that were made in the measurement window."""
    pool_waits: int | None = None
    """Requests that waited because no connection was free; their service time has that in it."""

    def to_json(self) -> dict[str, object]:
        """Return the health as in the report."""
        return asdict(self)

    @classmethod
    def from_json(cls, reader: JsonReader) -> Self:
        """Return what `to_json` wrote."""
        return cls(
            processes=reader.count("processes"),
            cpu_ratio_max=reader.optional_number("cpu_ratio_max"),
            loop_lag_p99_ms=reader.optional_number("loop_lag_p99_ms"),
            arrivals_due=reader.optional_count("arrivals_due"),
            arrivals_sent=reader.optional_count("arrivals_sent"),
            connections_opened=reader.optional_count("connections_opened"),
            pool_waits=reader.optional_count("pool_waits"),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class RunResult:
    """What one run of the load generator measured: the content of its result file."""

    command: tuple[str, ...]
    """The locust command that anybody can run again."""
    started_at: datetime
    """Start of the measurement window, in UTC."""
    duration_s: float
    """Length of the measurement window; 0 when the run ended before it began."""
    users: int
    interrupted: bool = False
    aborted: str | None = None
    """Why the run was ended early as hopeless; None when it was not."""
    invalid_reasons: tuple[str, ...] = ()
    """What the generator itself knows to have spoiled the run, such as a lost worker."""
    generator: GeneratorHealth
    operations: tuple[OperationResult, ...]

    def __post_init__(self) -> None:
        if len(self.labelled) < len(self.operations):
            labels = ", ".join(self.labelled)
            raise ResultError(f"some of these operations occur twice: {labels}; merge them first")

    @property
    def requests(self) -> int:
        """Number of requests of all operations."""
        return sum(each.requests for each in self.operations)

    @property
    def labelled(self) -> dict[str, OperationResult]:
        """The operations by the label people select them with.

        The label is the name; only where two request types share a name, as ``GET /cart`` and
        ``POST /cart`` do, the type stands in front.
        """
        names = Counter(each.name for each in self.operations)
        return {
            each.name if names[each.name] == 1 else f"{each.request_type} {each.name}": each
            for each in self.operations
        }

    def operation(self, selector: str) -> OperationResult:
        """Return the operation with this label, or the only one that this glob matches.

        Raises:
            ResultError: there is none, or there are several; it lists the labels.
        """
        labelled = self.labelled
        matches = matching_operations(selector, labelled)
        if len(matches) == 1:
            return labelled[matches[0]]
        found = (
            f"several operations match: {', '.join(matches)}" if matches else "no such operation"
        )
        raise ResultError(
            f"operation {selector!r}: {found}; this run has {', '.join(labelled) or 'none'}"
        )

    def to_json(self) -> dict[str, object]:
        """Return the run as in the report, without what only the test knows."""
        return {
            "command": list(self.command),
            "started_at": format_instant(self.started_at),
            "duration_s": self.duration_s,
            "users": self.users,
            "interrupted": self.interrupted,
            "aborted": self.aborted,
            "invalid_reasons": list(self.invalid_reasons),
            "generator": self.generator.to_json(),
            "operations": {label: each.to_json() for label, each in self.labelled.items()},
        }

    @classmethod
    def from_json(cls, data: object) -> Self:
        """Return what `to_json` wrote.

        Args:
            data: parsed JSON, from a source that may be damaged.

        Raises:
            ResultError: a field is missing or cannot be; it names the field.
        """
        reader = JsonReader.of(data, "run")
        duration_s = reader.number("duration_s")
        operations = reader.child("operations")
        return cls(
            command=reader.texts("command"),
            started_at=reader.instant("started_at"),
            duration_s=duration_s,
            users=reader.count("users"),
            interrupted=reader.flag("interrupted"),
            aborted=reader.optional_text("aborted"),
            invalid_reasons=reader.texts("invalid_reasons"),
            generator=GeneratorHealth.from_json(reader.child("generator")),
            operations=tuple(
                OperationResult.from_json(operations.child(label), duration_s=duration_s)
                for label in operations.fields
            ),
        )


def format_instant(instant: datetime) -> str:
    """Return an aware instant as ISO 8601 in UTC, ending in Z."""
    return instant.astimezone(UTC).isoformat().replace("+00:00", "Z")
