"""The verdict of a load run decides its test: on the screen, in JUnit XML, in the results file."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

pytestmark = pytest.mark.usefixtures("session")

PASSWORD = "a-password-that-nobody-else-has"
TESTS = """
import sys
import pytest


@pytest.mark.perf(thresholds=["failure_ratio <= 0", "quick: median < 10 s"], users=4, pacing="50/s")
def test_passes(perf_load):
    result = perf_load({"QuickUser": 3, "OtherUser": 1}, locustfile="events.py")
    assert result.users == 4
    assert result.operation("quick").requests > 2 * result.operation("other").requests


@pytest.mark.perf(thresholds=["median < 10 s"])
def test_second_run_is_slow(perf_load):
    perf_load("QuickUser", locustfile="events.py")
    perf_load("SlowUser", locustfile="events.py", thresholds=["median < 10 s", "max < 15 s"])


@pytest.mark.perf
def test_generator_raises(perf_load):
    perf_load("RaisingUser", locustfile="events.py")


def test_no_request(perf_load):
    assert perf_load("IdleUser", locustfile="events.py").requests == 0


@pytest.mark.perf(thresholds=["slwo: median < 10 s", "median < 10 s"])
def test_unknown_operation(perf_load):
    perf_load("QuickUser", locustfile="events.py")


@pytest.mark.perf
def test_body_fails(perf_load):
    result = perf_load("RefusedUser", locustfile="events.py")
    assert result.operation("refused").failures == 0, "the body speaks for itself"


def test_no_load():
    assert not {"locust", "gevent"} & set(sys.modules)
"""

IDLE = """
import pytest

@pytest.mark.perf(processes=3)
def test_processes_without_users(perf_load):
    perf_load("QuickUser", locustfile="events.py")
"""


@pytest.fixture(scope="module")
def folder(new_project: Callable[..., Path]) -> Path:
    return new_project(test_outcomes=TESTS)


@pytest.fixture(scope="module")
def session(folder: Path, run_pytest: Callable[..., pytest.RunResult]) -> pytest.RunResult:
    """One session of all the outcomes there are; every test here looks at a part of it."""
    return run_pytest(
        folder,
        "-Wdefault::aqp_perf.errors.LoadWarning",
        "--junitxml=junit.xml",
        "--perf-json=report.json",
        "--perf-markdown=summary.md",
        GITHUB_STEP_SUMMARY=str(folder / "step.md"),
        PERF_AQP_PASSWORD=PASSWORD,
    )


@pytest.fixture(scope="module")
def cases(folder: Path, session: pytest.RunResult) -> dict[str, ET.Element]:
    """The test cases of the JUnit file, by name."""
    assert session.duration
    root = ET.parse(folder / "junit.xml").getroot()  # noqa: S314 - pytest wrote it
    return {case.attrib["name"]: case for case in root.iter("testcase")}


@pytest.fixture(scope="module")
def report(folder: Path, session: pytest.RunResult) -> dict[str, Any]:
    assert session.duration
    loaded: dict[str, Any] = json.loads((folder / "report.json").read_text())
    return loaded


def test_slow_is_a_failure_and_unproven_an_error(session: pytest.RunResult) -> None:
    """A run that is INVALID or has NO DATA leaves its test's body passed and errs at teardown."""
    assert session.ret == 1
    session.assert_outcomes(passed=5, failed=2, errors=3)


def test_failure_shows_every_threshold_of_the_broken_run(cases: dict[str, ET.Element]) -> None:
    case = cases["test_second_run_is_slow"]

    text = case.findtext("failure") or ""

    assert text.startswith("FAIL: 1 of 3 thresholds met, 2 broken\n")
    assert "\n  FAIL  median < 10 s  " in text
    assert "\n  FAIL  max < 15 s  " in text
    assert "\ndata seed  1\ncommand    locust -f " in text
    assert "quick" not in text.partition("command")[0], "the first run passed"
    message = case.find("failure[@message]").attrib["message"]  # type: ignore[union-attr]
    # Stalls of a busy machine add the bounds.
    assert message.startswith("FAIL: slow median 20 s (limit 10 s)")
    assert message.endswith("; 1 more broken")
    assert case.find("error") is None


