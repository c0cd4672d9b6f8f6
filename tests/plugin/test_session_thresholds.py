"""Thresholds of the command line apply wherever their operation runs."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

DEFAULTS = ("failure_ratio <= 1%",)

TESTS = """
import pytest

@pytest.mark.perf(thresholds=["median < 11 s"])
def test_quick(perf_load):
    perf_load("QuickUser", locustfile="events.py")

@pytest.mark.perf
def test_other(perf_load):
    perf_load("OtherUser", locustfile="events.py")

def test_unmarked():
    raise AssertionError("-m perf selects the load tests alone")
"""


@pytest.fixture(scope="module")
def folder(new_project: Callable[..., Path]) -> Path:
    return new_project(test_it=TESTS)


@pytest.fixture(scope="module")
def session(folder: Path, run_pytest: Callable[..., pytest.RunResult]) -> pytest.RunResult:
    return run_pytest(
        folder,
        *("-m", "perf", "--perf-json=report.json"),
        "--perf-threshold=median < 10 s",
        "--perf-threshold=oth*: max < 12 s",
        "--perf-threshold=all: max < 14 s",
        "--perf-threshold=nowhere: max < 13 s",
    )


def test_threshold_is_judged_where_its_operation_runs(
    folder: Path, session: pytest.RunResult
) -> None:
    """It replaces the marker's on the same metric; the default profile's stays."""
    assert session.duration
    runs = json.loads((folder / "report.json").read_text())["runs"]
    rules = {run["test"]: [each["text"] for each in run["thresholds"]] for run in runs}

    assert rules == {
        "test_it.py::test_quick": [*DEFAULTS, "median < 10 s", "max < 14 s"],
        "test_it.py::test_other": [*DEFAULTS, "median < 10 s", "max < 12 s", "max < 14 s"],
    }
    assert [run["thresholds"][-1]["operation"] for run in runs] == ["all", "all"]


def test_threshold_without_any_run_fails_the_session(session: pytest.RunResult) -> None:
    session.assert_outcomes(passed=2, deselected=1)
    assert session.ret == pytest.ExitCode.TESTS_FAILED
    session.stdout.fnmatch_lines(
        ["NO DATA: nowhere: max < 13 s: no run of this session had such an operation"]
    )
    session.stdout.no_fnmatch_line("NO DATA: oth*")
