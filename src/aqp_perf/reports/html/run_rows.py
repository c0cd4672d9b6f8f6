"""Rows of the tables of a run: operations, thresholds, failures."""

from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

from aqp_perf.core.measured.operation import OperationResult
from aqp_perf.core.measured.run_result import RunResult
from aqp_perf.core.proof.wrong_answer import WrongAnswer
from aqp_perf.core.samples.histogram import LatencyHistogram
from aqp_perf.core.verdict.verdicts import Judgement, Verdict
from aqp_perf.reports.figures import figure, observed_figure
from aqp_perf.reports.html.facts import DIGITS, UNKNOWN, Fact

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


def operation_rows(run: RunResult) -> Iterator[OperationRow]:
    """Yield what every operation did, its service times where they differ, and all together."""
    for label, operation in run.labelled.items():
        yield _operation_row("operation", label, operation)
        if operation.latency != operation.service_time:
            yield OperationRow("service", "service time", (), _times(operation.service_time_ms))
    if len(run.operations) > 1:
        together = LatencyHistogram()
        for operation in run.operations:
            together.merge(operation.latency)
        counts = _counts(run.requests, failure_count(run), throughput_per_s(run))
        yield OperationRow("all", "all operations", counts, _times(together.summary_ms()))


def _operation_row(kind: str, name: str, operation: OperationResult) -> OperationRow:
    counts = _counts(operation.requests, operation.failures, operation.throughput_per_s)
    return OperationRow(kind, name, counts, _times(operation.latency_ms))


def _counts(requests: int, failures: int, throughput_per_s: float) -> tuple[str, ...]:
    return f"{requests:,}", part_text(failures, requests), figure(throughput_per_s, DIGITS)


def failure_count(run: RunResult) -> int:
    """Return how many requests failed, of all operations."""
    return sum(each.failures for each in run.operations)


def throughput_per_s(run: RunResult) -> float:
    """Return the right answers per second, of all operations."""
    return sum(each.throughput_per_s for each in run.operations)


def _times(summary_ms: Mapping[str, float | None]) -> tuple[str, ...]:
    values_ms = (summary_ms[key] for key in OPERATION_TIMES)
    return tuple(UNKNOWN if each is None else figure(each, DIGITS) for each in values_ms)


def threshold_row(judgement: Judgement) -> ThresholdRow:
    """Return what a threshold said of an operation."""
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


def failure_groups(run: RunResult) -> Iterator[FailureGroup]:
    """Yield the operations that have failures or wrong answers."""
    for label, operation in run.labelled.items():
        evidence = () if operation.answers is None else operation.answers.evidence
        classes = {str(each): count for each, count in operation.failure_classes.items()}
        if operation.failures or evidence:
            yield FailureGroup(
                operation=label,
                title=f"{part_text(operation.failures, operation.requests)} of its requests failed",
                classes=tuple(_by_count(classes)),
                messages=tuple(_by_count(operation.failure_messages)),
                evidence=evidence,
            )


def _by_count(counts: Mapping[str, int]) -> Iterator[Fact]:
    """Yield count and name, the most frequent first."""
    for name, count in sorted(counts.items(), key=lambda each: -each[1]):
        if count:
            yield Fact(f"{count:,}", name)


def part_text(count: int, total: int) -> str:
    """Return a count, and which part of the total it is."""
    return f"{count:,} ({count / total:.2%})" if total and count else f"{count:,}"
