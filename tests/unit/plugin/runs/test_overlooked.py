"""What a load test measured is not green because something else ended its test."""

from collections.abc import Callable, Iterator

import pytest

from aqp_perf.errors import TargetUnusable
from aqp_perf.plugin.fixtures import STATE_RUNS
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
        request.node.stash[STATE_RUNS].error = TargetUnusable("moto", "it is full")


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
XFAIL = "@pytest.mark.xfail\ndef test_it"


@pytest.mark.parametrize(
    ("module", "threshold", "told"),
    [
        ("def test_it(measure, ended_late): measure()", PROVES_NOTHING, "NO DATA: quick p99.9"),
        ("def test_it(ended_late, break_down): pass", PASSES, "TargetUnusable: moto"),
        ("def test_it(measured_late): pass", FAILS, "FAIL: quick median"),
        ("def test_it(measured_early): pass", FAILS, "FAIL: quick median"),
        (UNITTEST, FAILS, "FAIL: quick median"),
        (f"{XFAIL}(measure): measure()", PROVES_NOTHING, "NO DATA: quick p99.9"),
        (f"{XFAIL}(break_down): pass", PASSES, "TargetUnusable: moto"),
    ],
    ids=[
        "no data, then ended in the teardown",
        "error, then ended in the teardown",
        "failed and skipped in the teardown",
        "failed and skipped in the setup",
        "skipped by unittest",
        "no data, and xfail",
        "error, and xfail",
    ],
)
def test_nothing_else_makes_it_green(
    session: Session, module: str, threshold: str, told: str
) -> None:
    result = session(module, threshold)

    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines([f"ERROR * - {told[:25]}*"])


def test_an_overlooked_error_is_shown_as_another_is(session: Session) -> None:
    result = session("def test_it(measure, ended_late): measure()", PROVES_NOTHING)

    result.assert_outcomes(passed=2, errors=2)
    result.stdout.fnmatch_lines(["NO DATA: 1 of 2 thresholds met, 1 not judged"])
    result.stdout.no_fnmatch_line("*Traceback*")
    result.stdout.no_fnmatch_line("*aqp_perf/plugin*")


@pytest.mark.parametrize(
    "module",
    [
        f"{XFAIL}(measure): measure()",
        "def test_it(measure): measure(); pytest.xfail('known to be slow')",
    ],
)
def test_a_failure_that_is_expected_is_none(session: Session, module: str) -> None:
    result = session(module, FAILS)

    assert result.ret == pytest.ExitCode.OK
    result.assert_outcomes(xfailed=1)


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


def test_a_failure_is_told_once(session: Session) -> None:
    """Whatever else ends the test after it."""
    result = session("def test_it(measure, ended_late): measure()", FAILS)

    assert result.ret == pytest.ExitCode.TESTS_FAILED
    assert result.parseoutcomes()["failed"] == 2
    assert "errors" not in result.parseoutcomes()
