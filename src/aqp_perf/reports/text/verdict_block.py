"""The verdict on a run for the terminal: its reasons, every threshold, and the comparison."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from aqp_perf.core.results.judged_run import JudgedRun
from aqp_perf.core.verdict.verdicts import worst
from aqp_perf.reports.facts.comparisons import (
    ComparisonRow,
    comparison_rows,
    comparison_text,
    decisive_comparison,
)
from aqp_perf.reports.facts.verdicts import (
    AS_OBSERVED,
    ThresholdRow,
    headline,
    log_texts,
    threshold_rows,
    verdict_reasons,
)
from aqp_perf.reports.lines import STYLE_OF, Line, Style, align, paragraph

_THRESHOLDS: Final[tuple[tuple[str, ...], str]] = (
    ("", "threshold", "observed [95 % interval]", "margin", "samples"),
    "<<<>>",
)
_BOUNDED: Final[tuple[tuple[str, ...], str]] = (
    ("", "threshold", "observed [95 % interval]", "target alone", "margin", "samples"),
    "<<<<>>",
)
_INDENT: Final = "  "


class _Row(NamedTuple):
    cells: tuple[str, ...]
    reason: str
    """Stands below the row; may be empty."""
    style: Style


def verdict_block(judged: JudgedRun, width: int = 100) -> Iterator[Line]:
    """Yield the verdict, its reasons and every threshold, grouped by operation."""
    style = STYLE_OF[judged.verdict.verdict]
    yield from paragraph(headline(judged), width, style)
    for reason in verdict_reasons(judged):
        yield from paragraph(reason, width, style, "- ")
    for note in judged.verdict.remarks:
        yield from paragraph(f"note: {note}", width)
    for text in log_texts(judged):
        yield from paragraph(text, width)
    thresholds = threshold_rows(judged)
    has_bounds = any(row.bounds for rows in thresholds.of.values() for row in rows)
    groups = {
        operation: [_threshold_row(row, has_bounds=has_bounds) for row in rows]
        for operation, rows in thresholds.of.items()
    }
    header, sides = _BOUNDED if has_bounds else _THRESHOLDS
    yield from _table(header, sides, groups, width)
    yield from paragraph(thresholds.more, width)


def comparison_block(judged: JudgedRun, width: int = 100) -> Iterator[Line]:
    """Yield the comparisons with baseline and anchor; nothing for a run without any."""
    decisive = decisive_comparison(judged)
    for comparison in judged.comparisons:
        style = STYLE_OF[worst(comparison.verdicts)] if comparison.judgements else Style.PLAIN
        if comparison.reason:
            style = Style.WARNING
        # The outcome of the one that decides is in the headline of the run.
        text = comparison.title if comparison is decisive else comparison_text(comparison)
        yield from paragraph(text, width, style)
        shown = comparison_rows(judged, comparison)
        groups = {
            operation: [_comparison_row(row) for row in rows]
            for operation, rows in shown.of.items()
        }
        header = ("", "rule or metric", comparison.kind, "now", "change [95 % interval]")
        yield from _table(header, "<<>><", groups, width)
        yield from paragraph(shown.more, width)


def _threshold_row(row: ThresholdRow, *, has_bounds: bool) -> _Row:
    bounds = [row.bounds or AS_OBSERVED] if has_bounds else []
    cells = (row.verdict.upper(), row.rule, row.observed, *bounds, row.margin, row.samples)
    return _Row(cells, row.reason, STYLE_OF[row.verdict])


def _comparison_row(row: ComparisonRow) -> _Row:
    if row.verdict is None:
        verdict, style = "", Style.PLAIN
    elif row.is_doubtful:
        verdict, style = f"{row.verdict.upper()} !", Style.WARNING
    else:
        verdict, style = row.verdict.upper(), STYLE_OF[row.verdict]
    return _Row((verdict, row.what, row.before, row.after, row.change), row.reason, style)


def _table(
    header: tuple[str, ...], sides: str, groups: Mapping[str, Sequence[_Row]], width: int
) -> Iterator[Line]:
    """Yield rows below the name of their operation, which is too long for a column."""
    if not groups:
        return
    cells = [row.cells for rows in groups.values() for row in rows]
    title, *texts = align([header, *cells], sides)
    yield Line(f"{_INDENT}{title}")
    numbered = iter(texts)
    for operation, rows in groups.items():
        yield from paragraph(operation, width, Style.TITLE)
        for row in rows:
            yield Line(f"{_INDENT}{next(numbered)}", row.style)
            yield from paragraph(row.reason, width, row.style, _INDENT * 2)
