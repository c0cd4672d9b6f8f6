"""A change of level as a sentence that says where to look."""

from dataclasses import replace
from datetime import timedelta

import pytest

from aqp_perf.core.results.series import Conditions, Point, Series, SeriesName, TrackedMetric
from aqp_perf.core.results.trends import LevelChange, Trend
from aqp_perf.reports.facts.trends import level_change_text
from aqp_perf.reports.lines import Style
from aqp_perf.reports.text.trend_lines import overview_lines, skipped_lines, trend_lines
from tests.doubles.past_sessions import FIRST_NIGHT

NAME = SeriesName(
    test="test_it.py::test_write",
    number=1,
    operation="write_to_ddb",
    metric=TrackedMetric.P99,
    conditions=Conditions(target="kind=moto", profile="users=50", data="seed=1"),
)
SERIES = Series(name=NAME, points=())
OLDER, NEWER = "a1b2c3d" + "0" * 33, "d4e5f6a" + "0" * 33


def point(night: int, value: float, commit: str = OLDER) -> Point:
    return Point(started_at=FIRST_NIGHT + timedelta(days=night), commit=commit, value=value)


def change_at(index: int, before: float, after: float, commits: int | None = 3) -> LevelChange:
    return LevelChange(
        index=index,
        last_before=point(index - 1, before),
        first_after=point(index, after, NEWER),
        before=before,
        after=after,
        commits=commits,
    )


def trend_of(count: int, *changes: LevelChange, metric: TrackedMetric = TrackedMetric.P99) -> Trend:
    points = tuple(point(night, 10.0) for night in range(count))
    return Trend(series=Series(name=replace(NAME, metric=metric), points=points), changes=changes)


def test_change_says_how_much_when_and_between_which_commits() -> None:
    assert level_change_text(SERIES, change_at(19, 100.0, 118.0)) == (
        "p99 of write_to_ddb changed by +18 %, from 100 ms to 118 ms, on 2026-11-20, "
        "between commits a1b2c3d and d4e5f6a (3 commits)"
    )


def test_change_in_a_series_with_two_sessions_of_one_day_says_the_time_too() -> None:
    change = change_at(1, 100.0, 118.0)
    later = replace(change.first_after, started_at=FIRST_NIGHT + timedelta(days=1, hours=9))
    trend = Trend(
        series=replace(SERIES, points=(change.last_before, change.first_after, later)),
        changes=(change,),
    )
    expected = "on 2026-11-02 02:00 UTC, between"

    assert expected in level_change_text(trend.series, change)
    for lines in (trend_lines([trend], 300), overview_lines([trend], 300)):
        assert expected in " ".join(line.text for line in lines)


def test_change_of_nothing_has_no_minus() -> None:
    assert " changed by +0 %, " in level_change_text(SERIES, change_at(1, 100.0, 99.9))


@pytest.mark.parametrize(
    ("commits", "text"),
    [(None, "and d4e5f6a"), (1, "and d4e5f6a (1 commit)"), (0, "and d4e5f6a (0 commits)")],
)
def test_commits_are_counted_where_they_are_known(commits: int | None, text: str) -> None:
    assert level_change_text(SERIES, change_at(1, 10.0, 12.0, commits)).endswith(text)


def test_change_without_a_commit_between_is_of_something_else() -> None:
    change = change_at(1, 10.0, 12.0)
    same = replace(change, first_after=change.last_before)
    nowhere = replace(change, last_before=point(0, 10.0, ""))

    assert level_change_text(SERIES, same).endswith(", at the same commit a1b2c3d")
    assert level_change_text(SERIES, nowhere).endswith("on 2026-11-02")


def test_change_of_a_ratio_is_not_in_percent_of_percent() -> None:
    name = replace(NAME, metric=TrackedMetric.FAILURE_RATIO)

    text = level_change_text(replace(SERIES, name=name), change_at(1, 0.0, 0.02))

    assert text.startswith("failure_ratio of write_to_ddb changed from 0% to 2% on ")


@pytest.mark.parametrize(
    ("metric", "before", "after", "style"),
    [
        (TrackedMetric.P99, 10.0, 12.0, Style.WARNING),
        (TrackedMetric.P99, 12.0, 10.0, Style.PLAIN),
        (TrackedMetric.THROUGHPUT, 10.0, 12.0, Style.PLAIN),
        (TrackedMetric.THROUGHPUT, 12.0, 10.0, Style.WARNING),
    ],
)
def test_change_for_the_worse_is_a_warning(
    metric: TrackedMetric, before: float, after: float, style: Style
) -> None:
    heading, title, *lines = trend_lines([trend_of(5, change_at(2, before, after), metric=metric)])

    assert heading == ("history: changes of level", Style.TITLE)
    assert title.text == "test_it.py::test_write"
    assert {line.style for line in lines} == {style}


def test_only_the_last_change_is_news_and_only_for_a_month() -> None:
    early, late = change_at(2, 10.0, 20.0), change_at(10, 20.0, 30.0)

    text = " ".join(line.text for line in trend_lines([trend_of(40, early, late)], 300))

    assert "from 20 ms to 30 ms" in text
    assert "from 10 ms" not in text
    assert list(trend_lines([trend_of(41, early, late)])) == []


def test_overview_shows_all_changes_of_every_series_by_its_conditions() -> None:
    second = replace(NAME, number=2)
    trends = [
        trend_of(12, change_at(2, 10.0, 20.0), change_at(10, 20.0, 30.0)),
        Trend(series=Series(name=second, points=(point(0, 5.0),)), changes=()),
    ]

    texts = [line.text for line in overview_lines(trends, 300)]

    assert texts[:3] == [
        "",
        "test_it.py::test_write: kind=moto; users=50; seed=1",
        "p99 of write_to_ddb: 10 ms (12 sessions)",
    ]
    assert [text.startswith("  p99 of write_to_ddb changed by") for text in texts[3:5]] == [
        True
    ] * 2
    assert texts[5:] == [
        "",
        "test_it.py::test_write, load run 2: kind=moto; users=50; seed=1",
        "p99 of write_to_ddb: 5 ms (1 session)",
    ]


def test_skipped_files_are_named() -> None:
    (line,) = skipped_lines(["notes.txt: it is not JSON"])

    assert line == ("skipped: notes.txt: it is not JSON", Style.WARNING)


def test_of_very_many_changes_those_for_the_worse_are_told() -> None:
    better, worse = (
        trend_of(25, change_at(19, 100.0, 50.0)),
        trend_of(25, change_at(19, 100.0, 118.0)),
    )

    *lines, last = trend_lines([better] * 30 + [worse] * 5, 200)

    assert [line.style for line in lines[2:]] == [Style.WARNING] * 5 + [Style.PLAIN] * 15
    assert last.text == "15 more: see the history"
