"""A run beside its baseline: what the rules say, and how every figure has changed."""

from collections.abc import Iterator
from typing import Final

from aqp_perf.core.comparison.outcome import Change, Comparison, ComparisonJudgement
from aqp_perf.core.results.judged_run import JudgedRun
from aqp_perf.core.verdict.metrics import kind_of
from aqp_perf.core.verdict.verdicts import Verdict, worst
from aqp_perf.reports.figures import observed_figure
from aqp_perf.reports.lines import Line, Style, align, wrapped

_HEADER: Final = ("", "rule or metric", "then", "now", "change [95 % interval]")
_SIDES: Final = "<<>><"
_INDENT: Final = "  "
_WHOLE_PERCENTS: Final = 0.1
"""From this change on nobody asks for tenths of a percent."""
_STYLE_OF: Final = {
    Verdict.PASS: Style.GOOD,
    Verdict.FAIL: Style.BAD,
    Verdict.INVALID: Style.WARNING,
    Verdict.NO_DATA: Style.WARNING,
}


def comparison_block(judged: JudgedRun, width: int = 100) -> list[Line]:
    """Return how the run did beside its baseline; nothing when there is none."""
    comparison = judged.comparison
    if comparison is None:
        return []
    style = _STYLE_OF[worst(comparison.verdicts)] if comparison.judgements else Style.PLAIN
    if comparison.reason:
        style = Style.WARNING
    # Where the comparison decides, the headline of the run has said it.
    text = (
        f"beside baseline {comparison.baseline}" if decides(judged) else comparison_text(comparison)
    )
    opening = [Line(each, style) for each in wrapped(text, width)]
    return [*opening, *_table(comparison, width)]


def comparison_text(comparison: Comparison) -> str:
    """Return what the rules say, in a few words."""
    total = len(comparison.judgements)
    text = f"compared with baseline {comparison.baseline}: "
    if comparison.reason:
        return f"nothing to compare with: {comparison.reason}"
    if not total:
        return f"{text}no rule was set"
    broken = comparison.verdicts.count(Verdict.FAIL)
    unjudged = comparison.verdicts.count(Verdict.NO_DATA)
    unmatched = sum(each.is_unmatched for each in comparison.judgements)
    unproven = sum(each.is_unproven for each in comparison.judgements)
    text += f"{total - broken - unjudged - unmatched} of {total} rules kept"
    text += f", {broken} broken" if broken else ""
    text += f", {unjudged} not judged" if unjudged else ""
    text += f", {unmatched} with nothing to compare with" if unmatched else ""
    return text + (f"; {unproven} above the rule, not proven" if unproven else "")


def decides(judged: JudgedRun) -> bool:
    """Tell whether the verdict on the run comes from the comparison alone."""
    if judged.comparison is None:
        return False
    without = worst(each.verdict for each in judged.verdict.judgements)
    verdict = judged.verdict.verdict
    return verdict is not without and verdict in judged.comparison.verdicts


def change_figure(change: Change) -> str:
    """Return a relative change with its interval, as in ``+12% [+5%, +20%]``."""
    if change.change_ratio is None:
        return "from 0" if change.after else "none"
    text = f"{change.change_ratio:+z.1%}"
    if change.ci95 is None:
        return text
    low, high = change.ci95
    return f"{text} [{low:+z.1%}, {high:+z.1%}]"


def then_and_now(change: Change) -> str:
    """Return a change in a few words, as in ``9.8 ms -> 24.5 ms, +150%``."""
    kind = kind_of(change.metric)
    then, now = (observed_figure(each, None, kind) for each in (change.before, change.after))
    text = f"{then} -> {now}"
    return text if change.change_ratio is None else f"{text}, {ratio_figure(change.change_ratio)}"


def ratio_figure(ratio: float) -> str:
    """Return a relative change in percent, as in ``+150%`` or ``-2.5%``."""
    return f"{ratio:+.0%}" if abs(ratio) >= _WHOLE_PERCENTS else f"{ratio:+z.1%}"


def _table(comparison: Comparison, width: int) -> Iterator[Line]:
    rows = list(_rows(comparison))
    if not rows:
        return
    header, *texts = align([_HEADER, *(cells for _, _, cells in rows)], _SIDES)
    yield Line(f"{_INDENT}{header}")
    shown: str | None = None
    for (operation, judgement, _), text in zip(rows, texts, strict=True):
        if operation != shown:
            shown = operation
            yield from (Line(each, Style.TITLE) for each in wrapped(operation, width))
        style = _style(judgement)
        yield Line(f"{_INDENT}{text}", style)
        for each in wrapped(judgement.reason if judgement else "", width, _INDENT * 2):
            yield Line(each, style)


def _style(judgement: ComparisonJudgement | None) -> Style:
    if judgement is None:
        return Style.PLAIN
    return Style.WARNING if judgement.is_doubtful else _STYLE_OF[judgement.verdict]


def _rows(
    comparison: Comparison,
) -> Iterator[tuple[str, ComparisonJudgement | None, tuple[str, ...]]]:
    """Yield operation, judgement if any, and cells: by operation, its rules first."""
    judgements, changes = comparison.judgements, comparison.changes
    operations = (*(each.operation for each in judgements), *(each.operation for each in changes))
    for operation in dict.fromkeys(operations):
        name = operation or "every operation"
        own = [each for each in judgements if each.operation == operation]
        for each in own:
            mark = " !" if each.is_doubtful else ""
            yield name, each, _cells(f"{each.verdict.upper()}{mark}", each.rule.rule, each.change)
        ruled = {each.rule.metric for each in own if each.change is not None}
        for change in changes:
            if change.operation == operation and change.metric not in ruled:
                yield name, None, _cells("", change.metric, change)


def _cells(verdict: str, what: str, change: Change | None) -> tuple[str, ...]:
    if change is None:
        return verdict, what, "-", "-", "-"
    kind = kind_of(change.metric)
    then, now = (observed_figure(each, None, kind) for each in (change.before, change.after))
    return verdict, what, then, now, change_figure(change)
