"""Trends: series of a history with the points where their level changed."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from math import inf
from statistics import fmean

from aqp_perf.core.results.series import Point, Series

FindChanges = Callable[[Sequence[float]], Sequence[int]]
"""Values, oldest first → indexes where a new level begins, rising from 1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LevelChange:
    """A new level in a series: something changed between two of its points."""

    index: int
    """Of the first point of the new level."""
    last_before: Point
    first_after: Point
    before: float
    """Mean of the level before, in the unit of the series."""
    after: float
    commits: int | None = None
    """Number of commits between the two, the newer included; None: unknown."""

    @property
    def ratio(self) -> float:
        """Relative change: 0.18 is 18 % more; infinite from 0."""
        if self.before:
            return self.after / self.before - 1
        return inf if self.after else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Trend:
    """A series and its changes, oldest first."""

    series: Series
    changes: tuple[LevelChange, ...]


CountCommits = Callable[[str, str], int | None]
"""Two commits → number of commits from the first to the second; None: unknown."""


def find_trends(
    series: Iterable[Series], find_changes: FindChanges, count_commits: CountCommits
) -> tuple[Trend, ...]:
    """Return each series with its changes."""
    return tuple(_trend(one, find_changes, count_commits) for one in series)


def _trend(series: Series, find_changes: FindChanges, count_commits: CountCommits) -> Trend:
    points = series.points
    values = [point.value for point in points]
    starts = [0, *find_changes(values), len(points)]
    changes = []
    for start, index, end in zip(starts, starts[1:], starts[2:], strict=False):
        last, first = points[index - 1], points[index]
        known = last.commit and first.commit
        changes.append(
            LevelChange(
                index=index,
                last_before=last,
                first_after=first,
                before=fmean(values[start:index]),
                after=fmean(values[index:end]),
                commits=count_commits(last.commit, first.commit) if known else None,
            )
        )
    return Trend(series=series, changes=tuple(changes))
