"""Whether a run is worse than an earlier one: more than is let pass, and by more than chance.

A rule FAILs only when three things agree: the relative change is above the rule, the change is
above its floor, and it is no chance. All changes that a gate judges share the chance of a false
alarm (`FALSE_ALARM_RATIO`): the runs of a session by equal parts, because they are judged one after
the other, and the rules of a run by Holm's method.

Source: S. Holm, "A simple sequentially rejective multiple test procedure", Scandinavian Journal of
    Statistics 6(2):65-70, 1979.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from math import ceil, inf
from statistics import NormalDist
from typing import Final

from aqp_perf.core.comparison.figures import Figures, figures_of, needed_samples
from aqp_perf.core.comparison.outcome import Change, Comparison, ComparisonJudgement
from aqp_perf.core.comparison.rules import COMPARED_METRICS, ComparisonRule
from aqp_perf.core.comparison.slices import SlicedOperation
from aqp_perf.core.measured.run_result import RunResult
from aqp_perf.core.measured.selectors import select_operations
from aqp_perf.core.verdict.metrics import MetricKind, format_quantity
from aqp_perf.core.verdict.observations import CONFIDENCE
from aqp_perf.core.verdict.verdicts import Verdict
from aqp_perf.errors import ResultError

FALSE_ALARM_RATIO: Final = 0.005
"""Of gates where nothing has changed, so many may FAIL. What is promised is 1 %: the other half is
for what is approximate here; see ``benchmarks/gate_errors.py``."""

_NORMAL: Final = NormalDist()
_FURTHEST_Z: Final = 12.0
"""Nothing is more certain than that."""
_BISECTIONS: Final = 24
_POWER_Z: Final = _NORMAL.inv_cdf(0.9)
"""So many requests that nine of ten such comparisons would prove the change."""
_MOST_TIMES: Final = 100
"""Nobody sends more than so many times the requests to find out."""


def compare(  # noqa: PLR0913 - named, and most with a default
    before: RunResult,
    after: RunResult,
    rules: Sequence[ComparisonRule] = (),
    *,
    baseline: str = "baseline",
    false_alarm_ratio: float = FALSE_ALARM_RATIO,
    unmatched: Verdict = Verdict.NO_DATA,
) -> Comparison:
    """Compare a run with an earlier one, and judge the rules.

    Args:
        before: the earlier one.
        after: the one in question.
        rules: one without an operation holds for all of both runs.
        baseline: what people call the earlier one.
        false_alarm_ratio: how often any of the rules may FAIL when nothing has changed.
        unmatched: what a rule says of an operation that the earlier one does not have.
    """
    old, new = _sliced(before), _sliced(after)
    both = [label for label in new if label in old]
    changes = tuple(
        _change(label, figures)
        for label in both
        for metric in COMPARED_METRICS
        if isinstance(figures := figures_of(metric, old[label], new[label]), Figures)
    )
    judged = [each for rule in rules for each in _judge(old, new, rule, unmatched)]
    judgements = _judged_together(judged, false_alarm_ratio)
    return Comparison(baseline=baseline, changes=changes, judgements=judgements)


def _sliced(run: RunResult) -> dict[str, SlicedOperation]:
    return {label: SlicedOperation(each) for label, each in run.labelled.items()}


def _judge(
    before: Mapping[str, SlicedOperation],
    after: Mapping[str, SlicedOperation],
    selecting: ComparisonRule,
    unmatched: Verdict,
) -> Iterator[ComparisonJudgement]:
    """Yield what the rule says of each operation; a change for the worse is not yet judged."""
    selector, rule = selecting.operation, replace(selecting, operation=None)
    try:
        labels = select_operations(selector, (*after, *before))
    except ResultError as error:
        yield ComparisonJudgement.no_data(selector, rule, str(error))
        return
    for label in labels:
        old, new = before.get(label), after.get(label)
        if old is None:
            reason = "the baseline has no such operation"
            yield ComparisonJudgement.unmatched(label, rule, reason, unmatched)
        elif new is None:
            yield ComparisonJudgement.no_data(label, rule, "the run has no such operation")
        else:
            yield _judge_operation(label, rule, old, new)


def _judge_operation(
    label: str, rule: ComparisonRule, before: SlicedOperation, after: SlicedOperation
) -> ComparisonJudgement:
    figures = figures_of(rule.metric, before, after)
    if isinstance(figures, str):
        return ComparisonJudgement.no_data(label, rule, figures)
    worse_by = figures.worse_by
    is_above = worse_by > rule.floor and worse_by > rule.most_ratio * figures.before
    needed = needed_samples(rule.metric)
    if is_above and figures.worth < needed:
        reason = (
            f"above the rule, but requests come in clusters, and are worth {figures.worth:.0f} "
            f"independent ones: to tell takes {needed}"
        )
        return ComparisonJudgement.no_data(label, rule, reason, _change(label, figures))
    return ComparisonJudgement(
        operation=label,
        rule=rule,
        change=_change(label, figures),
        chance=_chance(figures) if is_above else None,
        verdict=Verdict.PASS,
    )


def _judged_together(
    judgements: Sequence[ComparisonJudgement], false_alarm_ratio: float
) -> tuple[ComparisonJudgement, ...]:
    """Return the judgements with those FAILing whose change is no chance, by Holm's method.

    A change within its rule cannot raise an alarm; it is counted among the rules nevertheless.
    """
    candidates = [index for index, each in enumerate(judgements) if each.chance is not None]
    candidates.sort(key=lambda index: judgements[index].chance or 0.0)
    left = sum(each.verdict is not Verdict.NO_DATA and not each.is_unmatched for each in judgements)
    judged = list(judgements)
    is_real, most = True, 0.0
    for index in candidates:
        each = judgements[index]
        chance = each.chance or 0.0
        if is_real:  # where one may be chance, so may all that are less clear
            most = false_alarm_ratio / left
            is_real = chance <= most
        left -= 1
        judged[index] = (
            replace(each, verdict=Verdict.FAIL)
            if is_real
            else replace(each, reason=_unproven_reason(chance, most))
        )
    return tuple(judged)


def _unproven_reason(chance: float, most: float) -> str:
    """Return why a change above the rule is let pass, and what would settle it."""
    is_chance, may_be = (
        format_quantity(float(f"{each:.2g}"), MetricKind.RATIO) for each in (chance, most)
    )
    text = (
        f"above the rule, not proven: without any change {is_chance} of comparisons look so bad, "
        f"and proof takes {may_be} or less"
    )
    # Standard errors shrink with the square root of the requests.
    found, needed = (-_NORMAL.inv_cdf(each) for each in (chance, most))
    factor = ((needed + _POWER_Z) / found) ** 2 if found > 0 else inf
    if factor > _MOST_TIMES:
        return text
    return (
        f"{text}; if the change is as large as it looks, about {ceil(factor)} times the requests "
        "in both runs would prove it"
    )


def _chance(figures: Figures) -> float:
    """Return the smallest level at which the change is one for the worse, by bisection."""
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
