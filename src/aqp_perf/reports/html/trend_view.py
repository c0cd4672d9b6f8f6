"""The history of a session as the page shows it: series over time, with their changes of level."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final, NamedTuple, TypedDict

from aqp_perf.core.results.trends import Trend
from aqp_perf.core.verdict.metrics import MetricKind, kind_of
from aqp_perf.reports.figures import rounded
from aqp_perf.reports.lines import printable
from aqp_perf.reports.text.trend_lines import (
    change_text,
    load_run_text,
    recent_changes,
    short_commit,
)

_UNITS: Final = {MetricKind.LATENCY: "ms", MetricKind.THROUGHPUT: "/s", MetricKind.RATIO: "%"}
_MS_PER_S: Final = 1_000
_LEAST_POINTS: Final = 2
"""One night is no trend."""


class TrendView(NamedTuple):
    """A series in words."""

    label: str
    """Test, metric and operation."""
    changes: tuple[str, ...]
    """A sentence for each, oldest first."""


class TrendData(TypedDict):
    """A series as it is drawn; values are in the unit."""

    name: str
    unit: str
    """``ms``, ``/s`` or ``%``."""
    has_own_days: bool
    """Whether the day alone names a session."""
    points: list[tuple[int, float, str]]
    """Unix time in ms, value and commit, oldest first."""
    levels: list[tuple[int, int, float]]
    """First point, the one past the last, and mean of each level."""


def shown_trends(trends: Iterable[Trend]) -> tuple[Trend, ...]:
    """Return the trends that have something to show."""
    return tuple(each for each in trends if len(each.series.points) >= _LEAST_POINTS)


def trend_views(trends: Sequence[Trend]) -> tuple[TrendView, ...]:
    """Return what the page says of each."""
    return tuple(
        TrendView(_label(each), tuple(change_text(each.series, it) for it in each.changes))
        for each in trends
    )


def trend_data(trends: Sequence[Trend]) -> list[TrendData]:
    """Return what the chart of each draws."""
    return [_data(each) for each in trends]


def run_changes(name: str, test: str, trends: Iterable[Trend]) -> Iterator[str]:
    """Yield the latest change of each series of a run, which is the one its test calls so."""
    for series, change in recent_changes(trends):
        number = f" (run {series.name.number})" if series.name.number > 1 else ""
        if series.name.test == test and name == f"{printable(test)}{number}":
            yield change_text(series, change)


def _label(trend: Trend) -> str:
    name = trend.series.name
    return f"{name.metric} of {name.operation} in {load_run_text(name)}"


def _data(trend: Trend) -> TrendData:
    kind = kind_of(trend.series.name.metric)
    scale = 100 if kind is MetricKind.RATIO else 1
    return TrendData(
        name=printable(_label(trend)),
        unit=_UNITS[kind],
        has_own_days=trend.series.has_own_days,
        points=[
            (
                round(each.started_at.timestamp() * _MS_PER_S),
                rounded(each.value * scale),
                printable(short_commit(each.commit)),
            )
            for each in trend.series.points
        ],
        levels=[(start, end, rounded(mean * scale)) for start, end, mean in _levels(trend)],
    )


def _levels(trend: Trend) -> Iterator[tuple[int, int, float]]:
    """Yield the levels between the changes; none without a change."""
    starts = [0, *(each.index for each in trend.changes), len(trend.series.points)]
    means = [each.before for each in trend.changes[:1]] + [each.after for each in trend.changes]
    yield from zip(starts, starts[1:], means, strict=False)
