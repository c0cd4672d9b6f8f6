"""A FAIL is a failure of its test, INVALID and NO DATA are errors, whatever else ends the test."""

from collections.abc import Callable, Iterator

import pytest
from _pytest.runner import runtestprotocol

from aqp_perf.errors import TargetUnusable
from aqp_perf.plugin.runs.load_runs import RUNS
from tests.doubles.measuring import Measuring

FAILS = "--perf-threshold=median < 1 ms"
PROVES_NOTHING = "--perf-threshold=p99.9 < 10 s"
PASSES = "--perf-threshold=median < 1 s"

Session = Callable[..., pytest.RunResult]


class Ending:
    """A plugin object: fixtures of a user's that end a test in odd ways."""

    @pytest.fixture(params=[pytest.skip, pytest.xfail])
    def ended_late(self, request: pytest.FixtureRequest) -> Iterator[None]:
        """End the teardown."""
        yield
        request.param("nothing to clean")

    @pytest.fixture
    def breaks_late(self) -> Iterator[None]:
        """Fail in the teardown."""
        yield
        raise LookupError("it is gone")

    @pytest.fixture
    def measured_late(self, measure: Callable[[], None]) -> Iterator[None]:
        """Measure in the teardown, and end it."""
        yield
        measure()
        pytest.skip("nothing to clean")

    @pytest.fixture
    def measured_early(self, measure: Callable[[], None]) -> None:
        """Measure in the setup, and end it."""
        measure()
        pytest.skip("later")

    @pytest.fixture
    def break_down(self, request: pytest.FixtureRequest) -> None:
        """Let the body have had an error of ours."""
        request.node.stash[RUNS].error = TargetUnusable("moto", "it is full")


@pytest.fixture
def session(pytester: pytest.Pytester) -> Session:
    """Run a module of tests that measure."""

    def run(module: str, *args: str) -> pytest.RunResult:
        pytester.makepyfile(test_a=f"import pytest, unittest\n{module}")
        unused = [f"-pno:{each}" for each in ("locust", "cacheprovider", "hypothesispytest")]
        plugins = [Measuring(), Ending()]
        return pytester.runpytest_inprocess(*unused, *args, plugins=plugins)

    return run


UNITTEST = """
class TestIt(unittest.TestCase):
    @pytest.fixture(autouse=True)
    def _take(self, measure): self.measure = measure

    def test_it(self):
        self.measure()
        self.skipTest("later")
"""
SEEING = """
import pytest

@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(call):
    report = (yield).get_result()
    print("seen:", report.when, report.outcome, call.excinfo and call.excinfo.value)
"""
XFAIL = "@pytest.mark.xfail\ndef test_it"


@pytest.mark.parametrize(
    ("module", "threshold", "told"),
    [
        ("def test_it(measure, ended_late): measure()", PROVES_NOTHING, "NO DATA: quick p99.9"),
        ("def test_it(ended_late, break_down): pass", PASSES, "TargetUnusable: moto"),
        ("def test_it(measured_late): pass", FAILS, "FAIL: quick median"),
        ("def test_it(measured_early): pass", FAILS, "FAIL: quick median"),
        (UNITTEST, FAILS, "FAIL: quick median"),
        (f"{XFAIL}(measure): measure()", FAILS, "FAIL: quick median"),
        ("def test_it(measure): measure(); pytest.xfail('slow')", FAILS, "FAIL: quick median"),
        (f"{XFAIL}(measure): measure()", PROVES_NOTHING, "NO DATA: quick p99.9"),
        (f"{XFAIL}(break_down): pass", PASSES, "TargetUnusable: moto"),
    ],
    ids=[
        "no data, then ended in the teardown",
        "error, then ended in the teardown",
        "failed and skipped in the teardown",
        "failed and skipped in the setup",
        "skipped by unittest",
        "failed, and xfail mark",
        "failed, and xfail",
        "no data, and xfail",
        "error, and xfail",
    ],
)
def test_nothing_hides_a_verdict(session: Session, module: str, threshold: str, told: str) -> None:
    result = session(module, threshold)

    assert result.ret == pytest.ExitCode.TESTS_FAILED
    kind = "ERROR" if "measured_" in module or not told.startswith("FAIL") else "FAILED"
    result.stdout.fnmatch_lines([f"{kind} * - {told[:25]}*"])


