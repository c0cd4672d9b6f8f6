"""Changes of level: between which sessions, by how much."""

from math import inf

import pytest

from aqp_perf.core.results.series import TrackedMetric, series_of
from aqp_perf.core.results.trends import LevelChange, Trend, find_trends
from tests.doubles.past_sessions import past_run, past_session


def trend(*latencies_ms: float, changes: tuple[int, ...], **commits: str) -> Trend:
    sessions = [
        past_session(night, past_run(each), commit=commits.get(f"night{night}", ""))
        for night, each in enumerate(latencies_ms)
    ]
    (series,) = (each for each in series_of(sessions) if each.name.metric is TrackedMetric.MEDIAN)
    (found,) = find_trends(
        [series], lambda _: changes, lambda older, newer: int(newer, 16) - int(older, 16)
    )
    return found


def test_a_series_without_changes_is_a_trend_without_changes() -> None:
    assert trend(10, 10, 10, changes=()).changes == ()


def test_change_compares_the_levels_between_its_neighbours() -> None:
    first, second = trend(10, 10, 20, 20, 40, changes=(2, 4)).changes

    assert (round(first.before), round(first.after)) == (10, 20)
    assert (round(second.before), round(second.after)) == (20, 40)
    assert first.ratio == pytest.approx(1.0, rel=0.01)


def test_change_lies_between_two_sessions_and_their_commits() -> None:
    (change,) = trend(10, 10, 20, changes=(2,), night1="00000aa", night2="00000ad").changes

    assert (change.last_before.commit, change.first_after.commit) == ("00000aa", "00000ad")
    assert change.first_after.started_at.day == 3
    assert change.commits == 3


def test_a_change_from_0_is_infinite_and_from_0_to_0_is_0() -> None:
    (change,) = trend(10, 20, changes=(1,)).changes
    ratios = {(0.0, 1.0): inf, (0.0, 0.0): 0.0, (2.0, 0.0): -1.0}

    for (before, after), expected in ratios.items():
        assert with_levels(change, before, after).ratio == expected


def with_levels(change: LevelChange, before: float, after: float) -> LevelChange:
    return LevelChange(
        index=change.index,
        last_before=change.last_before,
        first_after=change.first_after,
        before=before,
        after=after,
    )
