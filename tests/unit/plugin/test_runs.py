"""What was measured stays in the reports of its session, whatever becomes of its test."""

import json
import tempfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from fnmatch import fnmatch
from unittest.mock import patch

import pytest

from perf.core.comparison import Change, Comparison
from perf.core.histogram import LatencyHistogram
from perf.core.operation import OperationResult
from perf.core.report import ReportFile
from perf.core.result import GeneratorHealth, RunResult
from perf.plugin.fingerprints import fingerprint_of
from perf.plugin.fixtures import STATE_RUNS
from perf.plugin.judging import FinishedRun
from perf.plugin.site import Site
from perf.plugin.state import STATE

LATENCY = LatencyHistogram.of([20_000_000] * 40)
RESULT = RunResult(
    command=("locust",),
    started_at=datetime(2026, 1, 1, tzinfo=UTC),
    duration_s=2.0,
    users=1,
    generator=GeneratorHealth(processes=1),
    operations=(
        OperationResult(
            request_type="EVENT",
            name="quick",
            duration_s=2.0,
            requests=40,
            failures=0,
            latency=LATENCY,
            service_time=LATENCY,
        ),
    ),
)
NOWHERE = Site(target=None, table=None, aqp_url=None, aqp_label=None)

Session = Callable[..., pytest.RunResult]


class Measuring:
    """A plugin object: a run that was measured in no time."""

    @pytest.fixture
    def measure(self, request: pytest.FixtureRequest) -> Callable[[], None]:
        """Put a finished run into the test, as ``perf_load`` does."""
        load = request.config.stash[STATE].resolver.load({})
        fingerprint = fingerprint_of(load, {}, target=NOWHERE.kinds, dataset=None)
        run = FinishedRun(result=RESULT, load=load, site=NOWHERE, fingerprint=fingerprint)
        return lambda: request.node.stash[STATE_RUNS]._runs.append(run)

    @pytest.fixture
    def measure_late(self, measure: Callable[[], None]) -> Iterator[None]:
        """Measure in the teardown, and be interrupted there."""
        yield
        measure()
        raise KeyboardInterrupt


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
    report = ReportFile.from_json(json.loads(path.read_text()))
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

    assert runs_of(pytester) == [(40, "pass")]


@pytest.mark.parametrize("error", [KeyboardInterrupt, TypeError])
def test_a_run_whose_comparison_does_not_end_is_kept_and_not_green(
    pytester: pytest.Pytester, session: Session, error: type[BaseException]
) -> None:
    """Be it interrupted or a mistake of ours."""
    session("(measure): measure()", "--perf-save=base")
    comparing = ("--perf-compare=base", "--perf-compare-fail=p90 > 10%")

    with patch("perf.plugin.baselines.compare", side_effect=error):
        result = session("(measure): measure()", *comparing)

    assert result.ret != pytest.ExitCode.OK
    assert runs_of(pytester) == [(40, "no data")]


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
    assert runs_of(pytester, "aqp-perf-*.json") == [(40, "pass")]


BOUNDLESS = Change(
    operation="quick", metric="p90", before=1.0, after=2.0, change_ratio=1e300, ci95=None
)


@pytest.mark.parametrize(
    ("comes_to", "why"),
    [
        (OverflowError("no such slice"), "OverflowError: no such slice"),
        (
            Comparison(baseline="base", changes=(BOUNDLESS,)),
            "ResultError: comparison.changes*0*.change_ratio: expected a number, found 1e+300",
        ),
    ],
    ids=["not reckoned", "not readable"],
)
def test_a_baseline_that_nobody_can_reckon_with_costs_no_measurement(
    pytester: pytest.Pytester, session: Session, comes_to: Comparison | Exception, why: str
) -> None:
    session("(measure): measure()", "--perf-save=base")
    comparing = ("--perf-compare=base", "--perf-compare-fail=p90 > 10%")

    with patch("perf.plugin.baselines.compare", side_effect=[comes_to]):
        result = session("(measure): measure()", *comparing)

    result.assert_outcomes(passed=1, errors=1)
    told = "baseline base: its figures do not add up: "
    text = " ".join(each.strip() for each in result.stdout.lines)
    assert fnmatch(text, f"*NO DATA: nothing to compare with: {told}{why} *")
    assert runs_of(pytester) == [(40, "no data")]
