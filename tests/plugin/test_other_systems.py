"""Systems that lack what Linux has: load tests run, or are refused while other tests run."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

TESTS = """
import pytest

@pytest.mark.perf(thresholds=["failure_ratio <= 0"], pacing="40/s", users=4)
def test_write(perf_load):
    perf_load("PartiqlWriteUser")

@pytest.mark.perf(thresholds=["failure_ratio <= 0"], processes=2)
def test_aqp(perf_load):
    perf_load("AqpZipcodeUser")

def test_else():
    pass
"""
DOUBLES = Path(__file__).parents[1] / "doubles"
REFUSAL = "load tests do not run on *, whose Python has no module 'fcntl': run them on *"


def python_path(system: str) -> str:
    """Return a search path with which every Python is like that of the system."""
    return os.pathsep.join(filter(None, [str(DOUBLES / system), os.environ.get("PYTHONPATH")]))


def test_without_what_is_linux_s_own_load_tests_run(
    new_project: Callable[..., Path],
    run_pytest: Callable[..., pytest.RunResult],
) -> None:
    result = run_pytest(
        new_project(test_load=TESTS),
        "-v",
        "-W",
        "error",
        names_target=False,
        PYTHONPATH=python_path("like_a_mac"),
    )

    result.assert_outcomes(passed=3)
    text = " ".join(result.outlines)
    assert text.count("system lacks timerfd (") == text.count(", schedstat (") == 2


@pytest.mark.parametrize("arguments", [(), ("--perf-users=3",), ("-n", "2")])
def test_where_they_cannot_run_load_tests_alone_are_refused(
    new_project: Callable[..., Path],
    run_pytest: Callable[..., pytest.RunResult],
    arguments: tuple[str, ...],
) -> None:
    result = run_pytest(
        new_project(test_load=TESTS),
        "-W",
        "error",
        *arguments,
        names_target=False,
        PYTHONPATH=python_path("like_windows"),
    )

    result.assert_outcomes(passed=1, errors=2)
    result.stdout.fnmatch_lines([REFUSAL] * 2)
    result.stdout.no_fnmatch_line("*Error*")


def test_where_they_cannot_run_a_fixture_that_a_test_requests_late_is_refused(
    new_project: Callable[..., Path],
    run_pytest: Callable[..., pytest.RunResult],
) -> None:
    test = "def test_it(request): request.getfixturevalue('perf_target')"

    result = run_pytest(
        new_project(test_late=test), names_target=False, PYTHONPATH=python_path("like_windows")
    )

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines([f"E *PlatformUnusable: {REFUSAL}"])
