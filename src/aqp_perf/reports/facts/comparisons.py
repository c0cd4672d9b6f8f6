"""A run compared with its baseline: the outcome of every rule, and how every metric changed."""

from typing import Final, NamedTuple

from aqp_perf.core.comparison.outcome import Change, Comparison
from aqp_perf.core.results.judged_run import JudgedRun
from aqp_perf.core.verdict.metrics import kind_of
from aqp_perf.core.verdict.verdicts import Verdict, worst
from aqp_perf.reports.facts.shown import EVERY_OPERATION, Shown, shown
from aqp_perf.reports.figures import UNKNOWN, quantity_text

_WHOLE_PERCENTS: Final = 0.1
"""From this relative change on, tenths of a percent are left out."""


class ComparisonRow(NamedTuple):
    """The outcome of a rule on one operation, or the change of a metric without a rule."""

    what: str
    """The rule, or the metric."""
    before: str
    after: str
    change: str
    verdict: Verdict | None = None
    """None for a metric without a rule."""
    is_doubtful: bool = False
    """Whether it passes with a reservation, which is the reason."""
    reason: str = ""


def comparison_rows(judged: JudgedRun, comparison: Comparison) -> Shown[list[ComparisonRow]]:
    """Return the rows of the operations that are shown: rules, then metrics without a rule."""
    rows: dict[str, list[ComparisonRow]] = {}
    ruled = set()
    for it in comparison.judgements:
        if it.change is not None:
            ruled.add((it.change.operation, it.change.metric))
        figures = _figures(it.change)
        row = ComparisonRow(it.rule.rule, *figures, it.verdict, it.is_doubtful, it.reason)
        rows.setdefault(it.operation or EVERY_OPERATION, []).append(row)
    for change in comparison.changes:
        if (change.operation, change.metric) not in ruled:
            row = ComparisonRow(change.metric, *_figures(change))
            rows.setdefault(change.operation, []).append(row)
    return shown(judged, rows)


def comparison_text(comparison: Comparison) -> str:
    """Return how many rules were kept, or why nothing was compared."""
    if comparison.reason:
        return f"nothing to compare with: {comparison.reason}"
    text = f"compared with {comparison.title}: "
    total = len(comparison.judgements)
    if not total:
        return f"{text}no rule was set"
    verdicts = comparison.verdicts
    broken, undecided, unjudged = map(
        verdicts.count, (Verdict.FAIL, Verdict.INVALID, Verdict.NO_DATA)
    )
    unmatched = sum(judgement.is_unmatched for judgement in comparison.judgements)
    unproven = sum(judgement.is_unproven for judgement in comparison.judgements)
    text += f"{total - broken - undecided - unjudged - unmatched} of {total} rules kept"
    text += f", {broken} broken" if broken else ""
    text += f", {undecided} undecided" if undecided else ""
    text += f", {unjudged} not judged" if unjudged else ""
    text += f", {unmatched} with nothing to compare with" if unmatched else ""
    return text + (f"; {unproven} worse than allowed, not significant" if unproven else "")


def decisive_comparison(judged: JudgedRun) -> Comparison | None:
    """Return the comparison that decided the verdict of the run; None: none did alone."""
    without = worst(judgement.verdict for judgement in judged.verdict.judgements)
    verdict = judged.verdict.verdict
    if verdict is without:
        return None
    return next((each for each in judged.comparisons if verdict in each.verdicts), None)


def change_figure(change: Change) -> str:
    """Return a relative change with its interval, as in ``+12% [+5%, +20%]``."""
    if change.change_ratio is None:
        return "from 0" if change.after else "none"
    text = f"{change.change_ratio:+z.1%}"
    if change.ci95 is None:
        return text
    low, high = change.ci95
    return f"{text} [{low:+z.1%}, {high:+z.1%}]"


def change_text(change: Change) -> str:
    """Return a change in a few words, as in ``9.8 ms -> 24.5 ms, +150%``."""
    before, after, _ = _figures(change)
    text = f"{before} -> {after}"
    return text if change.change_ratio is None else f"{text}, {ratio_figure(change.change_ratio)}"


def ratio_figure(ratio: float) -> str:
    """Return a relative change in percent, as in ``+150%`` or ``-2.5%``."""
    return f"{ratio:+.0%}" if abs(ratio) >= _WHOLE_PERCENTS else f"{ratio:+z.1%}"


def _figures(change: Change | None) -> tuple[str, str, str]:
    """Return the value before, the value now, and the relative change."""
    if change is None:
        return UNKNOWN, UNKNOWN, UNKNOWN
    kind = kind_of(change.metric)
    before, after = quantity_text(change.before, kind), quantity_text(change.after, kind)
    return before, after, change_figure(change)