def test_a_verdict_is_shown_without_a_traceback(session: Session) -> None:
    result = session("def test_it(measure, ended_late): measure()", PROVES_NOTHING)

    result.assert_outcomes(passed=2, errors=2)
    result.stdout.fnmatch_lines(["NO DATA: 1 of 2 thresholds met, 1 not judged"])
    result.stdout.no_fnmatch_line("*Traceback*")
    result.stdout.no_fnmatch_line("*aqp_perf/plugin*")


@pytest.mark.parametrize(
    "module",
    [
        "def test_it(measure, ended_late): measure()",
        "def test_it(measured_early): pass",
        UNITTEST,
    ],
)
def test_what_passed_may_be_skipped(session: Session, module: str) -> None:
    assert session(module, PASSES).ret == pytest.ExitCode.OK


@pytest.mark.parametrize("test", ["def test_it(perf_load): pass", "def test_it(): pass"])
def test_a_marked_test_without_load_is_an_error(session: Session, test: str) -> None:
    result = session(f"@pytest.mark.perf\n{test}", PASSES)

    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(["the test put no load on anything: call perf_load"])


@pytest.mark.parametrize(
    "test",
    [
        "@pytest.mark.perf\ndef test_it(perf_load): pytest.skip('later')",
        UNITTEST.replace("class", "@pytest.mark.perf\nclass").replace("self.measure()", "pass"),
    ],
)
def test_a_skipped_test_needs_no_load(session: Session, test: str) -> None:
    result = session(test, PASSES)

    result.assert_outcomes(skipped=1)
    assert result.ret == pytest.ExitCode.OK


@pytest.mark.parametrize("marks", [[], ["-m", "perf"]])
@pytest.mark.parametrize(
    ("threshold", "seen"),
    [(FAILS, "call failed FAIL: 1 of"), (PROVES_NOTHING, "teardown failed NO DATA: 1 of")],
)
def test_a_hook_of_the_project_sees_the_verdict(
    pytester: pytest.Pytester, session: Session, threshold: str, seen: str, marks: list[str]
) -> None:
    """Ours are registered before its conftest with ``-m perf``, and after it without."""
    pytester.makeconftest(SEEING)
    module = "@pytest.mark.perf\ndef test_it(measure, perf_load): measure()"

    result = session(module, threshold, *marks, "-s")

    result.stdout.fnmatch_lines([f"*seen: {seen}*"])


def test_a_failure_is_shown_once(session: Session) -> None:
    """Whatever else ends the test after it."""
    result = session("def test_it(measure, ended_late): measure()", FAILS)

    assert result.ret == pytest.ExitCode.TESTS_FAILED
    assert result.parseoutcomes()["failed"] == 2
    assert "errors" not in result.parseoutcomes()


def test_an_error_of_the_body_is_shown_with_one_of_the_teardown(session: Session) -> None:
    result = session("def test_it(perf_dataset, breaks_late, break_down): pass")

    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(["E * LookupError: it is gone", "TargetUnusable: moto * full"])


@pytest.mark.parametrize("test", ["def test_it", XFAIL])
def test_a_failing_body_speaks_for_its_runs(session: Session, test: str) -> None:
    result = session(f"{test}(measure): measure(); assert False, 'mine'", FAILS)

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        ["FAIL: 1 of * thresholds met, * broken", "FAILED * - AssertionError: mine*"]
    )


class Repeating:
    """A plugin object: runs every test twice, as pytest-rerunfailures runs one that failed."""

    def __init__(self) -> None:
        self.verdicts: list[list[object]] = []
        """Of the properties of each attempt."""

    def pytest_runtest_protocol(self, item: pytest.Item, nextitem: pytest.Item | None) -> bool:
        """Run both attempts, and keep the verdicts among the properties of each."""
        for _ in range(2):
            runtestprotocol(item, log=False, nextitem=nextitem)
            found = [value for name, value in item.user_properties if name.endswith("verdict")]
            self.verdicts.append(found)
        return True


def test_a_repeated_test_has_only_the_properties_of_its_last_attempt(
    pytester: pytest.Pytester,
) -> None:
    pytester.makepyfile("def test_it(measure, record_property): measure()")
    unused = [f"-pno:{name}" for name in ("locust", "cacheprovider", "hypothesispytest")]
    repeating = Repeating()

    pytester.runpytest_inprocess(*unused, FAILS, plugins=[Measuring(), repeating])

    first, second = repeating.verdicts
    assert first
    assert second == first
