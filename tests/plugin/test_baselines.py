"""Sessions beside a baseline: refused before any load, or judged when the run has ended."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from aqp_perf.core.measured.operation import OperationResult
from aqp_perf.core.measured.run_result import GeneratorHealth, RunResult
from aqp_perf.core.results.judged_run import JudgedRun, ResultsFile, TargetInfo
from aqp_perf.core.results.results_document import results_text
from aqp_perf.core.results.run_fingerprint import PARTS, RunFingerprint
from aqp_perf.core.samples.histogram import LatencyHistogram
from aqp_perf.core.samples.timeline import Timeline
from aqp_perf.core.verdict.verdicts import RunVerdict, Verdict

INPROCESS = ("-p", "no:cacheprovider")
TESTS = """
import pytest


@pytest.mark.perf(thresholds=["median < 10 s"], run_time="4s", users=4)
def test_quick(perf_load):
    perf_load("QuickUser", locustfile="events.py")


@pytest.mark.perf(thresholds=["median < 10 s"])
def test_new(perf_load):
    perf_load("OtherUser", locustfile="events.py")
"""


def earlier_run(latency_ms: int) -> RunResult:
    """Return what an earlier, steady session would have measured."""
    histogram, timeline = LatencyHistogram(), Timeline()
    for number in range(320):
        histogram.record_ns(latency_ms * 1_000_000)
        timeline.record(number * 12_500_000, latency_ms * 1_000_000, failed=False)
    return RunResult(
        command=("locust",),
        started_at=datetime(2026, 1, 1, tzinfo=UTC),
        duration_s=4.0,
        users=4,
        generator=GeneratorHealth(processes=1),
        operations=(
            OperationResult(
                request_type="EVENT",
                name="quick",
                duration_s=4.0,
                requests=320,
                failures=0,
                latency=histogram,
                service_time=histogram,
                timeline=timeline,
            ),
        ),
    )


def save_baseline(path: Path, latency_ms: int) -> None:
    """Write the report of an earlier session in other circumstances."""
    run = earlier_run(latency_ms)
    judged = JudgedRun(
        test="test_load.py::test_quick",
        target=TargetInfo(kind="none", endpoint="", label="none"),
        profile={},
        seed=1,
        run=run,
        verdict=RunVerdict(verdict=Verdict.PASS),
        fingerprint=RunFingerprint(),
    )
    results = ResultsFile(started_at=run.started_at, environment={}, runs=(judged,))
    path.write_text(results_text(results))


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["--perf-compare=main"], "baseline main: there is none in .perf-baselines, which has"),
        (
            ["--perf-compare=main", "--override-ini=perf_compare_missing=save"],
            "use one of error, pass",
        ),
        (
            ["--override-ini=perf_anchor=release"],
            "anchor release: there is none in .perf-baselines, which has none at all",
        ),
        (["--override-ini=perf_anchor=cut.json"], "anchor cut.json: not JSON, or cut short"),
        (
            ["--override-ini=perf_anchor=best:3", "--perf-history=nights"],
            "anchor best:3: no session of the history has passed: allow it for now: -o perf_comp",
        ),
        (["--perf-compare=cut.json"], "baseline cut.json: not JSON, or cut short"),
        (["--perf-compare=next.json"], "schema_version 2, this version reads 1"),
        (["--perf-save=main", "--override-ini=perf_baselines=cut.json/in"], "baseline main: "),
    ],
)
def test_what_cannot_be_compared_or_saved_ends_the_session_before_it_begins(
    pytester: pytest.Pytester, args: list[str], message: str
) -> None:
    (pytester.path / "cut.json").write_text('{"schema_version": 1, "runs"')
    (pytester.path / "next.json").write_text('{"schema_version": 2}')
    pytester.makepyfile("def test_it(): pass")
    result = pytester.runpytest_inprocess(*INPROCESS, *args)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"*{message}*"])


def test_circumstances_that_differ_end_the_session_before_any_load(
    pytester: pytest.Pytester,
) -> None:
    save_baseline(pytester.path / "then.json", latency_ms=10)
    pytester.makepyfile("def test_it(perf_load): perf_load('PartiqlWriteUser')")
    result = pytester.runpytest_inprocess(*INPROCESS, "--perf-compare=then.json")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*baseline then.json: not comparable: versions: python *"])


def test_a_run_that_is_worse_than_its_baseline_fails_its_test(
    new_project: Callable[..., Path], run_pytest: Callable[..., pytest.RunResult]
) -> None:
    """It took 10 ms then, and takes 20 ms now; a test that is new proves nothing."""
    project = new_project(test_load=TESTS)
    save_baseline(project / "then.json", latency_ms=10)

    result = run_pytest(
        project,
        "--perf-compare=then.json",
        "--perf-compare-fail=median > 10%",
        f"--override-ini=perf_compare_allow={','.join(PARTS)}",
        "--perf-save=now",
        "--perf-json=now.json",
        "--junitxml=junit.xml",
    )

    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.assert_outcomes(failed=1, passed=1, errors=1)
    result.stdout.fnmatch_lines(
        [
            "*FAIL: compared with baseline then.json: 0 of 1 rules kept, 1 broken*",
            "*FAIL  median > 10% * 10* ms * 2?* ms * +1* [[]*]",
            "FAIL     test_load.py::test_quick",
            "         quick median 10 ms -> 2* ms, +1*% (allowed: 10%)",
            "*baseline now not saved: 2 of 2 runs did not pass*",
        ]
    )
    failed, new = json.loads((project / "now.json").read_text())["runs"]
    assert (failed["verdict"], new["verdict"]) == ("fail", "no data")
    assert failed["comparison"]["judgements"][0]["verdict"] == "fail"
    assert new["comparison"]["reason"] == "baseline then.json has no such run of this test"
    cases = ET.parse(project / "junit.xml").iter("property")  # noqa: S314 - of our own making
    named = {each.get("name"): each.get("value") for each in cases}
    assert float(named["perf.compare.quick.median.change"] or 0) == pytest.approx(1, abs=0.1)
    assert not (project / ".perf-baselines").exists()


def test_a_first_session_passes_beside_nothing_and_is_saved(
    new_project: Callable[..., Path], run_pytest: Callable[..., pytest.RunResult]
) -> None:
    project = new_project(test_load=TESTS)

    result = run_pytest(
        project,
        "-k=quick",
        "--perf-run-time=1s",
        "--perf-compare=main",
        "--override-ini=perf_compare_missing=pass",
        "--perf-compare-fail=median > 10%",
        "--perf-save=main",
    )

    assert result.ret == pytest.ExitCode.OK
    result.stdout.fnmatch_lines(
        [
            "  nothing to compare with: baseline main: there is none in .perf-baselines,",
            "  which has none at all",
            "baseline saved as main in .perf-baselines",
        ]
    )
