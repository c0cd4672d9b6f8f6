"""What one load run measured, before it is judged; every figure is of the measurement window.

The load generator leaves a `RunResult` behind; `JudgedRun` adds what only the test knows.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from aqp_perf.core.aws.capacity_units import Units
from aqp_perf.core.measured.merging import BY_MAXIMUM
from aqp_perf.core.measured.operation import MOST_FURTHER_NAMES, OperationResult
from aqp_perf.core.measured.selectors import ALL, names_in_text, select_operations
from aqp_perf.core.measured.stalls import (
    MERGE_FREEZES,
    MERGE_LESS_EXACT,
    ClassCounts,
    Freeze,
    FreezeCause,
    LessExact,
)
from aqp_perf.core.records import Count, Figure, Instant
from aqp_perf.errors import ResultError


@dataclass(frozen=True, slots=True, kw_only=True)
class GeneratorHealth:
    """How the load generator itself did, which decides whether the run measured the target.

    None is a figure that this kind of run does not have.
    """

    processes: Count
    """Processes that sent requests, on all machines."""
    cpu_ratio_max: Figure | None = field(default=None, metadata=BY_MAXIMUM)
    """CPU time per second of the busiest process; 1 is a whole core."""
    loop_lag_p99_ms: Figure | None = field(default=None, metadata=BY_MAXIMUM)
    """How late the event loop woke up outside freezes, in the process where that was worst."""
    arrivals_due: Count | None = None
    """Requests the schedule asked for in the measurement window; None in a closed model."""
    arrivals_sent: Count | None = None
    """Those of them that were sent by the end of the run, or caught up after it no slower than they
    had come due."""
    arrivals_caught_up: Count | None = None
    """Requests that were due by the end of the run and sent after it."""
    frozen_s: Figure = field(default=0.0, metadata=BY_MAXIMUM)
    """How long the process stood still in the measurement window, where that was longest."""
    freezes: tuple[Freeze, ...] = field(default=(), metadata=MERGE_FREEZES)
    """The longest times in which a process, or a server of ours, stood still."""
    freeze_causes: Mapping[FreezeCause, Figure] = field(default_factory=dict)
    """Why processes stood still → for how many seconds in all."""
    user_classes: Mapping[str, ClassCounts] = field(default_factory=dict)
    """Requests by the class of the users that sent them; only classes that are paced."""
    peak_per_s: Figure | None = field(default=None, metadata=BY_MAXIMUM)
    """The highest arrival rate of the schedule, of all classes; None in a closed model."""
    connections_opened: Count | None = None
    """Connections that were opened, the warm-up included."""
    pool_waits: Count | None = None
    """Requests that waited for a free connection; their service time includes the wait."""
    less_exact: tuple[LessExact, ...] = field(default=(), metadata=MERGE_LESS_EXACT)
    """What the operating system of a process lacked."""

    @property
    def longest_freeze_s(self) -> float:
        """Length of the longest freeze; 0 without any."""
        return max((length_s for _, length_s in self.freezes), default=0.0)

    @property
    def main_cause(self) -> FreezeCause | None:
        """Why the load generator itself stood still for longest; None: it did not."""
        own = [cause for cause in self.freeze_causes if cause is not FreezeCause.SERVER]
        return max(own, key=lambda cause: self.freeze_causes[cause], default=None)

    @property
    def servers_waited_s(self) -> float:
        """How long servers of ours waited for a core."""
        return self.freeze_causes.get(FreezeCause.SERVER, 0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class MeteredUnits:
    """Capacity units that the requests of a run consumed, those of the warm-up included."""

    read: Figure = 0.0
    write: Figure = 0.0
    """As reported by DynamoDB, and one for each write without an answer."""
    estimated_read: Figure = 0.0
    """From the bytes that an AQP reported to have read; as planned where nothing was reported."""

    @property
    def units(self) -> Units:
        """All units, reported and estimated."""
        return Units(read=self.read + self.estimated_read, write=self.write)


@dataclass(frozen=True, kw_only=True)  # without slots, so that a figure is computed once
class RunResult:
    """What one run of the load generator measured."""

    command: tuple[str, ...]
    """The locust command, to run it again."""
    started_at: Instant
    """Start of the measurement window, in UTC."""
    duration_s: Figure
    """Length of the measurement window; 0 when the run ended before it began."""
    users: Count
    interrupted: bool = False
    aborted: str | None = None
    """Why the run was ended early as hopeless; None when it was not."""
    exit_code: int | None = None
    """What the locustfile set other than 0: it found the run wanting; None: it set none."""
    invalid_reasons: tuple[str, ...] = ()
    """What the generator itself found to spoil the run, such as a lost worker."""
    log_errors: tuple[str, ...] = ()
    """Errors in Locust's log that no reason tells, one line each; in reports only of an INVALID
    run."""
    generator: GeneratorHealth
    operations: tuple[OperationResult, ...]
    further_names: Count = 0
    """Operations beyond the first `MOST_OPERATIONS`, which are recorded as one, `OTHER_NAMES`."""
    metered: MeteredUnits | None = None
    """Capacity units of the whole run, the warm-up included; None: not metered."""

    def __post_init__(self) -> None:
        if len(self.labelled) < len(self.operations):
            labels = names_in_text(tuple(self.labelled))
            raise ValueError(f"some of these operations occur twice: {labels}; merge them first")

    @property
    def requests(self) -> int:
        """Number of requests of all operations."""
        return sum(operation.requests for operation in self.operations)

    @property
    def labelled(self) -> dict[str, OperationResult]:
        """The operations by label.

        The label is the name. Where two request types share a name, the type goes in front, as in
        ``GET /cart`` and ``POST /cart``. So it does where the name is that of all requests: `ALL`.
        """
        names = Counter(operation.name for operation in self.operations)
        names[ALL] += 1
        return {
            one.name if names[one.name] == 1 else f"{one.request_type} {one.name}": one
            for one in self.operations
        }

    @cached_property
    def mean_service_time_ns(self) -> float:
        """Mean service time of all requests; 0 without any."""
        times = [operation.service_time for operation in self.operations]
        count = sum(histogram.count for histogram in times)
        total_ns = sum((histogram.mean_ns or 0.0) * histogram.count for histogram in times)
        return total_ns / count if count else 0.0

    @property
    def mean_in_flight(self) -> float:
        """How many requests were in flight on average.

        Source: J. D. C. Little, "A proof for the queuing formula L = λW", Operations Research
            9(3):383-387, 1961.
        """
        total_ns = self.mean_service_time_ns * sum(it.service_time.count for it in self.operations)
        return total_ns / (self.duration_s * 1e9) if self.duration_s else 0.0

    @property
    def may_have_more_names(self) -> bool:
        """Whether ``further_names`` is a lower bound: nobody saw, or counted, all of them."""
        return self.generator.processes > 1 or self.further_names >= MOST_FURTHER_NAMES

    def operation(self, selector: str) -> OperationResult:
        """Return the operation with this label, or the only one that this glob matches.

        Raises:
            ResultError: no operation matches, or several do; it lists some labels.
        """
        labelled = self.labelled
        try:
            (label,) = select_operations(selector, labelled)
        except ResultError as error:
            raise ResultError(f"operation {selector!r}: {error}") from None
        return labelled[label]
