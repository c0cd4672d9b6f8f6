"""The history of a session, for the terminal."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from aqp_perf.core.results.series import Series
from aqp_perf.core.results.trends import LevelChange, Trend
from aqp_perf.core.verdict.metrics import kind_of
from aqp_perf.reports.facts.trends import (
    HEADING,
    is_worse,
    level_change_text,
    load_run_text,
    shown_changes,
)
from aqp_perf.reports.figures import counted, quantity_text
from aqp_perf.reports.lines import Line, Style, paragraph

_INDENT: Final = "  "


def trend_lines(trends: Iterable[Trend], width: int = 100) -> Iterator[Line]:
    """Yield the recent changes under a heading, each below the name of its test."""
    title = ""
    changes, left_out = shown_changes(trends)
    for series, change in changes:
        if not title:
            yield Line(HEADING, Style.TITLE)
        if title != load_run_text(series.name):
            title = load_run_text(series.name)
            yield from paragraph(title, width)
        yield from _change_lines(series, change, width)
    if left_out:
        yield from paragraph(f"{left_out} more: see the history", width)


def overview_lines(trends: Iterable[Trend], width: int = 100) -> Iterator[Line]:
    """Yield every series with its number of points, its newest value and all of its changes."""
    title = ""
    for trend in trends:
        name, points = trend.series.name, trend.series.points
        if title != (own := f"{load_run_text(name)}: {name.conditions}"):
            title = own
            yield Line("")
            yield from paragraph(title, width, Style.TITLE)
        newest = quantity_text(points[-1].value, kind_of(name.metric))
        count = counted(len(points), "session")
        yield from paragraph(f"{name.metric} of {name.operation}: {newest} ({count})", width)
        for change in trend.changes:
            yield from _change_lines(trend.series, change, width)


def skipped_lines(skipped: Sequence[str], width: int = 100) -> Iterator[Line]:
    """Yield which files of a history were not read, and why."""
    for text in skipped:
        yield from paragraph(f"skipped: {text}", width, Style.WARNING)


def _change_lines(series: Series, change: LevelChange, width: int) -> Iterator[Line]:
    style = Style.WARNING if is_worse(series.name.metric, change) else Style.PLAIN
    return paragraph(level_change_text(series, change), width, style, _INDENT)
