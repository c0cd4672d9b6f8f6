"""What the page shows of a run, in words and figures: the template only lays it out."""

import shlex
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import inf
from typing import Final, NamedTuple

from perf.core.histogram import LatencyHistogram
from perf.core.metrics import MetricKind
from perf.core.operation import OperationResult
from perf.core.oracle.wrong_answer import WrongAnswer
from perf.core.report import JudgedRun
from perf.core.result import RunResult
from perf.core.trends import Trend
from perf.core.verdicts import Judgement, Verdict
from perf.reports.decisive import decisive_text
from perf.reports.figures import figure, observed_figure
from perf.reports.html.by_operation import by_operation
from perf.reports.html.comparison_view import ComparisonView, comparison_view
from perf.reports.html.facts import (
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
from perf.reports.html.trend_view import run_changes
from perf.reports.lines import printable
from perf.reports.time_lines import time_lines
from perf.reports.verdict_block import audit_faults, headline_text

OPERATION_TIMES: Final = {
    "mean": "mean",
    "min": "min",
    "p50": "p50",
    "p95": "p95",
    "p99": "p99",
    "p99_9": "p99.9",
    "max": "max",
}
"""Key of a summary → title of its column."""

_MOST_OPEN: Final = 3
"""Runs on a page before those that passed are folded."""
_ANY_WIDTH: Final = 1_000_000
"""The browser wraps lines, not we."""


class OperationRow(NamedTuple):
    """A row of the table of operations: what one did, or below it its service times."""

    kind: str
    """``operation``, ``service`` or ``all``."""
    name: str
    counts: tuple[str, ...]
    """Requests, failures, right answers a second; empty for service times."""
    times: tuple[str, ...]
    """Milliseconds, in the order of `OPERATION_TIMES`."""


class ThresholdRow(NamedTuple):
    """One threshold on one operation."""

    verdict: Verdict
    operation: str
    rule: str
    observed: str
    margin: str
    samples: str
    reason: str


class FailureGroup(NamedTuple):
    """What failed of one operation."""

    operation: str
    title: str
    classes: tuple[Fact, ...]
    """Count and class."""
    messages: tuple[Fact, ...]
    """Count and message."""
    evidence: tuple[WrongAnswer, ...]


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
    worst_p99, failures = _worst_p99(run), _part(_failures(run), run.requests)
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
            Fact("Right answers", f"{figure(_throughput_per_s(run), DIGITS)}/s"),
            Fact("Requests", f"{run.requests:,}"),
            Fact("Failures", failures),
            *load_facts(judged),
        ),
        failures=failures,
        worst_p99=worst_p99,
        thresholds=by_operation(map(_threshold_row, judged.verdict.judgements)),
        comparison=comparison_view(judged.comparison),
        operations=tuple(_operation_rows(run)),
        operation_names=tuple(run.labelled),
        first_operation=_first_operation(judged),
        has_service_times=any(each.latency != each.service_time for each in run.operations),
        has_time_shares=any(each.time_shares is not None for each in run.operations),
        time_notes=tuple(
            line.text
            for label, operation in run.labelled.items()
            for line in time_lines(label, operation, _ANY_WIDTH)
        ),
        failure_groups=tuple(_failure_groups(run)),
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


def _operation_rows(run: RunResult) -> Iterator[OperationRow]:
    for label, operation in run.labelled.items():
        yield _operation_row("operation", label, operation)
        if operation.latency != operation.service_time:
            yield OperationRow("service", "service time", (), _times(operation.service_time_ms))
    if len(run.operations) > 1:
        together = LatencyHistogram()
        for operation in run.operations:
            together.merge(operation.latency)
        counts = _counts(run.requests, _failures(run), _throughput_per_s(run))
        yield OperationRow("all", "all operations", counts, _times(together.summary_ms()))


def _operation_row(kind: str, name: str, operation: OperationResult) -> OperationRow:
    counts = _counts(operation.requests, operation.failures, operation.throughput_per_s)
    return OperationRow(kind, name, counts, _times(operation.latency_ms))


def _counts(requests: int, failures: int, throughput_per_s: float) -> tuple[str, ...]:
    return f"{requests:,}", _part(failures, requests), figure(throughput_per_s, DIGITS)


def _failures(run: RunResult) -> int:
    return sum(each.failures for each in run.operations)


def _throughput_per_s(run: RunResult) -> float:
    return sum(each.throughput_per_s for each in run.operations)


def _times(summary_ms: Mapping[str, float | None]) -> tuple[str, ...]:
    values_ms = (summary_ms[key] for key in OPERATION_TIMES)
    return tuple(UNKNOWN if each is None else figure(each, DIGITS) for each in values_ms)


def _threshold_row(judgement: Judgement) -> ThresholdRow:
    rule, observed, margin = judgement.threshold, judgement.observed, judgement.margin_ratio
    return ThresholdRow(
        verdict=judgement.verdict,
        operation=judgement.operation or "every operation",
        rule=rule.rule,
        observed=UNKNOWN if observed is None else _observed(observed, judgement),
        margin=UNKNOWN if margin is None else f"{margin:+.0%}",
        samples=f"{judgement.samples:,}",
        reason=judgement.reason,
    )


def _observed(observed: float, judgement: Judgement) -> str:
    """Return what was observed, and its interval with the unit of each end."""
    rule = judgement.threshold
    value, *ends = (
        observed_figure(each, None, rule.kind, rule.limit)
        for each in (observed, *(judgement.ci95 or ()))
    )
    return f"{value} [{', '.join(ends)}]" if ends else value


def _failure_groups(run: RunResult) -> Iterator[FailureGroup]:
    for label, operation in run.labelled.items():
        evidence = () if operation.answers is None else operation.answers.evidence
        classes = {str(each): count for each, count in operation.failure_classes.items()}
        if operation.failures or evidence:
            yield FailureGroup(
                operation=label,
                title=f"{_part(operation.failures, operation.requests)} of its requests failed",
                classes=tuple(_by_count(classes)),
                messages=tuple(_by_count(operation.failure_messages)),
                evidence=evidence,
            )


def _by_count(counts: Mapping[str, int]) -> Iterator[Fact]:
    """Yield count and name, the most frequent first."""
    for name, count in sorted(counts.items(), key=lambda each: -each[1]):
        if count:
            yield Fact(f"{count:,}", name)


def _part(count: int, total: int) -> str:
    """Return a count, and which part of the total it is."""
    return f"{count:,} ({count / total:.2%})" if total and count else f"{count:,}"
