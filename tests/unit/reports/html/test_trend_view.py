"""A history on the page: points, levels, and the changes in words."""

import json
import re
from dataclasses import replace
from datetime import timedelta

from aqp_perf.reports.html import render_html
from aqp_perf.reports.html.trend_view import trend_data
from tests.doubles.changed_history import CHANGED_AT, NIGHTS, changed_history
from tests.doubles.past_sessions import FIRST_NIGHT, past_run, past_session

MEDIAN, P99, THROUGHPUT, FAILURES = range(4)


def test_points_are_sessions_in_the_unit_of_their_metric() -> None:
    data = trend_data(changed_history())

    assert [series["unit"] for series in data] == ["ms", "ms", "/s", "%"]
    first, last = data[P99]["points"][0], data[P99]["points"][-1]
    assert (first[0], round(first[1]), first[2]) == (FIRST_NIGHT.timestamp() * 1000, 10, "0000000")
    assert (len(data[P99]["points"]), round(last[1]), last[2]) == (NIGHTS, 20, "000001d")


def test_time_of_day_is_shown_where_two_sessions_are_of_one_day() -> None:
    hourly = changed_history(apart=timedelta(hours=1))

    assert [series["has_own_days"] for series in trend_data(hourly)] == [False] * 4
    assert [series["has_own_days"] for series in trend_data(changed_history())] == [True] * 4
    assert "on 2026-11-01 21:00 UTC, between" in trend_data(hourly)[P99]["changes"][0]
    assert "on 2026-11-20, between" in trend_data(changed_history())[P99]["changes"][0]


def test_levels_lie_between_the_changes_and_there_are_none_without_one() -> None:
    data = trend_data(changed_history())

    before, after = data[P99]["levels"]
    assert (before[:2], after[:2]) == ((0, CHANGED_AT), (CHANGED_AT, NIGHTS))
    assert (round(before[2]), round(after[2])) == (10, 20)
    assert data[THROUGHPUT]["levels"] == []


def test_changes_are_the_sentences_of_the_screen() -> None:
    data = trend_data(changed_history())[P99]

    assert data["name"] == "p99 of write_to_ddb in test_it.py::test_write"
    (change,) = data["changes"]
    assert "p99 of write_to_ddb changed by +100 %" in change
    assert change.endswith("(3 commits)")


def test_one_session_is_no_trend() -> None:
    trends = changed_history()
    young = tuple(
        replace(trend, series=replace(trend.series, points=trend.series.points[:1]), changes=())
        for trend in trends
    )

    assert trend_data(young) == []
    assert len(trend_data(trends)) == len(trends)


def test_page_has_a_history_when_there_is_one() -> None:
    session = past_session(0, past_run())
    with_one, without = render_html(session, changed_history()), render_html(session)

    found = re.search(r'<script type="application/json" id="trends">(.*?)</script>', with_one)
    assert found is not None
    assert len(json.loads(found[1])) == 4
    assert '<article class="card charts" id="history"' in with_one
    assert 'id="history"' not in without


def test_changes_stand_before_the_runs_and_with_the_run_that_changed() -> None:
    session = past_session(0, past_run(test="test_it.py::test_write"))
    changed = changed_history()
    unchanged = tuple(replace(trend, changes=()) for trend in changed)
    run, history = '<article class="run card"', '<article class="card charts" id="history"'

    with_changes, without = render_html(session, changed), render_html(session, unchanged)

    assert with_changes.index(history) < with_changes.index(run)
    assert without.index(run) < without.index(history)
    assert '<p class="changes">' in with_changes
    assert '<p class="changes">' not in without
    assert '<p class="changes">' not in render_html(session, changed_history("another"))


def test_of_very_many_series_those_that_changed_are_on_the_page() -> None:
    trends = changed_history()
    steady = [replace(trend, changes=()) for trend in trends]
    page = render_html(past_session(0, past_run()), [*steady * 150, *trends])

    data = trend_data([*steady * 150, *trends])

    assert len(data) == 400
    assert [bool(series["changes"]) for series in data[:5]] == [True] * 2 + [False] * 3
    assert "204 more series in the history" in page
