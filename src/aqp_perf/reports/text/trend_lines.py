"""Changes in the history of a session, for the terminal."""

from collections.abc import Iterable, Iterator, Sequence
from math import isinf
from typing import Final

from aqp_perf.core.results.series import Series, SeriesName, TrackedMetric
from aqp_perf.core.results.trends import Change, Trend
from aqp_perf.core.verdict.metrics import MetricKind, kind_of
from aqp_perf.reports.figures import observed_figure
from aqp_perf.reports.lines import Line, Style, wrapped

_SHORT: Final = 7
"""Digits of a commit, as git abbreviates it."""
_INDENT: Final = "  "
HEADING: Final = "history: changes of level"
_RECENT: Final = 30
"""Points after which a change is no news any more."""


def trend_lines(trends: Iterable[Trend], width: int = 100) -> Iterator[Line]:
    """Yield the changes that are news under a heading, each below the name of its test."""
    title = ""
    for series, change in recent_changes(trends):
        name = series.name
        if not title:
            yield Line(HEADING, Style.TITLE)
        if title != load_run_text(name):
            title = load_run_text(name)
            yield from (Line(text) for text in wrapped(title, width))
        for text in wrapped(change_text(series, change), width, _INDENT):
            yield Line(text, _style(name, change))


def recent_changes(trends: Iterable[Trend]) -> Iterator[tuple[Series, Change]]:
    """Yield the last change of every series that has a recent one."""
    for trend in trends:
        recent = [each for each in trend.changes if _age(trend, each) <= _RECENT]
        if recent:
            yield trend.series, recent[-1]


def overview_lines(trends: Iterable[Trend], width: int = 100) -> Iterator[Line]:
    """Yield every series with its number of points, its newest value and all of its changes."""
    title = ""
    for trend in trends:
        name, points = trend.series.name, trend.series.points
        if title != (own := f"{load_run_text(name)}: {name.conditions}"):
            title = own
            yield Line("")
            yield from (Line(text, Style.TITLE) for text in wrapped(title, width))
        newest = observed_figure(points[-1].value, None, kind_of(name.metric))
        count = f"{len(points)} session{'' if len(points) == 1 else 's'}"
        for text in wrapped(f"{name.metric} of {name.operation}: {newest} ({count})", width):
            yield Line(text)
        for change in trend.changes:
            for text in wrapped(change_text(trend.series, change), width - len(_INDENT)):
                yield Line(f"{_INDENT}{text}", _style(name, change))


def skipped_lines(skipped: Sequence[str], width: int = 100) -> Iterator[Line]:
    """Yield what of a history was passed over, and why."""
    for each in skipped:
        for text in wrapped(f"passed over: {each}", width):
            yield Line(text, Style.WARNING)


def load_run_text(name: SeriesName) -> str:
    """Return the test of a series, with the number of its load run when that is not the first."""
    return name.test if name.number == 1 else f"{name.test}, load run {name.number}"


def change_text(series: Series, change: Change) -> str:
    """Return a change in one sentence; where the day does not tell when, the time (UTC) does."""
    name = series.name
    kind = kind_of(name.metric)
    before, after = (observed_figure(each, None, kind) for each in (change.before, change.after))
    if isinf(change.ratio) or kind is MetricKind.RATIO:
        how = f"from {before} to {after}"
    else:
        how = f"by {change.ratio * 100:+z.0f} %, from {before} to {after},"
    form = "%Y-%m-%d" if series.has_own_days else "%Y-%m-%d %H:%M UTC"
    at = change.first_after.started_at.strftime(form)
    text = f"{name.metric} of {name.operation} changed {how} at {at}"
    older, newer = short_commit(change.last_before.commit), short_commit(change.first_after.commit)
    if not (older and newer):
        return text
    if change.last_before.commit == change.first_after.commit:
        return f"{text}, at the same commit {newer}"
    return f"{text}, between commits {older} and {newer}{_count_text(change.commits)}"


def is_worse(metric: TrackedMetric, change: Change) -> bool:
    """Return whether a change is for the worse."""
    is_lower = change.after < change.before
    return is_lower if metric is TrackedMetric.THROUGHPUT else not is_lower


def _style(name: SeriesName, change: Change) -> Style:
    return Style.WARNING if is_worse(name.metric, change) else Style.PLAIN


def _count_text(commits: int | None) -> str:
    if commits is None:
        return ""
    return f" ({commits} commit{'' if commits == 1 else 's'})"


def _age(trend: Trend, change: Change) -> int:
    return len(trend.series.points) - change.index


def short_commit(commit: str) -> str:
    """Return the beginning of a commit's name, by which people know it."""
    return commit[:_SHORT]
