"""A run beside its baseline, as the page shows it."""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from aqp_perf.core.comparison.outcome import Change, Comparison
from aqp_perf.core.verdict.metrics import kind_of
from aqp_perf.core.verdict.verdicts import Verdict
from aqp_perf.reports.figures import observed_figure
from aqp_perf.reports.html.by_operation import by_operation
from aqp_perf.reports.html.facts import UNKNOWN
from aqp_perf.reports.text.comparison_block import change_figure, comparison_text


class ComparisonRow(NamedTuple):
    """What a rule says of one operation, or how one of its metrics has changed."""

    verdict: Verdict | None
    """None for a metric without a rule."""
    operation: str
    what: str
    """The rule, or the metric."""
    before: str
    after: str
    change: str
    reason: str


class ComparisonView(NamedTuple):
    """What is to be seen of a comparison."""

    text: str
    rows: Mapping[str, Sequence[ComparisonRow]]
    """By operation."""


def comparison_view(comparison: Comparison | None) -> ComparisonView | None:
    """Return the rules, then the metrics that no rule has shown; None without a baseline."""
    if comparison is None:
        return None
    return ComparisonView(comparison_text(comparison), by_operation(_rows(comparison)))


def _rows(comparison: Comparison) -> Iterator[ComparisonRow]:
    shown = set()
    for each in comparison.judgements:
        if each.change is not None:
            shown.add((each.change.operation, each.change.metric))
        operation = each.operation or "every operation"
        figures = (UNKNOWN,) * 3 if each.change is None else _figures(each.change)
        yield ComparisonRow(each.verdict, operation, each.rule.rule, *figures, each.reason)
    for change in comparison.changes:
        if (change.operation, change.metric) not in shown:
            yield ComparisonRow(None, change.operation, change.metric, *_figures(change), "")


def _figures(change: Change) -> tuple[str, str, str]:
    kind = kind_of(change.metric)
    before, after = (observed_figure(each, None, kind) for each in (change.before, change.after))
    return before, after, change_figure(change)
