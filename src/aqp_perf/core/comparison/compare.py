"""Whether a run is worse than a baseline: by more than the rules allow, and not by chance.

A rule FAILs only when the relative change exceeds it, the change exceeds its floor, and the change
is significant. All changes of a session share one probability of a false alarm,
`FALSE_ALARM_RATIO`: its runs have equal parts of it, because they are judged one after the other,
and the rules of a run share theirs by Holm's method.

Source: S. Holm, "A simple sequentially rejective multiple test procedure", Scandinavian Journal of
    Statistics 6(2):65-70, 1979.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import chain
from math import ceil, inf
from statistics import NormalDist
from typing import Final

from aqp_perf.core.comparison.figures import (
    Figures,
    falls_when_worse,
    figures_of,
    needed_samples,
    samples_of,
    value_of,
)
from aqp_perf.core.comparison.outcome import Change, Comparison, ComparisonJudgement
from aqp_perf.core.comparison.rules import COMPARED_METRICS, ComparisonRule
from aqp_perf.core.measured.operation import OperationResult
from aqp_perf.core.measured.run_result import RunResult
from aqp_perf.core.measured.selectors import select_operations
from aqp_perf.core.verdict.metrics import MetricKind, format_quantity
from aqp_perf.core.verdict.observations import CONFIDENCE
from aqp_perf.core.verdict.slices import SlicedOperation
from aqp_perf.core.verdict.verdicts import Verdict
from aqp_perf.errors import ResultError

FALSE_ALARM_RATIO: Final = 0.005
"""Probability that a session FAILs although nothing has changed. The documentation promises 1 %;
the other half allows for approximations here, see ``benchmarks/gate_errors.py``."""

_NORMAL: Final = NormalDist()
_FURTHEST_Z: Final = 12.0
"""Smaller p-values are not told apart."""
_BISECTIONS: Final = 24
_POWER_Z: Final = _NORMAL.inv_cdf(0.9)
"""Requests are suggested for a power of 90 %."""
_MOST_TIMES: Final = 100
"""Larger factors are not suggested."""


def compare(  # noqa: PLR0913 - named, and most with a default
    before: RunResult | Sequence[RunResult],
    after: RunResult,
    rules: Sequence[ComparisonRule] = (),
    *,
    baseline: str = "baseline",
    false_alarm_ratio: float = FALSE_ALARM_RATIO,
    unmatched: Verdict = Verdict.NO_DATA,
    is_staged: bool = False,
) -> Comparison:
    """Compare a run with a baseline, or with the best of several, and judge the rules.

    The best of N runs was lucky. A change since it is a false alarm no more often than a change
    since any of the N is, so that each of them may raise only the N-th part (Bonferroni).

    Args:
        before: the baseline, or runs of which the best one counts for each operation and metric.
        after: the run.
        rules: one without an operation applies to all operations of both.
        baseline: name of the baseline.
        false_alarm_ratio: probability that any rule FAILs although nothing has changed.
        unmatched: verdict on an operation that the baseline does not have.
        is_staged: whether both runs had the same arrivals at a rate that changed over time.
    """
    runs = (before,) if isinstance(before, RunResult) else before
    both = _Both(runs, after, is_staged=is_staged)
    changes = tuple(
        _change(label, figures)
        for label in both.common_labels
        for metric in COMPARED_METRICS
        if isinstance(figures := both.figures(label, metric), Figures)
    )
    candidates = [judgement for rule in rules for judgement in _judge(both, rule, unmatched)]
    judgements = _judged_together(candidates, false_alarm_ratio / len(runs))
    return Comparison(baseline=baseline, changes=changes, judgements=judgements)


class _Both:
    """Earlier runs, of which the best one counts for each figure, and the run that they judge."""

    def __init__(self, before: Sequence[RunResult], after: RunResult, *, is_staged: bool) -> None:
        self._old = [run.labelled for run in before]
        self._sliced: dict[tuple[int, str], SlicedOperation] = {}
        self._new = {label: SlicedOperation(it) for label, it in after.labelled.items()}
        self._is_staged = is_staged
        self.old_labels: Final = frozenset(chain.from_iterable(self._old))
        self.labels: Final = tuple(dict.fromkeys((*self._new, *chain.from_iterable(self._old))))
        """Of the run, then those that only earlier ones have."""

    @property
    def common_labels(self) -> list[str]:
        """Labels of the operations that can be compared."""
        return [label for label in self._new if label in self.old_labels]

    def new(self, label: str) -> OperationResult | None:
        """Return an operation of the run; None: it has no such operation."""
        sliced = self._new.get(label)
        return None if sliced is None else sliced.result

    def figures(self, label: str, metric: str) -> Figures | str:
        """Return a metric of a common operation, or why it cannot be compared."""
        return figures_of(
            metric, self._best(label, metric), self._new[label], is_staged=self._is_staged
        )

    def _best(self, label: str, metric: str) -> SlicedOperation:
        def rank(index: int) -> tuple[bool, float]:
            operation = self._old[index][label]
            is_enough = samples_of(metric, operation) >= needed_samples(metric)
            value = value_of(metric, operation) if is_enough else 0.0
            return not is_enough, -value if falls_when_worse(metric) else value

        having = [index for index, operations in enumerate(self._old) if label in operations]
        best = min(having, key=rank)
        if (best, label) not in self._sliced:
            self._sliced[best, label] = SlicedOperation(self._old[best][label])
        return self._sliced[best, label]


def _judge(
    both: _Both, selecting: ComparisonRule, unmatched: Verdict
) -> Iterator[ComparisonJudgement]:
    """Yield a judgement for each operation; those above the rule are not yet tested by Holm."""
    selector, rule = selecting.operation, replace(selecting, operation=None)
    try:
        labels = select_operations(selector, both.labels)
    except ResultError as error:
        yield ComparisonJudgement.unjudged(selector, rule, str(error))
        return
    for label in labels:
        new = both.new(label)
        if label not in both.old_labels:
            reason = "the baseline has no such operation"
            yield ComparisonJudgement.unjudged(label, rule, reason, unmatched)
        elif new is None:
            yield ComparisonJudgement.unjudged(label, rule, "the run has no such operation")
        else:
            yield _judge_operation(label, rule, both.figures(label, rule.metric), new)


def _judge_operation(
    label: str, rule: ComparisonRule, figures: Figures | str, after: OperationResult
) -> ComparisonJudgement:
    if isinstance(figures, str):
        return ComparisonJudgement.unjudged(label, rule, figures)
    change = _change(label, figures)
    is_above = _is_above(rule, figures.before, figures.after)
    needed = needed_samples(rule.metric)
    if is_above and figures.worth < needed:
        reason = (
            f"worse than the rule allows, but requests depend on one another: they are worth "
            f"{figures.worth:.0f} independent ones, and {needed} are needed"
        )
        return replace(ComparisonJudgement.unjudged(label, rule, reason), change=change)
    return ComparisonJudgement(
        operation=label,
        rule=rule,
        change=change,
        chance=_chance(figures) if is_above else None,
        verdict=Verdict.PASS,
        reason=_generator_reason(rule, figures.before, after) if is_above else "",
    )


def _is_above(rule: ComparisonRule, before: float, after: float) -> bool:
    worse_by = before - after if falls_when_worse(rule.metric) else after - before
    return worse_by > rule.floor and worse_by > rule.most_ratio * before


def _generator_reason(rule: ComparisonRule, before: float, after: OperationResult) -> str:
    """Return how the load generator itself explains a change; empty: it does not."""
    touched = after.touched
    if touched is None:
        return ""
    failures = after.failures - sum(touched.failures.values())
    least = value_of(rule.metric, replace(after, failures=failures, latency=after.least_latency))
    if _is_above(rule, before, least):
        return ""
    return (
        f"worse than the rule allows, but that may be the load generator's doing: without what it "
        f"can have added to {touched.requests:,} requests {rule.metric} is "
        f"{format_quantity(float(f'{least:.3g}'), rule.kind)}"
    )


def _judged_together(
    judgements: Sequence[ComparisonJudgement], false_alarm_ratio: float
) -> tuple[ComparisonJudgement, ...]:
    """Return the judgements, FAIL where the change is significant by Holm's method.

    INVALID instead of FAIL are those that already have a reason why the change proves nothing.
    A change within its rule cannot raise a false alarm, but counts as one of the rules.
    """
    judged = list(judgements)
    left = sum(
        judgement.verdict is not Verdict.NO_DATA and not judgement.is_unmatched
        for judgement in judgements
    )
    by_chance = sorted(
        (judgement.chance, index)
        for index, judgement in enumerate(judgements)
        if judgement.chance is not None
    )
    is_significant, most = True, 0.0
    for chance, index in by_chance:
        if is_significant:  # after the first that is not, none is
            most = false_alarm_ratio / left
            is_significant = chance <= most
        left -= 1
        judged[index] = (
            replace(
                judged[index], verdict=Verdict.INVALID if judged[index].reason else Verdict.FAIL
            )
            if is_significant
            else replace(judged[index], reason=_unproven_reason(chance, most))
        )
    return tuple(judged)


def _unproven_reason(chance: float, most: float) -> str:
    """Return why a change above the rule passes, and how many requests would settle it."""
    p, needed_p = (
        format_quantity(float(f"{ratio:.2g}"), MetricKind.RATIO) for ratio in (chance, most)
    )
    text = f"worse than the rule allows, but not significant (p = {p}, needs ≤ {needed_p})"
    # Standard errors shrink with the square root of the requests.
    found_z, needed_z = -_NORMAL.inv_cdf(chance), -_NORMAL.inv_cdf(most)
    factor = ((needed_z + _POWER_Z) / found_z) ** 2 if found_z > 0 else inf
    if factor > _MOST_TIMES:
        return text
    return f"{text}; about {ceil(factor)} times the requests would settle it"


def _chance(figures: Figures) -> float:
    """Return the p-value of a change for the worse, by bisection."""
    low, high = 0.0, _FURTHEST_Z
    for _ in range(_BISECTIONS):
        middle = (low + high) / 2
        low, high = (middle, high) if figures.is_worse(middle) else (low, middle)
    return _NORMAL.cdf(-low)


def _change(label: str, figures: Figures) -> Change:
    return Change(
        operation=label,
        metric=figures.metric,
        before=figures.before,
        after=figures.after,
        change_ratio=figures.change_ratio,
        ci95=figures.interval(_NORMAL.inv_cdf((1 + CONFIDENCE) / 2)),
    )