def test_generator_that_raises_is_invalid(cases: dict[str, ET.Element]) -> None:
    text = cases["test_generator_raises"].findtext("error") or ""

    assert "INVALID: the run did not measure the target\n" in text
    assert "the locustfile raised " in text
    assert "a bug of the locustfile" in text


def test_run_without_requests_never_passes(cases: dict[str, ET.Element]) -> None:
    text = cases["test_no_request"].findtext("error") or ""

    assert "NO DATA: no request was completed\n" in text


def test_threshold_on_an_operation_that_never_ran_has_no_data(
    cases: dict[str, ET.Element],
) -> None:
    text = cases["test_unknown_operation"].findtext("error") or ""

    assert "NO DATA: 2 of 3 thresholds met, 1 not judged\n" in text
    assert "no such operation ran, only quick" in text


def test_assertion_of_the_body_stays(cases: dict[str, ET.Element]) -> None:
    """What the body found is the failure; the verdict on the run stands in its properties."""
    case = cases["test_body_fails"]

    assert "the body speaks for itself" in (case.findtext("failure") or "")
    assert _properties(case)["perf.verdict"] == "fail"


def test_run_that_fails_does_not_pass_for_lack_of_thresholds(cases: dict[str, ET.Element]) -> None:
    properties = _properties(cases["test_body_fails"])

    assert properties["perf.refused.failure_ratio.threshold"] == "failure_ratio <= 1%"
    assert properties["perf.refused.failure_ratio.verdict"] == "fail"


def test_every_run_has_a_line(session: pytest.RunResult) -> None:
    session.stdout.fnmatch_lines(
        [
            "perf: target http://127.0.0.1:*, AQP embedded, profile smoke, data seed 1, run *",
            "* performance *",
            "verdict  test",
            "PASS     test_outcomes.py::test_passes",
            "         quick median * ms (limit 10 s)*",
            "PASS     *test_second_run_is_slow",
            "FAIL     *test_second_run_is_slow (run 2)",
            "         slow median 20 s (limit 10 s)*",
            "INVALID  *test_generator_raises",
            "         the locustfile raised *",
            "NO DATA  *test_no_request",
            "         no request was completed",
            "NO DATA  *test_unknown_operation",
            "         * median < *: no such operation ran, only quick",
            "FAIL     *test_body_fails",
            "         refused failure_ratio 100% (limit 1%)*",
            "An INVALID or NO DATA run is an error of its test. *",
            "FAILED test_outcomes.py::test_second_run_is_slow - FAIL: slow median *",
            "ERROR test_outcomes.py::test_no_request - NO DATA: no request was completed",
        ]
    )


def test_what_did_not_pass_is_shown_once(session: pytest.RunResult) -> None:
    """In the text of its test's failure, after what the test itself says."""
    shown = session.stdout.str()
    told = [line for line in shown.splitlines() if line.startswith("command ")]

    assert len(told) == 5
    assert shown.count("FAIL: 1 of 3 thresholds met, 2 broken") == 1
    assert "command " not in shown[shown.index("= performance =") :]
    session.stdout.fnmatch_lines(
        [
            "*AssertionError: the body speaks for itself*",
            "*- performance -*",
            "FAIL: 0 of 1 thresholds met, 1 broken",
            "2 users, measured for *; load generator: processes 1, *",
            "target *endpoint at http://127.0.0.1:* (custom endpoint, not AWS)",
            "profile *name=smoke users=2 * run_time_s=1* warmup_s=0* pacing=think *",
        ]
    )


def test_junit_properties_hold_every_run_of_a_test(cases: dict[str, ET.Element]) -> None:
    properties = _properties(cases["test_second_run_is_slow"])

    assert properties["perf.verdict"] == "pass"
    assert int(properties["perf.quick.requests"]) > 0
    assert properties["perf.2.verdict"] == "fail"
    assert properties["perf.2.slow.max.threshold"] == "max < 15 s"
    assert properties["perf.2.slow.max.verdict"] == "fail"


def test_tests_without_load_have_no_properties(cases: dict[str, ET.Element]) -> None:
    assert not _properties(cases["test_no_load"])


