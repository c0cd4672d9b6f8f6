"""How a load run is doing, told while it is under way: enough to show it and to judge it so far."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final, Self

from aqp_perf.core.json_reader import JsonReader
from aqp_perf.core.measured.answer_checks import AnswerChecks
from aqp_perf.core.measured.failure_class import FailureClass
from aqp_perf.core.measured.metered_units import MeteredUnits
from aqp_perf.core.measured.operation import OperationResult
from aqp_perf.core.measured.run_result import GeneratorHealth, RunResult
from aqp_perf.core.samples.histogram import LatencyHistogram

_UNTOLD: Final = datetime.fromtimestamp(0, UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """A load run so far.

    What takes long to tell is left out when it is told: service times, timelines, what targets say
    of their own time, texts. So is the generator's health: whether it spoils the run is seen at the
    end.
    """

    elapsed_s: float
    """Since the load began, the warm-up included, when it was told."""
    users: int
    """There are now."""
    run: RunResult
    """As if it had ended now."""
    age_s: float = 0.0
    """How long ago it was told."""

    @property
    def arrivals(self) -> int:
        """All requests so far, the warm-up's too."""
        return sum(each.requests + each.warmup_requests for each in self.run.operations)

    def to_json(self) -> dict[str, object]:
        """Return what `from_json` reads."""
        metered = self.run.metered
        return {
            "elapsed_s": self.elapsed_s,
            "duration_s": self.run.duration_s,
            "users": self.users,
            "metered_units": None if metered is None else metered.to_json(),
            "operations": [_operation_to_json(each) for each in self.run.operations],
        }

    @classmethod
    def from_json(cls, data: object) -> Self:
        """Return what `to_json` wrote.

        Raises:
            ResultError: it did not.
        """
        reader = JsonReader.of(data, "progress")
        duration_s, users = reader.number("duration_s"), reader.count("users")
        metered = reader.optional_child("metered_units")
        run = RunResult(
            command=(),
            started_at=_UNTOLD,
            duration_s=duration_s,
            users=users,
            generator=GeneratorHealth(processes=1),
            operations=tuple(
                _operation_from_json(each, duration_s) for each in reader.children("operations")
            ),
            metered=None if metered is None else MeteredUnits.from_json(metered),
        )
        return cls(elapsed_s=reader.number("elapsed_s"), users=users, run=run)


def _operation_to_json(operation: OperationResult) -> dict[str, object]:
    answers = operation.answers
    return {
        "type": operation.request_type,
        "name": operation.name,
        "requests": operation.requests,
        "warmup_requests": operation.warmup_requests,
        "answered": operation.answered,
        "failures": operation.failures,
        "failure_classes": {str(each): count for each, count in operation.failure_classes.items()},
        "consumed_read_units": operation.consumed_read_units,
        "consumed_write_units": operation.consumed_write_units,
        "answers": None if answers is None else replace(answers, evidence=()).to_json(),
        "histogram": operation.latency.encode(),
        "out_of_range": operation.latency.out_of_range_count,
    }


def _operation_from_json(reader: JsonReader, duration_s: float) -> OperationResult:
    answers = reader.optional_child("answers")
    latency = LatencyHistogram.decode(
        reader.text("histogram"), out_of_range_count=reader.count("out_of_range")
    )
    return OperationResult(
        request_type=reader.text("type"),
        name=reader.text("name"),
        duration_s=duration_s,
        requests=reader.count("requests"),
        failures=reader.count("failures"),
        warmup_requests=reader.count("warmup_requests"),
        answered=reader.optional_count("answered"),
        failure_classes={
            FailureClass(name): count for name, count in reader.counts("failure_classes").items()
        },
        consumed_read_units=reader.optional_number("consumed_read_units"),
        consumed_write_units=reader.optional_number("consumed_write_units"),
        answers=None if answers is None else AnswerChecks.from_json(answers),
        latency=latency,
        service_time=latency,
    )
