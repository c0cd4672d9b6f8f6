"""A session with a lost worker, or a load test without a report, is not green."""

from collections.abc import Callable
from types import SimpleNamespace

import pytest

from aqp_perf.plugin.session.completeness import Completeness
from aqp_perf.plugin.session.exclusive import LOCK_FILE_VARIABLE

WORKER = SimpleNamespace(gateway=SimpleNamespace(id="gw1"))
Lose = Callable[[Completeness], None]
LOSSES: list[tuple[Lose, str]] = [
    (lambda it: it.pytest_internalerror(), "ERROR: pytest or a plugin had an internal error"),
    (lambda it: it.pytest_testnodedown(WORKER, "crashed"), "ERROR: worker gw1 of xdist ended: cra"),
]


def printed(
    completeness: Completeness, exit_code: pytest.ExitCode = pytest.ExitCode.OK
) -> list[str]:
    lines: list[str] = []
    terminal = SimpleNamespace(write_line=lambda text, **_: lines.append(text))
    completeness.pytest_terminal_summary(terminal, exit_code)  # type: ignore[arg-type]
    return lines


@pytest.mark.parametrize(("lose", "told"), LOSSES, ids=["internal error", "lost worker"])
def test_a_session_that_lost_a_process_is_not_green(lose: Lose, told: str) -> None:
    completeness = Completeness()

    lose(completeness)

    assert completeness.loss
    (line,) = printed(completeness)
    assert line.startswith(told)


@pytest.mark.parametrize("lose", [each for each, _ in LOSSES])
def test_a_session_that_is_red_anyway_does_not_mention_its_losses(lose: Lose) -> None:
    """As one that was interrupted, whose workers are down for that reason."""
    completeness = Completeness()

    lose(completeness)

    assert not printed(completeness, pytest.ExitCode.INTERRUPTED)


def test_a_worker_that_ends_in_order_is_no_loss() -> None:
    completeness = Completeness()

    completeness.pytest_testnodedown(WORKER, None)

    assert completeness.loss is None
    assert not printed(completeness)


@pytest.mark.parametrize(
    ("fixture", "exit_code"),
    [("perf_load", pytest.ExitCode.INTERNAL_ERROR), ("tmp_path", pytest.ExitCode.OK)],
)
def test_a_load_test_without_a_report_is_not_green(
    pytester: pytest.Pytester,
    monkeypatch: pytest.MonkeyPatch,
    fixture: str,
    exit_code: pytest.ExitCode,
) -> None:
    """Other tests are pytest's to watch over."""
    # Under xdist this process shares the machine's room already: it would wait for itself.
    monkeypatch.setenv(LOCK_FILE_VARIABLE, str(pytester.path / "lock"))
    pytester.makeconftest("def pytest_runtest_protocol(): return True")
    pytester.makepyfile(f"def test_it({fixture}): pass")
    args = ("-p", "no:hypothesispytest")

    result = pytester.runpytest_inprocess(*args)

    assert result.ret == exit_code
    is_told = "ERROR: no report came of test_a_load" in result.stdout.str()
    assert is_told == (exit_code != pytest.ExitCode.OK)
    assert pytester.runpytest_inprocess(*args, "--collect-only").ret == pytest.ExitCode.OK


@pytest.mark.parametrize(
    ("mark", "error", "outcomes"),
    [
        (
            "perf",
            "the test put no load on anything: call perf_load",
            {"passed": 1, "errors": 1},
        ),
        ("mine", "*LoadNotAlone: a load test must be known before it starts*", {"failed": 1}),
    ],
)
def test_a_test_that_gets_its_load_by_itself_says_so_by_its_mark(
    pytester: pytest.Pytester,
    monkeypatch: pytest.MonkeyPatch,
    mark: str,
    error: str,
    outcomes: dict[str, int],
) -> None:
    """Else it would not have waited until it is alone."""
    monkeypatch.setenv(LOCK_FILE_VARIABLE, str(pytester.path / "lock"))
    pytester.makeini("[pytest]\nmarkers = mine")
    pytester.makepyfile(
        f"import pytest\n@pytest.mark.{mark}\n"
        "def test_it(request): request.getfixturevalue('perf_load')"
    )

    result = pytester.runpytest_inprocess("-p", "no:hypothesispytest")

    result.assert_outcomes(**outcomes)
    result.stdout.fnmatch_lines([error])


def test_a_load_test_that_ended_the_session_from_within_is_missing() -> None:
    completeness = Completeness()
    worker = SimpleNamespace(workeroutput={"perf_load_tests": ["t.py::a"]})
    set_up = pytest.TestReport("t.py::a", ("t.py", 1, "a"), {}, "passed", None, "setup")

    completeness.pytest_runtest_logreport(set_up)
    completeness.pytest_testnodedown(worker, None)

    assert completeness.loss == "no report came of t.py::a"


def test_a_load_test_of_a_worker_without_a_report_is_not_green() -> None:
    completeness = Completeness()
    worker = SimpleNamespace(workeroutput={"perf_load_tests": ["t.py::a", "t.py::b", "t.py::c"]})
    report = pytest.TestReport("t.py::a", ("t.py", 1, "a"), {}, "passed", None, "teardown")

    completeness.pytest_runtest_logreport(report)
    completeness.pytest_testnodedown(worker, None)

    told = "ERROR: no report came of t.py::b and 1 more: what it measured may be missing"
    assert printed(completeness) == [told]
