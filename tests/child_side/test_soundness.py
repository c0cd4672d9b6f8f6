"""A run that ended before its time, or its users, says so."""

from types import SimpleNamespace
from typing import Any

import pytest
from locust import LoadTestShape, User, task

from aqp_perf.core.load.pacing import OpenModel, parse_pacing
from aqp_perf.loadgen.measure.locust_stats import LocustStats
from aqp_perf.loadgen.measure.process_errors import ProcessErrors
from aqp_perf.loadgen.measure.soundness import (
    count_reasons,
    early_end_reasons,
    schedule_reasons,
    user_reasons,
)
from aqp_perf.loadgen.workload.workload import workload_of
from tests.child_side.fixtures import Open


class OneUser(User):
    """Any user."""

    @task
    def nothing(self) -> None:
        """Send nothing."""


class OtherUser(OneUser):
    """Another one."""


class AnyShape(LoadTestShape):
    """Any load shape."""

    def tick(self) -> None:
        """End the test."""


def schedule_reasons_of(pacing: str, elapsed_s: float, scheduled_s: float) -> list[str]:
    model = parse_pacing(pacing)
    assert isinstance(model, OpenModel)
    return [*schedule_reasons(model, elapsed_s, scheduled_s)]


def test_a_stage_that_was_never_sent_is_named_with_the_run_time_it_needs() -> None:
    (reason,) = schedule_reasons_of("20/s@4s,200/s@4s", 8.04, 3.96)

    assert reason == (
        "the schedule began when all users were ready, after 4.1 s, and the run ended after 8.0 s: "
        "79 of the 880 requests of its stages were due by then; use a run time of 13s"
    )


@pytest.mark.parametrize(
    ("pacing", "scheduled_s", "is_short"),
    [
        ("20/s@4s,200/s@4s", 7.5, True),
        ("20/s@4s,200/s@4s", 7.7, False),
        ("0..100/s@10s,100/s", 9.9, True),
        ("0..100/s@10s,100/s", 10.1, False),
        ("100/s", 0.1, False),
    ],
)
def test_a_tenth_of_the_last_stage_may_be_missing(
    pacing: str, scheduled_s: float, *, is_short: bool
) -> None:
    assert bool(schedule_reasons_of(pacing, 20.0, scheduled_s)) is is_short


def test_a_schedule_that_did_not_begin_says_when_it_would_have() -> None:
    (reason,) = schedule_reasons_of("20/s@4s", 4.0, 0.0)

    assert reason == (
        "no request was due: the schedule begins when every user is there and through its "
        "on_start, which took longer than the run"
    )


def test_an_early_end_says_how_a_file_may_end_itself() -> None:
    assert [*early_end_reasons(3.14, 30.0)] == [
        "ended after 3.1 s of 30 s: a file that ends its run by itself needs ends_itself=True"
    ]
    assert not [*early_end_reasons(29.1, 30.0)]
    assert not [*early_end_reasons(3.0, None)]


def user_reasons_of(environment: Any, users: dict[str, int]) -> list[str]:  # noqa: ANN401 - see `Open`
    reasons = user_reasons(
        environment, users, ProcessErrors(), elapsed_s=2.0, has_lost_workers=False
    )
    return [*reasons]


SHAPE = AnyShape()  # type: ignore[no-untyped-call]
MISSING = "2 of 3 users were there at the end: 1 user stopped itself"
IDLE = "no user of OtherUser: add users, or change the weights"


@pytest.mark.parametrize(
    ("shape", "was_spawning", "ends_itself", "expected"),
    [
        (None, False, False, [MISSING]),
        (None, True, False, [MISSING]),
        (SHAPE, False, False, [MISSING]),
        (SHAPE, True, False, []),
        (None, False, True, []),
        (SHAPE, False, True, []),
    ],
)
def test_users_come_and_go_with_a_shape_or_a_file_that_ends_itself(
    open_environment: Open,
    shape: LoadTestShape | None,
    *,
    was_spawning: bool,
    ends_itself: bool,
    expected: list[str],
) -> None:
    environment = open_environment(users=[OneUser, OtherUser])
    environment.shape_class = shape
    environment.parsed_options.perf_ends_itself = ends_itself
    environment.runner.target_user_count = 3
    workload = workload_of(environment)
    workload.spawnings, workload.ending.was_spawning = 1, was_spawning

    assert user_reasons_of(environment, {"OneUser": 2, "OtherUser": 0}) == expected


@pytest.mark.parametrize(
    ("asked_for", "one", "expected"), [(3, 3, [IDLE]), (1, 1, [IDLE]), (3, 2, [MISSING])]
)
def test_more_users_are_advised_only_where_they_would_help(
    open_environment: Open, asked_for: int, one: int, expected: list[str]
) -> None:
    environment = open_environment(users=[OneUser, OtherUser])
    environment.parsed_options.perf_ends_itself = False
    environment.runner.target_user_count = asked_for
    workload_of(environment).spawnings = 1

    assert user_reasons_of(environment, {"OneUser": one, "OtherUser": 0}) == expected


@pytest.mark.parametrize(
    ("spawnings", "ends_itself", "expected"),
    [
        (0, False, ["the run ended before users were started"]),
        (1, False, ["the locustfile set the number of users to 0"]),
        (0, True, []),
    ],
)
def test_a_file_that_wants_no_users_is_not_advised_to_add_some(
    open_environment: Open, spawnings: int, *, ends_itself: bool, expected: list[str]
) -> None:
    """Such as by ``runner.quit()`` in a listener of ``init``, or by ``runner.start(0, 1)``."""
    environment = open_environment(users=[OneUser])
    environment.parsed_options.perf_ends_itself = ends_itself
    environment.runner.target_user_count = 0
    workload_of(environment).spawnings = spawnings

    assert user_reasons_of(environment, {"OneUser": 0}) == expected


@pytest.mark.parametrize(("spawn_rate", "text"), [(0.5, ", as 3 at 0.5/s take 6 s"), (2.0, "")])
def test_a_spawn_rate_is_named_only_if_it_was_too_slow(
    open_environment: Open, spawn_rate: float, text: str
) -> None:
    environment = open_environment("-r", str(spawn_rate), users=[OneUser])
    environment.parsed_options.perf_ends_itself = False
    environment.runner.target_user_count = 3

    (reason,) = user_reasons_of(environment, {"OneUser": 1})

    assert reason.endswith(f": 2 users not started before the run ended{text}")


@pytest.mark.parametrize(
    ("recorded", "by_locust", "were_reset", "is_sound"),
    [
        (5, 5, False, True),
        (5, 4, False, False),
        (4, 5, False, False),
        (5, 4, True, True),
        (4, 5, True, False),
    ],
)
def test_statistics_that_were_reset_may_count_fewer_requests(
    recorded: int, by_locust: int, *, were_reset: bool, is_sound: bool
) -> None:
    stats = SimpleNamespace(total=SimpleNamespace(num_requests=by_locust))
    environment: Any = SimpleNamespace(stats=stats)
    reasons = [*count_reasons(recorded, environment, were_reset=were_reset)]

    assert (reasons == []) is is_sound


@pytest.mark.parametrize("function", ["reset_all", "clear_all"])
def test_a_reset_of_the_statistics_is_noticed(open_environment: Open, function: str) -> None:
    environment = open_environment(users=[OneUser])
    noticed = LocustStats(environment)
    environment.stats.log_request("GET", "/", 1, 1)
    assert not noticed.were_reset
    getattr(environment.stats, function)()

    assert noticed.were_reset
    assert environment.stats.total.num_requests == 0
