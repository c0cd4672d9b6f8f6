"""Report files with nothing to put into them, or nowhere to put them: what is left of a session."""

import json

import pytest

_UNUSED = [f"-pno:{each}" for each in ("locust", "cacheprovider", "hypothesispytest")]
"""Hypothesis would load anew in every session."""

ARGS = (*_UNUSED, "--perf-json", "new/report.json")
BLOCKED = "def test_it(): open('blocked', 'w').close()"


@pytest.fixture(autouse=True)
def _outside_of_any_ci(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GITHUB_STEP_SUMMARY", raising=False)


def test_session_without_load_runs_reports_none(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And leaves the page of its CI job to others."""
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(pytester.path / "step.md"))
    pytester.makepyfile("def test_it(): pass")

    result = pytester.runpytest_inprocess(*ARGS, "--perf-markdown", "new/summary.md")

    assert result.ret == pytest.ExitCode.OK
    assert json.loads((pytester.path / "new/report.json").read_text())["runs"] == []
    assert (pytester.path / "new/summary.md").read_text() == "### Performance: no load run\n"
    assert not (pytester.path / "step.md").exists()


def test_report_that_cannot_be_written_costs_the_green_alone(pytester: pytest.Pytester) -> None:
    """The folder could be made when the session began; the screen still has the results."""
    pytester.makepyfile("def test_it(): open('new', 'w').close()")

    result = pytester.runpytest_inprocess(*ARGS)

    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(["ERROR: --perf-json: no results written: *", "* 1 passed in *"])


def test_summary_that_cannot_be_written_leaves_the_results(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(BLOCKED)

    result = pytester.runpytest_inprocess(*ARGS, "--perf-markdown=blocked/summary.md")

    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(
        ["results written to *report.json", "ERROR: --perf-markdown: no summary written: *"]
    )
    assert "runs" in json.loads((pytester.path / "new/report.json").read_text())


@pytest.mark.parametrize("name", ["json", "markdown"])
def test_file_in_a_file_is_known_before_any_test(pytester: pytest.Pytester, name: str) -> None:
    pytester.makepyfile("def test_it(): pass")
    (pytester.path / "taken").touch()

    result = pytester.runpytest_inprocess(f"--perf-{name}=taken/it")

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(
        [f"ERROR: --perf-{name}: '*taken/it' is not valid: give a file in a folder that takes *"]
    )
