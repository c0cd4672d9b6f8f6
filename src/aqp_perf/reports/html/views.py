"""The texts and figures that the page shows of a run; the template only lays them out."""

import shlex
from collections.abc import Iterable, Iterator, Mapping, Sequence
from math import inf
from typing import Final, NamedTuple

from aqp_perf.core.measured.operation import OperationResult, all_together
from aqp_perf.core.measured.run_result import RunResult
from aqp_perf.core.results.judged_run import JudgedRun
from aqp_perf.core.results.trends import Trend
from aqp_perf.core.verdict.metrics import MetricKind
from aqp_perf.core.verdict.verdicts import Verdict
from aqp_perf.reports.facts.comparisons import comparison_rows, comparison_text
from aqp_perf.reports.facts.conditions import cost_facts, generator_facts, origin_facts
from aqp_perf.reports.facts.decisive import decisive_text
from aqp_perf.reports.facts.hidden_waits import hidden_wait_text
from aqp_perf.reports.facts.operations import failure_groups, run_time_notes
from aqp_perf.reports.facts.proof import answer_facts, audit_facts, is_unaudited, key_facts
from aqp_perf.reports.facts.shown import shown
from aqp_perf.reports.facts.verdicts import (
    headline_text,
    log_texts,
    margin_rank,
    threshold_rows,
    verdict_reasons,
)
from aqp_perf.reports.figures import DIGITS, UNKNOWN, Fact, figure, part_text, quantity_text
from aqp_perf.reports.html.trend_view import run_changes
from aqp_perf.reports.lines import printable

OPERATION_TIMES: Final = {
    key: key.replace("_", ".") for key in ("mean", "min", "p50", "p95", "p99", "p99_9", "max")
}
"""Key of a summary → title of its column."""

_MOST_OPEN: Final = 3
"""With more runs on a page, those that passed are folded."""


class OperationRow(NamedTuple):
    """A row of the table of operations: one operation, its service times, or all operations."""

    kind: str
    """``operation``, ``service`` or ``all``: the class of the row in the style sheet."""
    name: str
    counts: tuple[str, ...]
    """Requests, failures, throughput; empty for service times."""
    times: tuple[str, ...]
    """Milliseconds, in the order of `OPERATION_TIMES`."""


def run_views(
    runs: Sequence[tuple[str, JudgedRun]], trends: Sequence[Trend]
) -> list[Mapping[str, object]]:
    """Return what ``run.html.j2`` shows of every run, and of the history of its session."""
    is_long = len(runs) > _MOST_OPEN
    return [
        _run_view(name, judged)
        | {
            "anchor": f"run-{number}",
            "is_open": not judged.superseded
            and (not is_long or judged.verdict.verdict is not Verdict.PASS),
            "changes": list(run_changes(name, judged.test, trends)),
        }
        for number, (name, judged) in enumerate(runs, 1)
    ]


def _run_view(name: str, judged: JudgedRun) -> dict[str, object]:
    run = judged.run
    operations = shown(judged, run.labelled)
    failures = part_text(sum(it.failures for it in run.operations), run.requests)
    throughput = figure(sum(it.throughput_per_s for it in run.operations), DIGITS)
    decisive, reasons = decisive_text(judged), [*map(printable, verdict_reasons(judged))]
    hidden = hidden_wait_text(judged)
    thresholds = threshold_rows(judged)
    worst_p99, pacing = _worst_p99(run), judged.profile.get("pacing")
    return {
        "name": name,
        "verdict": judged.verdict.verdict,
        "headline": headline_text(judged),
        "decisive": decisive,
        "reasons": [] if reasons == [decisive] else reasons,
        "key_figures": [
            Fact("Highest p99", worst_p99),
            Fact("Throughput", f"{throughput}/s"),
            Fact("Requests", f"{run.requests:,}"),
            Fact("Failures", failures),
            Fact("Users", f"{run.users:,}"),
            Fact("Duration", f"{figure(run.duration_s, DIGITS)} s"),
            *([] if pacing is None else [Fact("Pacing", str(pacing))]),
        ],
        "failures": failures,
        "worst_p99": worst_p99,
        "notes": [*map(printable, (*judged.verdict.remarks, *log_texts(judged)))],
        "thresholds": thresholds,
        "has_bounds": any(row.bounds for rows in thresholds.of.values() for row in rows),
        "comparisons": [
            {
                "kind": comparison.kind,
                "text": comparison_text(comparison),
                "rows": comparison_rows(judged, comparison),
            }
            for comparison in judged.comparisons
        ],
        "operations": list(_operation_rows(run, operations.of)),
        "operation_names": list(operations.of),
        "more_operations": operations.more,
        "first_operation": _first_operation(judged, operations.of),
        "has_service_times": any(it.latency != it.service_time for it in operations.of.values()),
        "has_time_shares": any(it.time_shares is not None for it in operations.of.values()),
        "time_notes": [*run_time_notes(judged), *([] if hidden is None else [hidden])],
        "failure_groups": failure_groups(judged),
        "answers": list(answer_facts(judged)),
        "audit": [
            *audit_facts(judged),
            *key_facts(judged),
            *([Fact("writes", "not audited")] if is_unaudited(judged) else []),
        ],
        "cost": list(cost_facts(judged)),
        "generator": list(generator_facts(run)),
        "origin": list(origin_facts(judged)),
        "command": shlex.join(run.command),
    }


def _operation_rows(
    run: RunResult, operations: Mapping[str, OperationResult]
) -> Iterator[OperationRow]:
    for label, operation in operations.items():
        yield _operation_row("operation", label, operation)
        if operation.latency != operation.service_time:
            yield OperationRow("service", "service time", (), _times(operation.service_time_ms))
    if len(run.operations) > 1:
        yield _operation_row("all", "all operations", all_together(run.operations))


def _operation_row(kind: str, name: str, operation: OperationResult) -> OperationRow:
    counts = (
        f"{operation.requests:,}",
        part_text(operation.failures, operation.requests),
        figure(operation.throughput_per_s, DIGITS),
    )
    return OperationRow(kind, name, counts, _times(operation.latency_ms))


def _times(summary_ms: Mapping[str, float | None]) -> tuple[str, ...]:
    values_ms = (summary_ms[key] for key in OPERATION_TIMES)
    return tuple(UNKNOWN if it is None else figure(it, DIGITS) for it in values_ms)


def _worst_p99(run: RunResult) -> str:
    """Return the p99 of the operation where it is highest."""
    p99s_ms = (operation.latency_ms["p99"] for operation in run.operations)
    worst_ms = max((it for it in p99s_ms if it is not None), default=None)
    return quantity_text(worst_ms, MetricKind.LATENCY)


def _first_operation(judged: JudgedRun, operations: Iterable[str]) -> int:
    """Return the index of the operation with the lowest margin, whose charts are shown first."""
    lowest = dict.fromkeys(operations, inf)
    for judgement in judged.verdict.judgements:
        if judgement.operation in lowest:
            margin = min(lowest[judgement.operation], margin_rank(judgement))
            lowest[judgement.operation] = margin
    return min(range(len(lowest)), key=list(lowest.values()).__getitem__, default=0)