def test_report_holds_every_run_in_order(report: dict[str, Any]) -> None:
    names = [run["test"].partition("::")[2] for run in report["runs"]]

    assert names == [
        "test_passes",
        "test_second_run_is_slow",
        "test_second_run_is_slow",
        "test_generator_raises",
        "test_no_request",
        "test_unknown_operation",
        "test_body_fails",
    ]
    verdicts = [run["verdict"] for run in report["runs"]]
    assert verdicts == ["pass", "pass", "fail", "invalid", "no data", "no data", "fail"]


def test_locustfile_that_paces_itself_owes_no_arrivals(report: dict[str, Any]) -> None:
    """Its users do not take part in the open model, so that none of it was left out."""
    run = report["runs"][0]

    assert run["profile"]["pacing"] == "the locustfile's own"
    assert run["generator"]["arrivals_due"] is None


def test_report_has_the_fields_of_its_schema(report: dict[str, Any]) -> None:
    assert report["schema_version"] == 1
    assert report["started_at"].endswith("Z")
    known = {"python", "locust", "botocore", "machine", "commit", "command"}
    assert set(report["environment"]) == known
    run = report["runs"][0]
    assert run["command"][0] == "locust"
    assert run["target"]["label"] == "custom endpoint, not AWS"
    assert run["profile"]["users"] == 4
    assert run["seed"] == 1
    assert run["generator"]["processes"] == 1
    quick = run["operations"]["quick"]
    assert quick["type"] == "EVENT"
    assert quick["failures"] == 0
    assert quick["latency_ms"]["p50"] == pytest.approx(20, rel=0.001)
    assert quick["histogram"]
    assert {rule["text"] for rule in run["thresholds"]} == {
        "failure_ratio <= 0%",
        "median < 10 s",
    }


def test_processes_without_users_are_a_warning(
    new_project: Callable[..., Path], run_pytest: Callable[..., pytest.RunResult]
) -> None:
    """Its verdict is left open: three processes that start on two busy cores stand still."""
    session = run_pytest(new_project(test_idle=IDLE), "-Wdefault::aqp_perf.errors.LoadWarning")

    session.stdout.fnmatch_lines(
        [
            "*LoadWarning: 3 load generator processes, but users for 2 of them: the others *",
        ]
    )


def test_summary_for_a_pull_request_is_that_of_the_job(folder: Path, report: object) -> None:
    assert report
    summary = (folder / "summary.md").read_text()

    assert summary.startswith("### Performance: ❌ 2 FAIL, ⚠️ 1 INVALID, ❔ 2 NO DATA, ✅ 2 PASS\n")
    assert (folder / "step.md").read_text() == summary


def test_password_is_nowhere(folder: Path, session: pytest.RunResult) -> None:
    written = [session.stdout.str()]
    written += [
        (folder / name).read_text() for name in ("junit.xml", "report.json", "summary.md", "diary")
    ]

    assert all(PASSWORD not in text for text in written)


def _properties(case: ET.Element) -> dict[str, str]:
    return {each.attrib["name"]: each.attrib["value"] for each in case.iter("property")}


DYING = """
import os
import signal

from events import QuickUser
from locust import events


@events.test_start.add_listener
def die(**_):
    os.kill(os.getpid(), signal.SIGKILL)
"""
TEST_OF_DYING = """
def test_dies(perf_load):
    perf_load("QuickUser", locustfile="dying.py")
"""


def test_a_locust_that_was_killed_has_a_row(
    new_project: Callable[..., Path], run_pytest: Callable[..., pytest.RunResult]
) -> None:
    folder = new_project(test_it=TEST_OF_DYING, dying=DYING)

    files = ["--perf-json=killed.json", "--perf-html=killed.html", "--perf-markdown=killed.md"]
    result = run_pytest(folder, *files)

    reason = "locust ended with exit code -9 and no result"
    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines([f"INVALID  test_it.py::test_dies  {reason}"])
    (run,) = json.loads((folder / "killed.json").read_text())["runs"]
    assert (run["verdict"], run["operations"]) == ("invalid", {})
    assert reason in run["invalid_reasons"]
