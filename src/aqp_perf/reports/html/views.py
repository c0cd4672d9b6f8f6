"""What the page shows of a run, in words and figures: the template only lays it out."""

import shlex
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import inf
from typing import Final

from aqp_perf.core.measured.run_result import RunResult
from aqp_perf.core.results.judged_run import JudgedRun
from aqp_perf.core.results.trends import Trend
from aqp_perf.core.verdict.metrics import MetricKind
from aqp_perf.core.verdict.verdicts import Verdict
from aqp_perf.reports.figures import figure, observed_figure
from aqp_perf.reports.html.by_operation import by_operation
from aqp_perf.reports.html.comparison_view import ComparisonView, comparison_view
from aqp_perf.reports.html.facts import (
    DIGITS,
    UNKNOWN,
    Fact,
    answer_facts,
    audit_facts,
    cost_facts,
    generator_facts,
    load_facts,
    origin_facts,
)
from aqp_perf.reports.html.run_rows import (
    FailureGroup,
    OperationRow,
    ThresholdRow,
    failure_count,
    failure_groups,
    operation_rows,
    part_text,
    threshold_row,
    throughput_per_s,
)
from aqp_perf.reports.html.trend_view import run_changes
from aqp_perf.reports.lines import printable
from aqp_perf.reports.text.decisive import decisive_text
from aqp_perf.reports.text.time_lines import time_lines
from aqp_perf.reports.text.verdict_block import audit_faults, headline_text

_MOST_OPEN: Final = 3
"""Runs on a page before those that passed are folded."""
_ANY_WIDTH: Final = 1_000_000
"""The browser wraps lines, not we."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunView:
    """A run as the page shows it."""

    anchor: str
    name: str
    verdict: Verdict
    headline: str
    decisive: str
    """What the verdict hangs on most."""
    reasons: tuple[str, ...]
    """Empty where the decisive one is all that there is."""
    is_open: bool
    """Whether all of it is shown at first."""
    changes: tuple[str, ...]
    """Of its levels in the history."""
    key_figures: tuple[Fact, ...]
    failures: str
    worst_p99: str
    """Of the operation where it is highest."""
    thresholds: Mapping[str, Sequence[ThresholdRow]]
    """By operation."""
    comparison: ComparisonView | None
    """None without a baseline."""
    operations: tuple[OperationRow, ...]
    operation_names: tuple[str, ...]
    first_operation: int
    """Whose charts are seen first: the one whose worst margin is lowest."""
    has_service_times: bool
    """Whether any of its operations waited to be sent."""
    has_time_shares: bool
    time_notes: tuple[str, ...]
    """What there is to say of where time went, in sentences."""
    failure_groups: tuple[FailureGroup, ...]
    answers: tuple[Fact, ...]
    audit: tuple[Fact, ...]
    cost: tuple[Fact, ...]
    generator: tuple[Fact, ...]
    origin: tuple[Fact, ...]
    command: str


def run_views(
    runs: Sequence[tuple[str, JudgedRun]], trends: Sequence[Trend]
) -> tuple[RunView, ...]:
    """Return what the page shows of every run, which come with their names."""
    is_long = len(runs) > _MOST_OPEN
    return tuple(
        _run_view(
            f"run-{number}",
            name,
            judged,
            is_open=not is_long or judged.verdict.verdict is not Verdict.PASS,
            changes=run_changes(name, judged.test, trends),
        )
        for number, (name, judged) in enumerate(runs, 1)
    )


def _run_view(
    anchor: str, name: str, judged: JudgedRun, *, is_open: bool, changes: Iterable[str]
) -> RunView:
    run = judged.run
    ended_early = () if run.aborted is None else (f"ended early: {run.aborted}",)
    reasons = (*ended_early, *judged.verdict.invalid_reasons, *audit_faults(judged))
    decisive = decisive_text(judged)
    worst_p99, failures = _worst_p99(run), part_text(failure_count(run), run.requests)
    return RunView(
        anchor=anchor,
        name=name,
        verdict=judged.verdict.verdict,
        headline=headline_text(judged),
        decisive=decisive,
        reasons=() if [*map(printable, reasons)] == [decisive] else reasons,
        is_open=is_open,
        changes=tuple(changes),
        key_figures=(
            Fact("Highest p99", worst_p99),
            Fact("Right answers", f"{figure(throughput_per_s(run), DIGITS)}/s"),
            Fact("Requests", f"{run.requests:,}"),
            Fact("Failures", failures),
            *load_facts(judged),
        ),
        failures=failures,
        worst_p99=worst_p99,
        thresholds=by_operation(map(threshold_row, judged.verdict.judgements)),
        comparison=comparison_view(judged.comparison),
        operations=tuple(operation_rows(run)),
        operation_names=tuple(run.labelled),
        first_operation=_first_operation(judged),
        has_service_times=any(each.latency != each.service_time for each in run.operations),
        has_time_shares=any(each.time_shares is not None for each in run.operations),
        time_notes=tuple(
            line.text
            for label, operation in run.labelled.items()
            for line in time_lines(label, operation, _ANY_WIDTH)
        ),
        failure_groups=tuple(failure_groups(run)),
        answers=tuple(answer_facts(judged)),
        audit=tuple(audit_facts(judged)),
        cost=tuple(cost_facts(judged)),
        generator=tuple(generator_facts(run)),
        origin=tuple(origin_facts(judged)),
        command=shlex.join(run.command),
    )


def _worst_p99(run: RunResult) -> str:
    p99s_ms = [each.latency_ms["p99"] for each in run.operations]
    worst_ms = max((each for each in p99s_ms if each is not None), default=None)
    return UNKNOWN if worst_ms is None else observed_figure(worst_ms, None, MetricKind.LATENCY)


def _first_operation(judged: JudgedRun) -> int:
    """Return the index of the operation with the lowest margin; a broken limit of 0 goes first."""
    lowest = dict.fromkeys(judged.run.labelled, inf)
    for each in judged.verdict.judgements:
        margin = each.margin_ratio
        if margin is None:
            margin = -inf if each.verdict is Verdict.FAIL else inf
        if each.operation in lowest:
            lowest[each.operation] = min(lowest[each.operation], margin)
    return min(range(len(lowest)), key=list(lowest.values()).__getitem__, default=0)
