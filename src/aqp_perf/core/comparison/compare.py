"""Whether a run is worse than a baseline: by more than the rules allow, and not by chance.

A rule FAILs only when the relative change exceeds it, the change exceeds its floor, and the change
is significant. All changes of a session share one probability of a false alarm,
`FALSE_ALARM_RATIO`: its runs have equal parts of it, because they are judged one after the other,
and the rules of a run share theirs by Holm's method.

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
    before: RunResult,
    after: RunResult,
    rules: Sequence[ComparisonRule] = (),
    *,
    baseline: str = "baseline",
    false_alarm_ratio: float = FALSE_ALARM_RATIO,
    unmatched: Verdict = Verdict.NO_DATA,
) -> Comparison:
    """Compare a run with a baseline and judge the rules.

    A rule without an operation applies to all operations of both. ``false_alarm_ratio`` is the
    probability that any rule FAILs although nothing has changed, and ``unmatched`` the verdict on
    an operation that the baseline does not have.
    """
    old, new = (
        {label: SlicedOperation(operation) for label, operation in run.labelled.items()}
        for run in (before, after)
    )
    both = [label for label in new if label in old]
    changes = tuple(
        _change(label, figures)
        for label in both
        for metric in COMPARED_METRICS
        if isinstance(figures := figures_of(metric, old[label], new[label]), Figures)
    )
    candidates = [judgement for rule in rules for judgement in _judge(old, new, rule, unmatched)]
    judgements = _judged_together(candidates, false_alarm_ratio)
    return Comparison(baseline=baseline, changes=changes, judgements=judgements)


def _judge(
    before: Mapping[str, SlicedOperation],
    after: Mapping[str, SlicedOperation],
    selecting: ComparisonRule,
    unmatched: Verdict,
) -> Iterator[ComparisonJudgement]:
    """Yield a judgement for each operation; those above the rule are not yet tested by Holm."""
    selector, rule = selecting.operation, replace(selecting, operation=None)
    try:
        labels = select_operations(selector, (*after, *before))
    except ResultError as error:
        yield ComparisonJudgement.unjudged(selector, rule, str(error))
        return
    for label in labels:
        old, new = before.get(label), after.get(label)
        if old is None:
            reason = "the baseline has no such operation"
            yield ComparisonJudgement.unjudged(label, rule, reason, unmatched)
        elif new is None:
            yield ComparisonJudgement.unjudged(label, rule, "the run has no such operation")
        else:
            yield _judge_operation(label, rule, old, new)


def _judge_operation(
    label: str, rule: ComparisonRule, before: SlicedOperation, after: SlicedOperation
) -> ComparisonJudgement:
    figures = figures_of(rule.metric, before, after)
    if isinstance(figures, str):
        return ComparisonJudgement.unjudged(label, rule, figures)
    change = _change(label, figures)
    worse_by = figures.worse_by
    is_above = worse_by > rule.floor and worse_by > rule.most_ratio * figures.before
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
    )


def _judged_together(
    judgements: Sequence[ComparisonJudgement], false_alarm_ratio: float
) -> tuple[ComparisonJudgement, ...]:
    """Return the judgements, FAIL where the change is significant by Holm's method.

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
            replace(judged[index], verdict=Verdict.FAIL)
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
