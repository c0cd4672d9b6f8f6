"""Changes in the history of a session, in sentences."""

from collections.abc import Iterable, Iterator
from math import isinf
from typing import Final

from aqp_perf.core.results.series import Series, SeriesName, TrackedMetric
from aqp_perf.core.results.trends import LevelChange, Trend
from aqp_perf.core.verdict.metrics import MetricKind, kind_of
from aqp_perf.reports.figures import counted, quantity_text

HEADING: Final = "history: changes of level"

_SHORT: Final = 7
"""Digits of a commit, as git abbreviates it."""
_RECENT: Final = 30
"""A change is news for as many points."""
_MOST_CHANGES: Final = 20


def recent_changes(trends: Iterable[Trend]) -> Iterator[tuple[Series, LevelChange]]:
    """Yield the last change of every series that has a recent one."""
    for trend in trends:
        for change in trend.changes[-1:]:
            if len(trend.series.points) - change.index <= _RECENT:
                yield trend.series, change


def shown_changes(trends: Iterable[Trend]) -> tuple[list[tuple[Series, LevelChange]], int]:
    """Return the recent changes that are shown, and how many more there are.

    Of more than twenty, those for the worse come first.
    """
    changes = [*recent_changes(trends)]
    if len(changes) > _MOST_CHANGES:
        changes.sort(key=lambda found: not is_worse(found[0].name.metric, found[1]))
    return changes[:_MOST_CHANGES], max(len(changes) - _MOST_CHANGES, 0)


def load_run_text(name: SeriesName) -> str:
    """Return the test of a series, with the number of its load run when that is not the first."""
    return name.test if name.number == 1 else f"{name.test}, load run {name.number}"


def level_change_text(series: Series, change: LevelChange) -> str:
    """Return a change in one sentence; with the time (UTC) where a day has several sessions."""
    name = series.name
    kind = kind_of(name.metric)
    before, after = quantity_text(change.before, kind), quantity_text(change.after, kind)
    if isinf(change.ratio) or kind is MetricKind.RATIO:
        how = f"from {before} to {after}"
    else:
        how = f"by {change.ratio * 100:+z.0f} %, from {before} to {after},"
    form = "%Y-%m-%d" if series.has_own_days else "%Y-%m-%d %H:%M UTC"
    text = (
        f"{name.metric} of {name.operation} changed {how} "
        f"on {change.first_after.started_at.strftime(form)}"
    )
    older, newer = short_commit(change.last_before.commit), short_commit(change.first_after.commit)
    if not (older and newer):
        return text
    if change.last_before.commit == change.first_after.commit:
        return f"{text}, at the same commit {newer}"
    count = "" if change.commits is None else f" ({counted(change.commits, 'commit')})"
    return f"{text}, between commits {older} and {newer}{count}"


def is_worse(metric: TrackedMetric, change: LevelChange) -> bool:
    """Return whether a change is for the worse."""
    is_lower = change.after < change.before
    return is_lower if metric is TrackedMetric.THROUGHPUT else not is_lower


def short_commit(commit: str) -> str:
    """Return the abbreviated name of a commit."""
    return commit[:_SHORT]
