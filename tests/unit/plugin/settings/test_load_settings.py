"""Settings of a load run are consistent, and reports show them."""

import re
from collections.abc import Callable

import pytest

from aqp_perf.errors import InvalidLoadProfile
from aqp_perf.operating_system import FileLimit
from aqp_perf.plugin.settings.resolver import Resolver

ResolverOf = Callable[..., Resolver]


def test_profile_in_reports_is_the_one_that_was_resolved(resolver: ResolverOf) -> None:
    load = resolver("--perf-users=3").load({"profile": "seed", "warmup": "2s"})

    assert load.to_json() == {
        "name": "seed",
        "users": 3,
        "spawn_rate": 1.0,
        "run_time_s": 300.0,
        "warmup_s": 2.0,
        "stop_timeout_s": 10.0,
        "pacing": "think",
        "processes": 1,
        "client": "fast",
        "max_attempts": 1,
        "verify": "all",
        "audit": 1_000_000,
        "proof": "off",
    }


def test_reports_show_host_tags_and_arguments_where_there_are_any(resolver: ResolverOf) -> None:
    """Without them a profile is as it was before they existed, so that baselines are comparable."""
    given = {"tags": ["slow", "fast"], "arguments": {"table": "x", "items": [1, 2], "quick": True}}
    shown = resolver("--perf-host=https://h").load(given).to_json()

    assert shown["host"] == "https://h"
    assert shown["tags"] == "slow fast"
    assert shown["arguments"] == "table=x items=1,2 quick"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            ("--perf-pacing=5/s@10s,20/s@20s",),
            (
                "the stages of 5/s@10s,20/s@20s take 30s, longer than the run time of 12s: raise "
                "--perf-run-time to 30s"
            ),
        ),
        (
            (
                *("--perf-pacing=20/s@4s,200/s@4s", "--perf-users=20", "--perf-spawn-rate=4"),
                "--perf-run-time=8s",
            ),
            (
                "the stages of 20/s@4s,200/s@4s take 8s and begin after 4 s with all users, longer "
                "than the run time of 8s: raise --perf-run-time to 12s"
            ),
        ),
        (
            (
                *("--perf-users=20", "--perf-spawn-rate=2.5", "--perf-warmup=2s"),
                "--perf-run-time=9s",
            ),
            (
                "the warm-up of 2 s, which begins after 7.2 s with all users, leaves nothing of "
                "the run time of 9 s to measure"
            ),
        ),
        (
            ("--perf-users=200", "--perf-spawn-rate=10"),
            "starting 200 users at 10 users per second takes longer than the run time of 12 s",
        ),
    ],
)
def test_settings_that_contradict_each_other_are_refused(
    resolver: ResolverOf, options: tuple[str, ...], message: str
) -> None:
    with pytest.raises(InvalidLoadProfile, match=re.escape(message)):
        resolver(*options).load({}).check_times()


def test_when_users_are_there_is_checked_for_a_run_alone(resolver: ResolverOf) -> None:
    """A marker may have fewer users than the session, so that they are there in time."""
    options = ("--perf-pacing=20/s@4s,200/s@4s", "--perf-spawn-rate=8", "--perf-run-time=10s")

    found = resolver(*options)

    found.load({"users": 20}).check_times()
    with pytest.raises(InvalidLoadProfile, match="begin after 4 s with all users"):
        found.load({}).check_times()


@pytest.mark.parametrize(
    "options",
    [
        ("--perf-pacing=20/s@4s,200/s@4s", "--perf-spawn-rate=5", "--perf-run-time=11s"),
        ("--perf-pacing=think", "--perf-spawn-rate=4", "--perf-warmup=7s", "--perf-run-time=8s"),
    ],
)
def test_a_run_that_sends_its_whole_schedule_is_accepted(
    resolver: ResolverOf, options: tuple[str, ...]
) -> None:
    resolver(*options, "--perf-users=20")


