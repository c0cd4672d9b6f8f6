"""Every measured run is reported, even if its test or session is interrupted."""

import json
import tempfile
from collections.abc import Callable
from unittest.mock import patch

import pytest

from aqp_perf.core.results.results_document import read_results
from tests.doubles.measuring import Measuring

Session = Callable[..., pytest.RunResult]


@pytest.fixture
def session(pytester: pytest.Pytester) -> Session:
    """Run a test that measures."""

    def run(body: str, *args: str, report: bool = True) -> pytest.RunResult:
        pytester.makepyfile(f"import pytest\ndef test_it{body}")
        # pytester forgets what a session imported: Hypothesis would load anew in each.
        unused = [f"-pno:{each}" for each in ("locust", "cacheprovider", "hypothesispytest")]
        reports = ["--perf-json=report.json"] if report else []
        return pytester.runpytest_inprocess(*unused, *reports, *args, plugins=[Measuring()])

    return run


def runs_of(pytester: pytest.Pytester, name: str = "report.json") -> list[tuple[int, str]]:
    """Return how many requests the reported runs have, and their verdicts."""
    (path,) = pytester.path.glob(name)
    report = read_results(path.read_text())
    return [(each.run.requests, str(each.verdict.verdict)) for each in report.runs]


@pytest.mark.parametrize(
    "body",
    [
        "(measure): measure(); raise KeyboardInterrupt",
        "(measure): measure(); pytest.exit('enough')",
        "(measure_late): pass",
        "(measure): measure()",
    ],
    ids=["interrupted", "pytest.exit", "interrupted in the teardown", "at its end"],
)
def test_a_finished_run_is_reported_once(
    pytester: pytest.Pytester, session: Session, body: str
) -> None:
    session(body)

    assert runs_of(pytester) == [(400, "pass")]


@pytest.mark.parametrize(
    ("error", "why"),
    [
        (RecursionError("too deep"), "the writes could not be audited: too deep"),
        (KeyboardInterrupt(), "the audit of the writes was interrupted"),
    ],
)
def test_a_run_whose_audit_does_not_end_is_kept_and_says_so(
    pytester: pytest.Pytester, session: Session, error: BaseException, why: str
) -> None:
    with patch("aqp_perf.plugin.runs.audits.Audits.audit", side_effect=error):
        session("(measure_writes): measure_writes()")

    assert runs_of(pytester) == [(400, "invalid")]
    (run,) = json.loads((pytester.path / "report.json").read_text())["runs"]
    assert why in run["invalid_reasons"]
    assert run["log_errors"] == ["no such host"]


def test_a_run_that_passed_has_no_errors_of_the_log(
    pytester: pytest.Pytester, session: Session
) -> None:
    session("(measure): measure()")

    (run,) = json.loads((pytester.path / "report.json").read_text())["runs"]
    assert (run["verdict"], run["log_errors"]) == ("pass", [])


@pytest.mark.parametrize("error", [KeyboardInterrupt, TypeError])
def test_a_run_whose_comparison_does_not_end_is_kept_and_not_green(
    pytester: pytest.Pytester, session: Session, error: type[BaseException]
) -> None:
    """Be it interrupted or a mistake of ours."""
    session("(measure): measure()", "--perf-save=base")
    comparing = ("--perf-compare=base", "--perf-compare-fail=p90 > 10%")

    with patch("aqp_perf.plugin.results.references.compare", side_effect=error):
        result = session("(measure): measure()", *comparing)

    assert result.ret != pytest.ExitCode.OK
    assert runs_of(pytester) == [(400, "no data")]


@pytest.mark.parametrize("place", ["--perf-save=base", "--perf-history=taken"])
def test_a_run_that_was_to_be_kept_and_cannot_be_is_in_a_file(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, session: Session, place: str
) -> None:
    """Nobody asked for one, but nothing else has its figures."""
    monkeypatch.setattr(tempfile, "tempdir", str(pytester.path))
    takes_the_place = "open('taken', 'w').close(); open('.perf-baselines', 'w').close()"

    result = session(f"(measure): measure(); {takes_the_place}", place, report=False)

    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines([f"the results are in {pytester.path}/aqp-perf-*.json instead"])
    assert runs_of(pytester, "aqp-perf-*.json") == [(400, "pass")]


def test_a_pacing_that_no_user_took_is_no_part_of_what_a_run_was_measured_with(
    pytester: pytest.Pytester, session: Session
) -> None:
    session("(measure): measure()", "--perf-save=base")

    result = session("(measure): measure()", "--perf-compare=base", "--perf-pacing=50/s")

    result.assert_outcomes(passed=1)
    (run,) = read_results((pytester.path / "report.json").read_text()).runs
    assert run.fingerprint is not None
    assert run.fingerprint.profile["pacing"] == run.profile["pacing"] == "the locustfile's own"
    assert run.comparison is not None
    assert run.comparison.reason == ""
