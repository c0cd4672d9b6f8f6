"""Every figure and verdict of a run as properties of its JUnit test case."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import fields
from typing import Final, TypeVar

from aqp_perf.core.comparison.outcome import Change, Comparison, ComparisonJudgement
from aqp_perf.core.measured.operation import OperationResult
from aqp_perf.core.measured.run_result import GeneratorHealth
from aqp_perf.core.results.judged_run import JudgedRun
from aqp_perf.core.verdict.hidden_waits import hidden_waits
from aqp_perf.core.verdict.verdicts import Judgement
from aqp_perf.reports.facts.shown import EVERY_OPERATION, shown
from aqp_perf.reports.facts.verdicts import bounds_text
from aqp_perf.reports.lines import cut_middle, printable

_IN_PARTS = frozenset({"freezes", "freeze_causes", "user_classes", "less_exact"})
"""Of the load generator; single freezes are in the results file."""
_MOST_NAME_CHARACTERS: Final = 100
"""Of one part of a name, as an operation."""

T = TypeVar("T", Judgement, Change, ComparisonJudgement)


def properties(judged: JudgedRun, prefix: str = "perf") -> list[tuple[str, str]]:
    """Return names and values, as in ``("perf.write_to_ddb.p99_ms", "12.3")``.

    In names everything but letters and digits becomes ``_``; of a long part ``…`` stands for its
    middle; a name that occurs again gets ``_2``. The ``prefix`` distinguishes the runs of a test
    with several. Values have no character that XML cannot hold. Neither the command nor error
    messages are among them.
    """
    taken: Counter[str] = Counter()
    named: list[tuple[str, str]] = []
    for *parts, value in _figures(judged):
        if value is None:
            continue
        name = ".".join((prefix, *map(_slug, parts)))
        taken[name] += 1
        named.append((name if taken[name] == 1 else f"{name}_{taken[name]}", printable(str(value))))
    return named


def _figures(judged: JudgedRun) -> Iterator[tuple[object, ...]]:
    """Yield the parts of every name, then its value; None: there is no such figure."""
    yield from _run_figures(judged)
    operations = shown(judged, judged.run.labelled)
    yield "operations_left_out", operations.left_out or None
    for label, operation in operations.of.items():
        for name, figure in _operation_figures(operation):
            yield label, name, figure
    for label, judgements in _shown_by_operation(judged, judged.verdict.judgements):
        for judgement in judgements:
            where = (label, judgement.threshold.metric)
            yield *where, "threshold", judgement.threshold
            yield *where, "verdict", judgement.verdict
            yield *where, "target_alone", bounds_text(judgement) or None
    for comparison in judged.comparisons:
        for figures in _comparison_figures(judged, comparison):
            yield "anchor" if comparison.is_anchor else "compare", *figures


def _run_figures(judged: JudgedRun) -> Iterator[tuple[object, ...]]:
    run, verdict = judged.run, judged.verdict
    yield "verdict", verdict.verdict
    yield "invalid_reasons", "; ".join(verdict.invalid_reasons)
    yield "notes", "; ".join(verdict.remarks) or None
    yield "aborted", run.aborted
    yield "target", judged.target.kind
    yield "target_label", judged.target.label
    yield "aqp", judged.aqp
    for key, value in judged.profile.items():
        yield "profile", key, value
    yield "seed", judged.seed
    if judged.cost is not None:
        yield "cost_usd", f"{judged.cost.spent:f}"
        yield "cost", judged.cost
    yield "users", run.users
    yield "duration_s", run.duration_s
    for name, figure in _generator_figures(run.generator):
        yield "generator", *name, figure
    hidden = hidden_waits(run, verdict.judgements)
    yield "hidden_wait_ratio", None if hidden is None else hidden.ratio
    yield "answers_not_verified", judged.unverified
    for field in () if judged.write_audit is None else fields(judged.write_audit):
        if not field.name.endswith("_keys"):  # those are in the results file
            yield "write_audit", field.name, getattr(judged.write_audit, field.name)


def _generator_figures(health: GeneratorHealth) -> Iterator[tuple[tuple[str, ...], object]]:
    for field in fields(health):
        if field.name not in _IN_PARTS:
            yield (field.name,), getattr(health, field.name)
    for cause, length_s in health.freeze_causes.items():
        yield ("freeze_causes", cause.name.lower()), length_s
    yield ("less_exact",), "; ".join(health.less_exact) or None
    for user_class, counts in health.user_classes.items():
        for count in fields(counts):
            yield (user_class, count.name), getattr(counts, count.name)


def _comparison_figures(judged: JudgedRun, comparison: Comparison) -> Iterator[tuple[object, ...]]:
    yield comparison.kind, comparison.baseline
    yield "not_compared", comparison.reason or None
    for label, changes in _shown_by_operation(judged, comparison.changes):
        for change in changes:
            yield label, change.metric, "change", change.change_ratio
    for label, judgements in _shown_by_operation(judged, comparison.judgements):
        for judgement in judgements:
            where = (label, judgement.rule.metric)
            yield *where, "rule", judgement.rule.rule
            yield *where, "verdict", judgement.verdict
            yield *where, "reason", judgement.reason or None


def _shown_by_operation(judged: JudgedRun, items: Iterable[T]) -> Iterable[tuple[str, list[T]]]:
    by_label: dict[str, list[T]] = {}
    for item in items:
        by_label.setdefault(item.operation or EVERY_OPERATION, []).append(item)
    return shown(judged, by_label).of.items()


def _operation_figures(operation: OperationResult) -> Iterator[tuple[str, object]]:
    yield "requests", operation.requests
    yield "failures", operation.failures
    yield "failure_ratio", operation.failure_ratio
    for failure_class, count in operation.failure_classes.items():
        yield f"failures_{failure_class}", count
    yield "throughput_per_s", operation.throughput_per_s
    yield "consumed_read_units", operation.consumed_read_units
    yield "consumed_write_units", operation.consumed_write_units
    for key, value_ms in operation.latency_ms.items():
        yield f"{key}_ms", value_ms
    for key, value_ms in operation.service_time_ms.items():
        yield f"service_time_{key}_ms", value_ms
    yield "omission_gap", operation.omission_gap
    yield from _answer_figures(operation)
    for name, histogram in operation.server_times.items():
        for key, value_ms in histogram.summary_ms().items():
            yield f"{name}_time_{key}_ms", value_ms
    for key, value_bytes in operation.payload.summary_bytes().items():
        yield f"payload_{key}_bytes", value_bytes
    if operation.time_shares is not None:
        yield "time_shares_answers", operation.time_shares.answers
        for share, mean_ms in operation.time_shares.means_ms.items():
            yield f"time_shares_{share}_ms", mean_ms
    if operation.attempts is not None:
        yield "attempts", operation.attempts.total
        yield "throttled_attempts", operation.attempts.throttled
        yield "backoff_s", operation.attempts.backoff_s


def _answer_figures(operation: OperationResult) -> Iterator[tuple[str, object]]:
    sizes, answers = operation.answer_sizes, operation.answers
    if sizes is not None:
        yield "answer_mean_bytes", sizes.mean_bytes
        yield "answer_mean_items", sizes.mean_items
    if answers is not None:
        yield "answers_checked", answers.checked
        for kind, count in answers.wrong.items():
            yield f"answers_{kind}", count


def _slug(part: object) -> str:
    slug = re.sub(r"[\W_]+", "_", str(part)).strip("_") or "_"
    return cut_middle(slug, _MOST_NAME_CHARACTERS)
