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
LIKE_A_MAC = """
import ctypes, os, pathlib

LINUX = {"prctl", "timerfd_create", "timerfd_settime"}

class Library(ctypes.CDLL):
    def __getattr__(self, name):
        if name in LINUX:
            raise AttributeError(name)
        return super().__getattr__(name)

def without_proc(function, absent=None):
    def call(path, *args, **kwargs):
        if not str(path).startswith("/proc"):
            return function(path, *args, **kwargs)
        if absent is None:
            raise FileNotFoundError(2, "there is no /proc", str(path))
        return absent
    return call

if hasattr(os, "sched_getaffinity"):
    del os.sched_getaffinity
ctypes.CDLL = Library
os.open = without_proc(os.open)  # psutil, which Locust needs, reads /proc in another way
pathlib.Path.open = without_proc(pathlib.Path.open)
pathlib.Path.exists = without_proc(pathlib.Path.exists, False)
"""
LIKE_WINDOWS = """
import signal, sys

sys.modules["fcntl"] = sys.modules["resource"] = None
del signal.SIGHUP
"""
REFUSAL = "load tests do not run on *, whose Python has no module 'fcntl': run them on *"


@pytest.fixture
def python_path(tmp_path: Path) -> Callable[[str], str]:
    """Return a search path that lets every Python begin with some code."""

    def write(code: str) -> str:
        (tmp_path / "sitecustomize.py").write_text(code)
        return os.pathsep.join(filter(None, [str(tmp_path), os.environ.get("PYTHONPATH")]))

    return write


def test_without_what_is_linux_s_own_load_tests_run(
    new_project: Callable[..., Path],
    run_pytest: Callable[..., pytest.RunResult],
    python_path: Callable[[str], str],
) -> None:
    result = run_pytest(
        new_project(test_load=TESTS),
        "-v",
        "-W",
        "error",
        names_target=False,
        PYTHONPATH=python_path(LIKE_A_MAC),
    )

    result.assert_outcomes(passed=3)
    text = " ".join(result.outlines)
    assert text.count("system lacks timerfd (") == text.count(", schedstat (") == 2


@pytest.mark.parametrize("arguments", [(), ("--perf-users=3",), ("-n", "2")])
def test_where_they_cannot_run_load_tests_alone_are_refused(
    new_project: Callable[..., Path],
    run_pytest: Callable[..., pytest.RunResult],
    python_path: Callable[[str], str],
    arguments: tuple[str, ...],
) -> None:
    result = run_pytest(
        new_project(test_load=TESTS),
        "-W",
        "error",
        *arguments,
        names_target=False,
        PYTHONPATH=python_path(LIKE_WINDOWS),
    )

    result.assert_outcomes(passed=1, errors=2)
    result.stdout.fnmatch_lines([REFUSAL] * 2)
    result.stdout.no_fnmatch_line("*Error*")


def test_where_they_cannot_run_a_fixture_that_a_test_requests_late_is_refused(
    new_project: Callable[..., Path],
    run_pytest: Callable[..., pytest.RunResult],
    python_path: Callable[[str], str],
) -> None:
    test = "def test_it(request): request.getfixturevalue('perf_target')"

    result = run_pytest(
        new_project(test_late=test), names_target=False, PYTHONPATH=python_path(LIKE_WINDOWS)
    )

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines([f"E *PlatformUnusable: {REFUSAL}"])
