"""The page of ``--perf-html``: written at the end of a session, refused before it."""

import pytest

ARGS = ("-p", "no:cacheprovider")


def test_session_without_load_runs_has_a_page_that_says_so(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("def test_it(): pass")

    result = pytester.runpytest_inprocess(*ARGS, "--perf-html=new/report.html")

    assert result.ret == pytest.ExitCode.OK
    page = (pytester.path / "new/report.html").read_text("utf-8")
    assert page.lstrip().startswith("<!DOCTYPE html>")
    assert "No load run" in page
    result.stdout.fnmatch_lines([f"report written to {pytester.path}/new/report.html"])


def test_folder_is_refused_before_any_test(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("def test_it(): open('ran', 'w').close()")

    result = pytester.runpytest_inprocess(*ARGS, "--perf-html=.")

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert "--perf-html: '.' is not valid: it is a folder: give a file" in result.stderr.str()
    assert not (pytester.path / "ran").exists()


def test_page_that_cannot_be_written_costs_no_other_report(pytester: pytest.Pytester) -> None:
    """The folder could be made when the session began."""
    pytester.makepyfile("def test_it(): open('new', 'w').close()")

    result = pytester.runpytest_inprocess(
        *ARGS, "--perf-html=new/report.html", "--perf-json=results.json"
    )

    assert result.ret == pytest.ExitCode.TESTS_FAILED
    assert (pytester.path / "results.json").is_file()
    result.stdout.fnmatch_lines(["ERROR: --perf-html: no report written: *", "* 1 passed in *"])