@pytest.mark.parametrize(
    ("processes", "users", "doubts"),
    [
        (2, 2, []),
        (
            3,
            3,
            ["3 load generator processes on 2 cores slow each other down: use at most 2, or auto"],
        ),
        (2, 1, ["2 load generator processes, but users for 1 of them: the others send nothing"]),
    ],
)
def test_more_processes_than_cores_or_users_are_warned_of(
    resolver: ResolverOf, processes: int, users: int, doubts: list[str]
) -> None:
    load = resolver(f"--perf-processes={processes}", f"--perf-users={users}").load({})

    assert list(load.doubts(cores=2)) == doubts


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            ("--perf-threshold=p99.9 < 1 s", "--perf-pacing=100/s", "--perf-run-time=12s"),
            (
                "p99.9 < 1 s needs 5,000 requests, and 100/s has 1,100 due after the warm-up "
                "of 1s: use --perf-run-time=52s"
            ),
        ),
        (
            ("--perf-threshold=failure_ratio <= 0.1%", "--perf-pacing=199/s", "--perf-run-time=6s"),
            (
                "failure_ratio <= 0.1% needs 1,000 requests, and 199/s has 995 due after the "
                "warm-up of 1s: use --perf-run-time=8s"
            ),
        ),
        (
            ("--perf-proof=95%", "--perf-pacing=20/s"),
            (
                "failure_ratio <= 1% needs 381 requests, and 20/s has 220 due after the warm-up "
                "of 1s: use --perf-run-time=22s"
            ),
        ),
        (
            ("--perf-threshold=all: p99 < 1 s", "--perf-pacing=20/s"),
            "all: p99 < 1 s needs 500 requests, and 20/s has 220 due after the warm-up of 1s",
        ),
        (
            ("--perf-threshold=median < 1 s min_samples 250", "--perf-pacing=20/s"),
            "median < 1 s min_samples 250 needs 250 requests, and 20/s has 220 due after",
        ),
        (
            ("--perf-threshold=p99.9 < 1 s", "--perf-pacing=100..0/s@10s"),
            (
                "p99.9 < 1 s needs 5,000 requests, and 100..0/s@10s has 405 due after the "
                "warm-up of 1s: use a higher rate"
            ),
        ),
    ],
)
def test_a_threshold_that_no_request_can_prove_is_known_before_the_load(
    resolver: ResolverOf, options: tuple[str, ...], message: str
) -> None:
    load = resolver(*options).load({})

    with pytest.raises(InvalidLoadProfile, match=re.escape(message)):
        load.check_requests()


@pytest.mark.parametrize(
    "options",
    [
        ("--perf-threshold=failure_ratio <= 0.1%", "--perf-pacing=200/s", "--perf-run-time=6s"),
        ("--perf-threshold=p99.9 < 1 s", "--perf-pacing=think"),
        ("--perf-threshold=failure_ratio <= 0", "--perf-proof=99%", "--perf-pacing=50/s"),
        ("--perf-threshold=max < 1 s", "--perf-threshold=throughput > 1", "--perf-proof=95%"),
        ("--perf-threshold=elsewhere: p99.9 < 1 s",),
        ("--perf-threshold=abort: p99.9 > 1 s",),
        ("--perf-profile=nightly",),
        (),
    ],
)
def test_what_may_be_proven_is_not_refused(resolver: ResolverOf, options: tuple[str, ...]) -> None:
    resolver(*options).load({}).check_requests()


@pytest.mark.parametrize(
    ("options", "limit", "message"),
    [
        (
            ("--perf-users=300",),
            FileLimit(256, 4_096),
            (
                "300 users have a connection each: a load generator process needs 364 files and "
                "may open 256 (ulimit -n): run 'ulimit -n 364' before pytest, or use "
                "--perf-processes=2"
            ),
        ),
        (
            ("--perf-users=5000",),
            FileLimit(4_096, 4_096),
            (
                "5,000 users have a connection each: a load generator process needs 5,064 files "
                "and may open 4,096 (ulimit -n): have the hard limit of 4,096 (ulimit -Hn) raised, "
                "or use --perf-processes=2"
            ),
        ),
        (
            ("--perf-users=40",),
            FileLimit(64, 64),
            (
                "40 users have a connection each: a load generator process needs 104 files and may "
                "open 64 (ulimit -n): have the hard limit of 64 (ulimit -Hn) raised"
            ),
        ),
    ],
)
def test_too_few_open_files_for_the_users_are_known_before_the_load(
    resolver: ResolverOf, options: tuple[str, ...], limit: FileLimit, message: str
) -> None:
    load = resolver(*options, "--perf-spawn-rate=1000").load({})

    with pytest.raises(InvalidLoadProfile, match=f"^{re.escape(message)}$"):
        load.check_connections(limit)


@pytest.mark.parametrize(
    ("options", "limit"),
    [
        ((), FileLimit(256, 256)),
        (("--perf-users=9000",), FileLimit(256, 10_000)),
        (("--perf-users=300", "--perf-processes=2"), FileLimit(256, 256)),
        (("--perf-users=300", "--perf-expect-workers=1"), FileLimit(256, 256)),
    ],
    ids=["few users", "raised by locust", "two processes", "on other machines"],
)
def test_enough_open_files_are_fine(
    resolver: ResolverOf, options: tuple[str, ...], limit: FileLimit
) -> None:
    resolver(*options, "--perf-spawn-rate=1000").load({}).check_connections(limit)
