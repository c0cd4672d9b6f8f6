"""The history of a session as the page shows it: series over time, with their changes of level."""

from collections.abc import Iterable, Iterator
from typing import Final, TypedDict

from aqp_perf.core.results.trends import Trend
from aqp_perf.core.verdict.metrics import MetricKind, kind_of
from aqp_perf.reports.facts.runs import run_name
from aqp_perf.reports.facts.trends import (
    level_change_text,
    load_run_text,
    short_commit,
    shown_changes,
)
from aqp_perf.reports.figures import rounded
from aqp_perf.reports.lines import printable

_UNITS: Final = {MetricKind.LATENCY: "ms", MetricKind.THROUGHPUT: "/s", MetricKind.RATIO: "%"}
_MS_PER_S: Final = 1_000
_FEWEST_POINTS: Final = 2
_MOST_SERIES: Final = 400
"""A hundred operations, of whose figures each page has to hold every session."""


class TrendData(TypedDict):
    """A series as the page shows and draws it; values are in the unit."""

    name: str
    """Test, metric and operation."""
    changes: list[str]
    """A sentence for each, oldest first."""
    unit: str
    """``ms``, ``/s`` or ``%``."""
    has_own_days: bool
    """Whether the day alone names a session."""
    points: list[tuple[int, float, str]]
    """Unix time in ms, value and commit, oldest first."""
    levels: list[tuple[int, int, float]]
    """Index of the first point, index past the last, and mean of each level; none without a
    change."""


def trend_data(trends: Iterable[Trend]) -> list[TrendData]:
    """Return the trends that have enough points for a chart; of many, those with changes first."""
    drawn = _drawn(trends)
    if len(drawn) > _MOST_SERIES:
        drawn.sort(key=lambda trend: not trend.changes)
    return [_data(trend) for trend in drawn[:_MOST_SERIES]]


def series_left_out(trends: Iterable[Trend]) -> int:
    """Return how many trends have enough points for a chart, and have none."""
    return max(len(_drawn(trends)) - _MOST_SERIES, 0)


def run_changes(name: str, test: str, trends: Iterable[Trend]) -> Iterator[str]:
    """Yield the latest changes of the series of the run of this name and test."""
    changes, left_out = shown_changes(
        trend
        for trend in trends
        if trend.series.name.test == test and name == run_name(test, trend.series.name.number)
    )
    yield from (level_change_text(series, change) for series, change in changes)
    if left_out:
        yield f"{left_out} more"


def _drawn(trends: Iterable[Trend]) -> list[Trend]:
    return [trend for trend in trends if len(trend.series.points) >= _FEWEST_POINTS]


def _data(trend: Trend) -> TrendData:
    name, points, changes = trend.series.name, trend.series.points, trend.changes
    kind = kind_of(name.metric)
    scale = 100 if kind is MetricKind.RATIO else 1
    starts = [0, *(change.index for change in changes), len(points)]
    means = [*(change.before for change in changes[:1]), *(change.after for change in changes)]
    return TrendData(
        name=printable(f"{name.metric} of {name.operation} in {load_run_text(name)}"),
        changes=[printable(level_change_text(trend.series, change)) for change in changes],
        unit=_UNITS[kind],
        has_own_days=trend.series.has_own_days,
        points=[
            (
                round(point.started_at.timestamp() * _MS_PER_S),
                rounded(point.value * scale),
                printable(short_commit(point.commit)),
            )
            for point in points
        ],
        levels=[
            (start, end, rounded(mean * scale))
            for start, end, mean in zip(starts, starts[1:], means, strict=False)
        ],
    )
