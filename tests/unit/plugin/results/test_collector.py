"""A rerun replaces an attempt: all reports show both, and the last one counts."""

import json
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from _pytest.runner import runtestprotocol

from tests.doubles.measuring import Measuring

FAILS, PASSES, PROVES_NOTHING = "median < 1 ms", "median < 1 s", "p99.9 < 10 s"

Session = Callable[..., pytest.RunResult]


class Rerunning:
    """A plugin object: repeats a test until it passes, as pytest-rerunfailures does.

    Each attempt has another threshold.
    """

    def __init__(self, limits: tuple[str, ...]) -> None:
        self._limits = limits

    def pytest_runtest_protocol(self, item: pytest.Item, nextitem: pytest.Item | None) -> bool:
        """Report every attempt; one that will be replaced has the outcome ``rerun``."""
        for number, limit in enumerate(self._limits, 1):
            item.add_marker(pytest.mark.perf(thresholds=[limit]), append=False)
            item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
            reports = runtestprotocol(item, log=False, nextitem=nextitem)
            is_replaced = number < len(self._limits) and any(report.failed for report in reports)
            for report in reports:
                if is_replaced and report.failed:
                    report.outcome = "rerun"  # type: ignore[assignment]  # as the plugin does
                item.ihook.pytest_runtest_logreport(report=report)
            if not is_replaced:
                break
        return True


@pytest.fixture
def session(pytester: pytest.Pytester) -> Session:
    """Run a test that measures, with these limits in its attempts."""

    def run(*limits: str, test: str = "def test_it(measure): measure()") -> pytest.RunResult:
        pytester.makepyfile(test_a=test)
        unused = [f"-pno:{each}" for each in ("locust", "cacheprovider", "hypothesispytest")]
        files = ["--perf-json=r.json", "--perf-markdown=r.md", "--perf-html=r.html"]
        own = [*files, "--junitxml=r.xml", "--perf-save=main"]
        plugins = [Measuring(), Rerunning(limits)]
        return pytester.runpytest_inprocess(*unused, *own, plugins=plugins)

    return run


def verdicts(folder: Path) -> list[tuple[str, bool]]:
    """Return the verdicts in the results file, and whether they are superseded."""
    runs = json.loads((folder / "r.json").read_text("utf-8"))["runs"]
    return [(run["verdict"], run["superseded"]) for run in runs]


def properties(folder: Path) -> list[dict[str, str]]:
    """Return the properties of every test case of the JUnit file, in their order."""
    cases = ET.parse(folder / "r.xml").iter("testcase")  # noqa: S314 - our own file
    return [
        {it.attrib["name"]: it.attrib["value"] for it in case.iter("property")} for case in cases
    ]


@pytest.mark.parametrize(
    ("limit", "verdict"), [(FAILS, "fail"), (PROVES_NOTHING, "no data")], ids=["call", "teardown"]
)
def test_the_last_attempt_counts(
    session: Session, pytester: pytest.Pytester, limit: str, verdict: str
) -> None:
    result = session(limit, PASSES)

    assert result.ret == pytest.ExitCode.OK
    assert verdicts(pytester.path) == [(verdict, True), ("pass", False)]
    result.stdout.fnmatch_lines(["*baseline saved as main*"])


def test_a_test_whose_attempts_all_fail_has_failed(
    session: Session, pytester: pytest.Pytester
) -> None:
    result = session(FAILS, FAILS, FAILS)

    assert result.ret == pytest.ExitCode.TESTS_FAILED
    assert verdicts(pytester.path) == [("fail", True), ("fail", True), ("fail", False)]
    result.stdout.fnmatch_lines(["baseline main not saved: 1 of 1 runs did not pass"])


def test_every_run_of_a_replaced_attempt_is_superseded(
    session: Session, pytester: pytest.Pytester
) -> None:
    """Also one that passed, and one that the teardown made after the attempt had failed."""
    module = """
        import pytest

        @pytest.fixture
        def measured_late(measure):
            yield
            measure()

        def test_it(measured_late, measure): measure(); measure()
    """

    session(FAILS, PASSES, test=module)

    assert verdicts(pytester.path) == [("fail", True)] * 3 + [("pass", False)] * 3


def test_the_terminal_shows_both_attempts(session: Session) -> None:
    result = session(FAILS, PASSES)

    result.stdout.fnmatch_lines(
        [
            "verdict  test *",
            "FAIL     test_a.py::test_it (superseded) *",
            "PASS     test_a.py::test_it  *",
            "Superseded: a rerun replaced this attempt of the test; the last one counts.",
        ]
    )


def test_a_junit_test_case_has_its_own_verdict_first(
    session: Session, pytester: pytest.Pytester
) -> None:
    session(FAILS, PASSES)

    first, second = properties(pytester.path)
    assert next(iter(first.items())) == ("perf.verdict", "fail")
    assert next(iter(second.items())) == ("perf.verdict", "pass")
    assert (first.get("perf.superseded"), second.get("perf.superseded")) == ("true", None)


def test_markdown_and_html_count_the_last_attempt(
    session: Session, pytester: pytest.Pytester
) -> None:
    session(FAILS, PASSES)

    markdown = (pytester.path / "r.md").read_text("utf-8")
    html = (pytester.path / "r.html").read_text("utf-8")
    assert markdown.startswith("### Performance: ✅ 1 PASS, 1 run superseded by a rerun\n")
    assert "| 2 | FAIL | `test_a.py::test_it (superseded)` |" in markdown
    assert "<h1>1 of 1 run passed, 1 run superseded by a rerun</h1>" in html
    assert "test_a.py::test_it (superseded)</h2>" in html
