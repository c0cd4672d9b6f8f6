"""Report files of sessions without results, or with no place to write them."""

import json
from pathlib import Path

import pytest

from aqp_perf.plugin.session.exclusive import LOCK_FILE_VARIABLE

_UNUSED = [f"-pno:{each}" for each in ("locust", "cacheprovider", "hypothesispytest")]
"""Hypothesis would load anew in every session."""

ARGS = (*_UNUSED, "--perf-json", "new/report.json")
BLOCKED = "def test_it(): open('blocked', 'w').close()"

LOAD_TESTS = """
import pytest

@pytest.fixture
def broken():
    raise LookupError("it is not there")

def test_idle(perf_load):
    pass

def test_broken(broken, perf_load):
    pass

@pytest.mark.skip
def test_skipped(perf_load):
    pass

def test_left_out(perf_load):
    pytest.skip("not here")

def test_plain():
    pass
"""


@pytest.fixture(autouse=True)
def _outside_of_any_ci(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("GITHUB_STEP_SUMMARY", raising=False)
    # A worker of xdist that runs this test holds the lock that a load test in here waits for.
    monkeypatch.setenv(LOCK_FILE_VARIABLE, str(tmp_path / "lock"))


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


@pytest.mark.parametrize(
    ("args", "exit_code"),
    [
        (["nowhere.py"], pytest.ExitCode.USAGE_ERROR),
        (["-k=nothing"], pytest.ExitCode.NO_TESTS_COLLECTED),
        (["-k=plain"], pytest.ExitCode.OK),
        (["-k=skipped"], pytest.ExitCode.OK),
        (["-k=left_out"], pytest.ExitCode.OK),
        (["-k=idle", "--setup-plan"], pytest.ExitCode.OK),
        (["--collect-only"], pytest.ExitCode.OK),
    ],
    ids=lambda each: " ".join(each) if isinstance(each, list) else "",
)
def test_what_was_measured_before_outlives_a_session_without_a_load_test(
    pytester: pytest.Pytester, args: list[str], exit_code: pytest.ExitCode
) -> None:
    pytester.makepyfile(LOAD_TESTS)
    earlier = pytester.path / "report.json"
    earlier.write_text("measured")

    result = pytester.runpytest_inprocess(*_UNUSED, "--perf-json=report.json", *args)

    assert result.ret == exit_code
    assert earlier.read_text() == "measured"


@pytest.mark.parametrize("test", ["idle", "broken"])
@pytest.mark.parametrize("workers", [[], ["-n1"]], ids=["alone", "xdist"])
def test_a_load_test_that_ran_and_measured_nothing_is_the_newest_result(
    pytester: pytest.Pytester, test: str, workers: list[str]
) -> None:
    """Else an old result would stand beside a session that is red."""
    pytester.makepyfile(LOAD_TESTS)
    earlier = pytester.path / "report.json"
    earlier.write_text("measured")
    args = (*_UNUSED, "--perf-json=report.json", f"-k={test}", *workers)

    result = pytester.runpytest_inprocess(*args)

    assert result.ret == pytest.ExitCode.TESTS_FAILED
    assert json.loads(earlier.read_text())["runs"] == []


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
