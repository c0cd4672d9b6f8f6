"""The report file of ``--perf-json`` with nothing to put into it, or nowhere to put it."""

import json

import pytest

ARGS = ("-p", "no:locust", "-p", "no:cacheprovider", "--perf-json", "new/report.json")


def test_session_without_load_runs_reports_none(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("def test_it(): pass")

    result = pytester.runpytest_inprocess(*ARGS)

    assert result.ret == pytest.ExitCode.OK
    assert json.loads((pytester.path / "new/report.json").read_text())["runs"] == []


def test_report_that_cannot_be_written_costs_the_green_alone(pytester: pytest.Pytester) -> None:
    """The folder could be made when the session began; the screen still has the results."""
    pytester.makepyfile("def test_it(): open('new', 'w').close()")

    result = pytester.runpytest_inprocess(*ARGS)

    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(["ERROR: --perf-json: no results written: *", "* 1 passed in *"])
