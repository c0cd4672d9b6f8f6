"""``--perf-history``: every session is added, and changes of its own series are reported."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from aqp_perf.core.results.results_document import read_results, results_text
from aqp_perf.core.results.series import history_name
from aqp_perf.core.samples.histogram import LatencyHistogram
from tests.doubles.past_sessions import past_session

RunPytest = Callable[..., pytest.RunResult]

TESTS = """
def test_quick(perf_load):
    perf_load("QuickUser", locustfile="events.py")
"""


def test_session_is_added_and_the_change_that_it_shows_is_told(
    new_project: Callable[..., Path], run_pytest: RunPytest
) -> None:
    """The nights before are this very session's result, with half of its latency."""
    folder = new_project(test_it=TESTS)
    history = folder / "nights"
    own = ("--perf-target=none", "--perf-history=nights")

    first = run_pytest(folder, *own)
    first.assert_outcomes(passed=1)
    (added,) = history.iterdir()
    first.stdout.fnmatch_lines([f"added to the history as {added.name}"])
    session = read_results(added.read_text())
    (now,) = session.runs
    (operation,) = now.run.operations
    half = LatencyHistogram.of([10_000_000] * operation.requests)
    faster = replace(now, run=replace(now.run, operations=(replace(operation, latency=half),)))
    for night in range(-20, 0):
        before = past_session(night, faster, commit="a1b2c3d")
        (history / history_name(before, "n")).write_text(results_text(before))
    for night in range(4):
        after = past_session(night, now, commit="d4e5f6a")
        (history / history_name(after, "n")).write_text(results_text(after))
    (history / "notes.txt").write_text("see the wiki")

    second = run_pytest(folder, *own)

    second.assert_outcomes(passed=1)
    second.stdout.fnmatch_lines(
        [
            "skipped: 1 file not named like the results of a session",
            "history: changes of level",
            "test_it.py::test_quick",
            "  median of quick changed by +100 %, from 10* ms to 20* ms, on 2026-11-01*",
            "*a1b2c3d and*d4e5f6a",
        ]
    )
    assert len(list(history.iterdir())) == 1 + 20 + 4 + 1 + 1


def test_place_that_takes_no_files_is_known_before_any_load(pytester: pytest.Pytester) -> None:
    Path("file").write_text("")
    for place, hint in (
        ("", "it is empty: give a folder, or s3:"),
        ("s3:/nights", "it looks like a URL, and only s3:"),
        ("file", "it is a file: give a folder, or s3:"),
        ("/proc/nights", "give a place where files can be written, listed and read: "),
    ):
        result = pytester.runpytest(f"--perf-history={place}")

        assert result.ret == pytest.ExitCode.USAGE_ERROR
        assert result.stderr.str().startswith(
            f"ERROR: --perf-history: '{place}' is not valid: {hint}"
        )
