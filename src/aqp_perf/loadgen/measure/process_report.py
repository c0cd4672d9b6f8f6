"""What a locust process reports of itself and of the requests that it counted."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Self

from aqp_perf.core.measured.operation import OperationResult
from aqp_perf.core.measured.run_result import GeneratorHealth, MeteredUnits
from aqp_perf.core.measured.stalls import ClassCounts
from aqp_perf.core.records import Count, Figure
from aqp_perf.loadgen.measure.health import HealthProbe
from aqp_perf.loadgen.measure.process_errors import ProcessErrors
from aqp_perf.loadgen.record.window import Window
from aqp_perf.loadgen.workload.sends import Sends
from aqp_perf.loadgen.workload.workload import Workload


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessState:
    """A process that sends requests."""

    window_s: Figure
    """Length of its measurement window so far."""
    has_stopped: bool
    has_cut_off_users: bool
    """Whether the stop timeout ended users that waited for an answer."""
    users_are_gone: bool
    """Whether all its users were there, and none is left."""
    has_reset_stats: bool
    """Whether its locustfile began Locust's statistics anew."""
    users_at_stop: Mapping[str, Count]
    """User class → its users when the test stopped; empty until then."""
    write_logs: Mapping[str, str]
    """Stream → the text of its `WriteLog`; empty until the process has stopped."""
    health: GeneratorHealth
    errors: ProcessErrors
    """Since the process began."""

    @classmethod
    def of(
        cls,
        window: Window,
        workload: Workload,
        probe: HealthProbe,
        *,
        errors: ProcessErrors,
        has_reset_stats: bool,
    ) -> Self:
        """Return the state of this process."""
        arrivals = workload.arrivals
        counts = None
        if arrivals.started_ns:
            due_and_sent = arrivals.counts_between(window.from_ns, window.until_ns)
            counts = (*due_and_sent, arrivals.caught_up_count)
        schedule = workload.schedule
        logs = workload.write_logs if window.is_over else []
        return cls(
            window_s=window.length_s,
            has_stopped=window.is_over,
            has_cut_off_users=workload.ending.has_cut_off_users,
            users_are_gone=workload.users_are_gone,
            has_reset_stats=has_reset_stats,
            users_at_stop=workload.ending.users_at_stop,
            write_logs={log.stream: log.to_text() for log in logs if log.count},
            health=replace(
                probe.health(counts, window.from_ns),
                user_classes=_class_counts(window, workload),
                peak_per_s=None if schedule is None else schedule.peak_per_s,
            ),
            errors=errors,
        )


def _class_counts(window: Window, workload: Workload) -> dict[str, ClassCounts]:
    due = workload.arrivals.due_between(window.from_ns, window.until_ns)
    counts = {}
    for name in sorted(due.keys() | workload.sends.keys()):
        sends = workload.sends.get(name, Sends())
        counts[name] = ClassCounts(due=due.get(name), sent=sends.sent, unrecorded=sends.unrecorded)
    return counts


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerReport:
    """What a worker measured since its last report; it travels inside Locust's own reports."""

    number: Count
    """Counts the reports of a worker in this test from 1; 0: from before the test."""
    state: ProcessState
    operations: tuple[OperationResult, ...]
    metered: MeteredUnits
    further_names: Count
    """Operations of this test so far beyond those that are recorded one by one."""
