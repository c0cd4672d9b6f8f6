"""A report that cannot be written does not affect the others, and no figure is lost.

The page of a CI job, which nobody asked for, costs nothing but its own line.
"""

import tempfile
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from unittest.mock import patch

import pytest

from aqp_perf.core.measured.run_result import GeneratorHealth, RunResult
from aqp_perf.core.results.judged_run import JudgedRun, ResultsFile, TargetInfo
from aqp_perf.core.results.results_document import read_results
from aqp_perf.core.verdict.verdicts import judge
from aqp_perf.plugin.results.report_files import ReportFiles, job_url
from aqp_perf.plugin.settings.written_files import STEP_SUMMARY_VARIABLE
from aqp_perf.reports.lines import Style

START = datetime(2025, 1, 1, tzinfo=UTC)
RUN = RunResult(
    command=("locust",),
    started_at=START,
    duration_s=1.0,
    users=1,
    generator=GeneratorHealth(processes=1),
    operations=(),
)
JUDGED = JudgedRun(
    test="t.py::test",
    target=TargetInfo(kind="none", endpoint="", label="the locustfile's own"),
    profile={},
    seed=1,
    run=RUN,
    verdict=judge(RUN, ()),
)
REPORT = ResultsFile(started_at=START, environment={}, runs=(JUDGED,))


def files(step_summary: Path | None = None, **paths: Path) -> ReportFiles:
    named = {"json_path": None, "html_path": None, "markdown_path": None, **paths}
    environment = {} if step_summary is None else {STEP_SUMMARY_VARIABLE: str(step_summary)}
    return ReportFiles(SimpleNamespace(**named), environment=environment)  # type: ignore[arg-type]


@pytest.mark.parametrize("is_gone", [False, True], ids=["disk full", "folder replaced"])
def test_results_that_cannot_be_written_are_elsewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, is_gone: bool
) -> None:
    (tmp_path / "gone").touch()
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    path = tmp_path / "gone" / "perf.json" if is_gone else Path("/dev/full")
    written = files(json_path=path, markdown_path=tmp_path / "perf.md")

    written.write(REPORT)

    (other,) = (tmp_path / "temporary").iterdir()
    assert read_results(other.read_text()) == REPORT
    assert written.has_failed
    error, rest, place = written.lines(100)
    assert error.text.startswith("ERROR: --perf-json: no results written: [Errno ")
    assert place.text == f"the results are in {other} instead"
    assert rest.text == f"summary written to {tmp_path / 'perf.md'}"


def test_results_that_nothing_takes_are_told_of(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "nowhere"))
    written = files(json_path=Path("/dev/full"), markdown_path=tmp_path / "perf.md")

    written.write(REPORT)

    _, rest, error = written.lines(100)
    assert rest.text.startswith("summary written to ")
    assert error.text.startswith("ERROR: the results could not be written to another place: [Err")


@pytest.mark.parametrize("has_json", [False, True])
def test_results_are_written_elsewhere_once_and_only_where_no_file_has_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, has_json: bool
) -> None:
    """As when a baseline cannot be saved after the reports, or a history takes no session."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    written = files(**({"json_path": tmp_path / "perf.json"} if has_json else {}))
    written.write(REPORT)

    written.rescue(REPORT)
    written.rescue(REPORT)

    (file,) = tmp_path.iterdir()
    assert (file.name == "perf.json") == has_json
    assert read_results(file.read_text()) == REPORT


@pytest.mark.parametrize("may_replace", [False, True])
def test_files_of_an_earlier_session_stay_when_no_load_test_ran(
    tmp_path: Path, *, may_replace: bool
) -> None:
    names = ("html", "json", "markdown")
    paths = {f"{each}_path": tmp_path / each for each in names}
    earlier = tmp_path / "json"
    earlier.write_text("measured")
    written = files(**paths)

    written.write(replace(REPORT, runs=()), may_replace=may_replace)

    assert sorted(each.name for each in tmp_path.iterdir()) == [*names]
    assert (earlier.read_text() == "measured") == (not may_replace)
    assert not written.has_failed
    told = f"no results written, as no load test ran: {earlier} stays"
    assert (told in [each.text for each in written.lines(100)]) == (not may_replace)


def test_what_was_measured_is_written_whatever_is_there(tmp_path: Path) -> None:
    """A run whose test has no report, as when a worker of xdist was interrupted, counts too."""
    earlier = tmp_path / "perf.json"
    earlier.write_text("measured")

    files(json_path=earlier).write(REPORT, may_replace=False)

    assert read_results(earlier.read_text()) == REPORT


def test_a_device_is_no_earlier_file() -> None:
    written = files(json_path=Path("/dev/null"))

    written.write(replace(REPORT, runs=()), may_replace=False)

    (line,) = written.lines(100)
    assert line.text == "results written to /dev/null"


@pytest.mark.parametrize("error", [ImportError, OverflowError, KeyError, TypeError])
def test_a_report_that_fails_keeps_no_other_from_being_written(
    tmp_path: Path, error: type[Exception]
) -> None:
    paths = {f"{each}_path": tmp_path / each for each in ("json", "html", "markdown")}
    written = files(**paths)

    with patch("aqp_perf.reports.html.render_html", side_effect=error("\x1b[31mwhy")):
        written.write(REPORT)

    assert sorted(each.name for each in tmp_path.iterdir()) == ["json", "markdown"]
    assert written.has_failed
    told = [each.text for each in written.lines(100) if each.style is Style.BAD]
    assert len(told) == 1
    assert told[0].startswith(f"ERROR: --perf-html: no report written: {error.__name__}: ")
    assert told[0].isprintable()


def test_a_summary_is_added_to_those_of_other_steps(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("other\n")

    files(page).write(REPORT)

    assert page.read_text().startswith("other\n### Performance: ❔ 1 NO DATA\n")


@pytest.mark.parametrize(
    ("environment", "url"),
    [
        ({}, None),
        (
            {
                "GITHUB_SERVER_URL": "https://github.com",
                "GITHUB_REPOSITORY": "a/b",
                "GITHUB_RUN_ID": "7",
            },
            "https://github.com/a/b/actions/runs/7",
        ),
        ({"GITHUB_REPOSITORY": "a/b"}, None),
        ({"CI_JOB_URL": "https://gitlab.com/a/b/-/jobs/7"}, "https://gitlab.com/a/b/-/jobs/7"),
        ({"BUILD_URL": "http://jenkins/job/perf/7/"}, "http://jenkins/job/perf/7/"),
        ({"BUILD_URL": "javascript:alert(1)"}, None),
    ],
    ids=["no CI", "GitHub", "half of GitHub", "GitLab", "Jenkins", "no page"],
)
def test_a_summary_knows_the_job_that_holds_the_files(
    environment: dict[str, str], url: str | None
) -> None:
    assert job_url(environment) == url


def test_a_summary_that_nobody_can_write_is_a_warning_alone(tmp_path: Path) -> None:
    written = files(tmp_path / "nowhere" / "page.md")

    written.write(REPORT)

    (line,) = written.lines(100)
    assert line.style is Style.WARNING
    assert line.text.startswith(f"{STEP_SUMMARY_VARIABLE}: no summary written: ")
    assert not written.has_failed
