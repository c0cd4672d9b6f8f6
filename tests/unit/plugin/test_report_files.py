"""The page of a CI job, which nobody asked for, costs nothing but its own line."""

from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import pytest

from perf.core.report import JudgedRun, ReportFile, TargetInfo
from perf.core.result import GeneratorHealth, RunResult
from perf.core.verdicts import judge
from perf.plugin.report_files import STEP_SUMMARY_VARIABLE, ReportFiles, job_url
from perf.reports.lines import Style

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
REPORT = ReportFile(started_at=START, environment={}, runs=(JUDGED,))


def files(step_summary: Path) -> ReportFiles:
    nothing = SimpleNamespace(json_path=None, html_path=None, markdown_path=None)
    return ReportFiles(nothing, environment={STEP_SUMMARY_VARIABLE: str(step_summary)})  # type: ignore[arg-type]


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
