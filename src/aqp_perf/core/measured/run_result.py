"""What one load run measured, before anybody judges it.

The load generator writes a `RunResult` as its result file: one ``runs[]`` entry of the report
without the fields that only the test knows, which `judged_run` adds. Every figure counts
the measurement window alone.
"""

from collections import Counter
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Self

from aqp_perf.core.json_reader import JsonReader
from aqp_perf.core.measured.metered_units import MeteredUnits
from aqp_perf.core.measured.operation import OperationResult
from aqp_perf.core.measured.selectors import matching_operations
from aqp_perf.errors import ResultError


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
    arrivals_caught_up: int | None = None
    """How many were due by the end of the run and sent after it."""
    connections_opened: int | None = None
    """Connections that were made, the warm-up included."""
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
            arrivals_caught_up=reader.optional_count("arrivals_caught_up"),
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
    metered: MeteredUnits | None = None
    """What all of the run took from the table, the warm-up included; None: not metered."""

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
            "metered_units": None if self.metered is None else self.metered.to_json(),
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
        metered = reader.added_child("metered_units")
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
            metered=None if metered is None else MeteredUnits.from_json(metered),
        )


def format_instant(instant: datetime) -> str:
    """Return an aware instant as ISO 8601 in UTC, ending in Z."""
    return instant.astimezone(UTC).isoformat().replace("+00:00", "Z")
