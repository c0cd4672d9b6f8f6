"""Series of earlier sessions: what is a point of which, and what is of none."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aqp_perf.core.results.judged_run import JudgedRun, ResultsFile, TargetInfo
from aqp_perf.core.results.series import (
    Series,
    TrackedMetric,
    history_name,
    is_history_name,
    names_in,
    series_of,
)
from aqp_perf.core.verdict.verdicts import Verdict
from tests.doubles.past_sessions import FINGERPRINT, MOTO, past_run, past_session


def p99_of(*reports: ResultsFile) -> list[Series]:
    return [each for each in series_of(reports) if each.name.metric is TrackedMetric.P99]


def changed(judged: JudgedRun, **changes: Any) -> JudgedRun:  # noqa: ANN401 - as `replace`
    return replace(judged, run=replace(judged.run, **changes))


@given(st.permutations(range(5)))
def test_points_are_in_order_of_time_whatever_the_order_of_files(nights: list[int]) -> None:
    (series,) = p99_of(*(past_session(night, past_run(night + 1)) for night in nights))

    assert [round(each.value) for each in series.points] == [1, 2, 3, 4, 5]
    assert [int(each.commit[:7], 16) for each in series.points] == [0, 1, 2, 3, 4]


def test_a_series_knows_whether_a_day_identifies_a_session() -> None:
    nights = [past_session(night, past_run()) for night in range(3)]
    again = replace(nights[1], started_at=nights[1].started_at + timedelta(hours=9))

    assert p99_of(*nights)[0].has_own_days
    assert not p99_of(*nights, again)[0].has_own_days


def test_metrics_are_the_figures_of_the_operation() -> None:
    run = past_run(10.0, requests=20)
    values = {each.name.metric: each.points[0].value for each in series_of([past_session(0, run)])}

    assert values == {
        TrackedMetric.MEDIAN: pytest.approx(10.0, rel=0.001),
        TrackedMetric.P99: pytest.approx(10.0, rel=0.001),
        TrackedMetric.THROUGHPUT: 2.0,
        TrackedMetric.FAILURE_RATIO: 0.0,
    }


@pytest.mark.parametrize(
    "run",
    [
        past_run(verdict=Verdict.INVALID),
        past_run(verdict=Verdict.NO_DATA),
        changed(past_run(verdict=Verdict.FAIL), aborted="failure_ratio > 50%"),
        changed(past_run(), interrupted=True),
        past_run(requests=0),
        replace(past_run(), superseded=True),
    ],
    ids=["invalid", "no data", "aborted", "interrupted", "no request", "superseded"],
)
def test_a_run_without_valid_figures_is_not_a_point(run: JudgedRun) -> None:
    assert series_of([past_session(0, run)]) == ()
    assert names_in(past_session(0, run)) == frozenset()


def test_a_failed_run_is_a_point() -> None:
    (series,) = p99_of(past_session(0, past_run(verdict=Verdict.FAIL)))

    assert len(series.points) == 1


AWS = TargetInfo(kind="aws", endpoint="https://dynamodb.eu-west-1.amazonaws.com", label="AWS")


def measured_with(**parts: dict[str, str]) -> JudgedRun:
    return replace(past_run(), fingerprint=replace(FINGERPRINT, **parts))


OTHERS: Mapping[str, JudgedRun] = {
    "target": measured_with(target={"kind": "dynamodb-local"}),
    "AWS": past_run(target=AWS),
    "region": past_run(target=replace(AWS, endpoint="https://dynamodb.eu-west-2.amazonaws.com")),
    "profile": measured_with(profile={"users": "51"}),
    "data": measured_with(data={"seed": "1", "partitions": "21"}),
    "test": past_run(test="test_it.py::test_other"),
}


@pytest.mark.parametrize("what", OTHERS)
def test_runs_under_other_conditions_are_another_series(what: str) -> None:
    everything = [past_run(), *OTHERS.values()]

    assert len(p99_of(*(past_session(0, each) for each in everything))) == len(everything)
    assert len(p99_of(*(past_session(night, OTHERS[what]) for night in range(2)))) == 1


@pytest.mark.parametrize(
    "run",
    [
        past_run(target=replace(MOTO, endpoint="http://127.0.0.1:2")),
        measured_with(versions={"python": "3.13"}),
        measured_with(machine={"cores": "8"}),
    ],
    ids=["port of a local target", "versions", "machine"],
)
def test_versions_and_machine_do_not_begin_another_series(run: JudgedRun) -> None:
    assert len(p99_of(past_session(0, past_run()), past_session(1, run))) == 1


def test_a_run_without_a_fingerprint_is_not_a_point() -> None:
    """Nobody knows what it could be held against."""
    assert series_of([past_session(0, replace(past_run(), fingerprint=None))]) == ()


def test_second_run_of_a_test_is_another_series_than_the_first() -> None:
    sessions = [past_session(night, past_run(10), past_run(20)) for night in range(2)]

    first, second = p99_of(*sessions)

    assert (first.name.number, second.name.number) == (1, 2)
    assert [round(each.value) for each in second.points] == [20, 20]


def test_a_superseded_run_is_not_counted() -> None:
    replaced = replace(past_run(10), superseded=True)

    (series,) = p99_of(past_session(0, replaced, past_run(20)))

    assert (series.name.number, round(series.points[0].value)) == (1, 20)


def test_invalid_first_run_does_not_make_the_second_the_first() -> None:
    invalid = past_session(1, past_run(verdict=Verdict.INVALID), past_run(20))

    first, second = p99_of(past_session(0, past_run(10), past_run(20)), invalid)

    assert (len(first.points), len(second.points)) == (1, 2)


def test_names_sort_by_when_sessions_began() -> None:
    names = [history_name(past_session(night), "n1") for night in (0, 3, 40)]

    assert names[1] == "2026-11-04T020000Z-000000300000-n1.json"
    assert names == sorted(names)


def test_session_outside_of_a_checkout_has_a_name() -> None:
    outside = replace(past_session(0), environment={})

    assert history_name(outside, "n1") == "2026-11-01T020000Z-nocommit-n1.json"


@given(
    commit=st.one_of(st.just(""), st.from_regex(r"[0-9a-f]{40}|[0-9a-f]{64}", fullmatch=True)),
    run_id=st.from_regex(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,39}", fullmatch=True),
)
def test_the_name_of_a_session_is_recognized(commit: str, run_id: str) -> None:
    session = replace(past_session(3), environment={"commit": commit})

    assert is_history_name(history_name(session, run_id))


@pytest.mark.parametrize(
    "name",
    [
        "2026-11-01T020000Z-nocommit-n1.json.bak",
        "2026-11-01T020000Z-nocommit-n1.json\n",
        "2026-11-01T020000Z-nocommit-.json",
        "2026-11-01T020000Z-wip-n1.json",
        "2026-11-01-nocommit-n1.json",
        "my 2026-11-01T020000Z-nocommit-n1.json",
        "main.json",
        "",
    ],
)
def test_other_names_are_not_recognized(name: str) -> None:
    assert not is_history_name(name)
