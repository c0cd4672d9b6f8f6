"""Settings of a load run are consistent, and reports show them."""

import re
from collections.abc import Callable

import pytest

from aqp_perf.errors import InvalidLoadProfile
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
    }


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            ("--perf-pacing=5/s@10s,20/s@20s",),
            "the stages of 5/s@10s,20/s@20s take 30s, longer than the run time of 10s",
        ),
        (
            ("--perf-users=100", "--perf-spawn-rate=10"),
            "starting 100 users at 10 users per second takes longer than the run time of 10 s",
        ),
    ],
)
def test_settings_that_contradict_each_other_are_refused(
    resolver: ResolverOf, options: tuple[str, ...], message: str
) -> None:
    with pytest.raises(InvalidLoadProfile, match=re.escape(message)):
        resolver(*options)


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
