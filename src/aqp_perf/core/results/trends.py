"""Series of a history with the points at which their level changed."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from math import inf
from statistics import fmean

from aqp_perf.core.results.series import Point, Series

FindChanges = Callable[[Sequence[float]], Sequence[int]]
"""Values, oldest first → where a new level begins, as rising indexes from 1 on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LevelChange:
    """A new level in a series: somewhere between two of its points, something changed."""

    index: int
    """Of the first point of the new level."""
    last_before: Point
    first_after: Point
    before: float
    """Mean of the level before, in the unit of the series."""
    after: float
    commits: int | None = None
    """How many commits lie between the two, the newer included; None: nobody knows."""

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
"""Two commits → how many lead from the first to the second; None: it cannot be told."""


def find_trends(
    series: Iterable[Series], find_changes: FindChanges, count_commits: CountCommits
) -> tuple[Trend, ...]:
    """Return each series with its changes."""
    return tuple(_trend(each, find_changes, count_commits) for each in series)


def _trend(series: Series, find_changes: FindChanges, count_commits: CountCommits) -> Trend:
    points = series.points
    values = [each.value for each in points]
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
