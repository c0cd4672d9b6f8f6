"""How a load run is doing while it goes on: enough to show it and to judge it so far."""

from dataclasses import dataclass, replace
from typing import Self

from aqp_perf.core.measured.operation import OperationResult
from aqp_perf.core.measured.run_result import GeneratorHealth, RunResult
from aqp_perf.core.records import Count, Figure
from aqp_perf.core.samples.histogram import SizeHistogram
from aqp_perf.core.samples.timeline import Timeline


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """A load run so far."""

    elapsed_s: Figure
    """From the start of the load, the warm-up included, until this was written."""
    users: Count
    """Users at that time."""
    run: RunResult
    """The result as if the run had ended then."""
    age_s: Figure = 0.0
    """How long ago it was written."""

    @property
    def arrivals(self) -> int:
        """All requests so far, the warm-up included."""
        return sum(each.requests + each.warmup_requests for each in self.run.operations)

    def without_details(self) -> Self:
        """Return it without what is large or not shown while a run goes on.

        That is timelines, the target's own times, messages and evidence; and what makes a run
        invalid, because that is known only at its end.
        """
        run = replace(
            self.run,
            operations=tuple(map(_without_details, self.run.operations)),
            generator=GeneratorHealth(processes=self.run.generator.processes),
            exit_code=None,
            invalid_reasons=(),
            log_errors=(),
        )
        return replace(self, run=run)


def _without_details(operation: OperationResult) -> OperationResult:
    answers = operation.answers
    return replace(
        operation,
        server_times={},
        payload=SizeHistogram(),
        timeline=Timeline(),
        failure_messages={},
        answers=None if answers is None else replace(answers, evidence=()),
    )
