"""In a project whose other plugins have names of ours, or treat tests in their own way."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

OWN_OPTION = 'def pytest_addoption(parser): parser.addoption("--perf-target", default="shop")\n'
HELPER_OPTION = """
FLAG = "--perf-" + "target"
def pytest_addoption(parser): parser.addoption(FLAG)
"""


@pytest.mark.parametrize(
    ("module", "arguments", "owner"),
    [
        ({"conftest": OWN_OPTION}, [], "conftest.py"),
        ({"shop": OWN_OPTION}, ["-p", "shop"], "the plugin shop "),
        ({"shop": HELPER_OPTION}, ["-p", "shop"], "the plugin of another package "),
    ],
)
def test_an_option_of_ours_in_another_plugin_is_one_sentence(
    pytester: pytest.Pytester, module: dict[str, str], arguments: list[str], owner: str
) -> None:
    """Pytest would end with a traceback."""
    pytester.makepyfile(test_it="def test_it(): pass", **module)

    result = pytester.runpytest_subprocess(*arguments)

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    (line,) = (line for line in result.errlines if line)
    assert line.startswith("ERROR: --perf-target: ")
    assert owner in line


@pytest.mark.parametrize("line", ["perf_users = [1]", "perf_keep_table = 1"])
def test_the_controller_of_xdist_leaves_a_bad_type_to_the_options(
    pytester: pytest.Pytester, line: str
) -> None:
    """It has to look at the ini file before it knows of load tests."""
    pytester.makepyprojecttoml(f"[tool.pytest]\n{line}")
    pytester.makepyfile("def test_it(): pass")

    result = pytester.runpytest_subprocess("-p", "no:locust", "-W", "error", "-n1")

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    (error,) = (line for line in result.errlines if line)
    assert error.startswith("ERROR: ini key perf_")


def test_an_error_of_a_conftest_is_not_ours(pytester: pytest.Pytester) -> None:
    """It is shown as pytest shows it."""
    pytester.makeconftest("def pytest_addoption(parser): raise ValueError('a mistake')")

    result = pytester.runpytest_subprocess()

    result.stderr.fnmatch_lines(["ValueError: a mistake"])


TIMEOUTS = """
import os, signal, threading
from pathlib import Path
import pytest


def on_alarm(*_):
    pytest.fail("Timeout (>5.0s) from pytest-timeout.")


@pytest.fixture
def timeout():
    '''Let a signal handler fail the test once it is under load, as the method signal does.'''

    def send():
        while not under_load.wait(0.1):
            if diary.exists() and "request" in diary.read_text():
                under_load.set()
        os.kill(os.getpid(), signal.SIGALRM)

    under_load, diary = threading.Event(), Path(os.environ["DIARY"])
    before = signal.signal(signal.SIGALRM, on_alarm)
    thread = threading.Thread(target=send)
    thread.start()
    yield
    thread.join()
    signal.signal(signal.SIGALRM, before)


@pytest.mark.perf(thresholds=["median < 10 s"])
def test_hangs(perf_load, timeout):
    perf_load("QuickUser", locustfile="events.py", run_time="60s")


@pytest.mark.perf(thresholds=["median < 10 s"])
def test_later(perf_load):
    perf_load("OtherUser", locustfile="events.py")
"""


def test_what_a_timeout_cuts_short_is_kept_and_the_session_goes_on(
    new_project: Callable[..., Path], run_pytest: Callable[..., pytest.RunResult]
) -> None:
    """The method *signal* of pytest-timeout: a signal handler fails the test."""
    folder = new_project(test_it=TIMEOUTS)

    result = run_pytest(folder, "--perf-json=report.json")

    result.assert_outcomes(passed=1, failed=1, errors=1)
    result.stdout.fnmatch_lines(
        [
            "INVALID: the run did not measure the target",
            "- interrupted after *",
            "E *Failed: Timeout (>5.0s) from pytest-timeout.",
        ]
    )
    first, second = json.loads((folder / "report.json").read_text())["runs"]
    assert (first["interrupted"], second["interrupted"]) == (True, False)
    assert (first["verdict"], second["verdict"]) == ("invalid", "pass")
    assert first["operations"]["quick"]["requests"] > 0
