"""xdist, with a second session beside it: load tests run alone, and results are merged."""

import json
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple
from xml.etree import ElementTree as ET

import pytest

if TYPE_CHECKING:
    import subprocess

LOAD_TESTS = """
import pytest

@pytest.mark.perf(thresholds=["median < 10 s"])
def test_passes(perf_load):
    perf_load("QuickUser", locustfile="events.py")

@pytest.mark.perf(thresholds=["median < 10 s"])
def test_is_slow(perf_load):
    perf_load("SlowUser", locustfile="events.py")

@pytest.mark.perf(usres=5)
def test_bad_marker(perf_load):
    perf_load("QuickUser", locustfile="events.py")
"""

ORDINARY_TESTS = """
import time
import pytest
from events_diary import note

@pytest.mark.parametrize("number", range(20))
def test_ordinary(number):
    note("test begins")
    time.sleep(0.1)  # long enough to be seen in a load run
    note("test ends")
"""

DIARY = """
import os
import time

def note(word):
    with open(os.environ["DIARY"], "a") as diary:
        diary.write(f"{word} {time.monotonic()}\\n")
"""

OTHER_SESSION = """
def test_load(perf_load):
    perf_load("QuickUser", locustfile="events.py")
"""


BROKEN_PLUGIN = """
import pytest

class Broken:
    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self):
        raise ZeroDivisionError("of some plugin")

def pytest_configure(config):
    if hasattr(config, "workerinput"):
        config.pluginmanager.register(Broken())
"""

HEADING = " performance ".center(80, "=")


class Entry(NamedTuple):
    """A line of the diary: what, and whether it begins or ends."""

    what: str
    edge: str


class Together(NamedTuple):
    """What came of two sessions at once."""

    folder: Path
    workers: pytest.RunResult
    other: pytest.RunResult


@pytest.fixture(scope="module")
def together(
    new_project: Callable[..., Path],
    start_pytest: Callable[..., "subprocess.Popen[str]"],
    finish: Callable[["subprocess.Popen[str]"], pytest.RunResult],
) -> Together:
    """A session of two workers, and one without xdist that writes into the same diary."""
    folder = new_project(
        test_load=LOAD_TESTS, test_ordinary=ORDINARY_TESTS, events_diary=DIARY, other=OTHER_SESSION
    )
    reports = ["--junitxml=junit.xml", "--perf-json=report.json"]
    workers = start_pytest(folder, "-n", "2", *reports)
    other = start_pytest(folder, "other.py")
    return Together(folder, finish(workers), finish(other))


@pytest.fixture(scope="module")
def diary(together: Together) -> list[Entry]:
    """All entries in the order of their time."""
    lines = (together.folder / "diary").read_text().splitlines()
    entries = [line.rsplit(" ", 2) for line in lines if line.count(" ") > 1]
    return [Entry(*each[:2]) for each in sorted(entries, key=lambda each: float(each[2]))]


def test_both_sessions_end_as_alone(together: Together) -> None:
    assert together.workers.ret == pytest.ExitCode.TESTS_FAILED
    together.workers.assert_outcomes(passed=21, failed=1, errors=1)
    assert together.other.ret == pytest.ExitCode.OK


def test_load_run_has_the_machine_for_itself(diary: list[Entry]) -> None:
    """Neither a load run of another worker or session nor an ordinary test begins or ends in it."""
    loads = [pair for pair in pairwise(diary) if pair[0] == ("load", "begins")]

    assert len(loads) == 3
    assert {end for _, end in loads} == {("load", "ends")}


def test_ordinary_tests_share_the_machine(diary: list[Entry]) -> None:
    """The two workers are two: else the test above would show nothing."""
    begins = ("test", "begins")

    assert any(pair == (begins, begins) for pair in pairwise(diary))


def test_bad_marker_is_an_error_of_its_test(together: Together) -> None:
    together.workers.stdout.fnmatch_lines(
        [
            "*ERROR at setup of test_bad_marker*",
            "InvalidOption: @pytest.mark.perf(usres=…): 5 is not valid: there is no such option*",
        ]
    )
    together.workers.stdout.no_fnmatch_line("*INTERNALERROR*")


def test_report_file_has_the_runs_of_all_workers(together: Together) -> None:
    runs = json.loads((together.folder / "report.json").read_text())["runs"]

    assert {(run["test"], run["verdict"]) for run in runs} == {
        ("test_load.py::test_passes", "pass"),
        ("test_load.py::test_is_slow", "fail"),
    }


def test_screen_shows_the_runs_of_all_workers(together: Together) -> None:
    shown = together.workers.stdout.lines

    verdicts = {tuple(line.split()[:2]) for line in shown[shown.index(HEADING) + 1 :]}
    assert {
        ("PASS", "test_load.py::test_passes"),
        ("FAIL", "test_load.py::test_is_slow"),
    } < verdicts
    assert shown.count("FAIL: 1 of 2 thresholds met, 1 broken") == 1


def test_junit_has_the_properties_of_all_workers(together: Together) -> None:
    root = ET.parse(together.folder / "junit.xml").getroot()  # noqa: S314 - pytest wrote it
    verdicts = {
        case.attrib["name"]: each.attrib["value"]
        for case in root.iter("testcase")
        for each in case.iter("property")
        if each.attrib["name"] == "perf.verdict"
    }

    assert verdicts == {"test_passes": "pass", "test_is_slow": "fail"}


def test_a_session_whose_worker_broke_down_is_red(pytester: pytest.Pytester) -> None:
    """By itself xdist says that no tests ran, and exits with 0."""
    pytester.makeconftest(BROKEN_PLUGIN)
    pytester.makepyfile("def test_it(perf_load): pass")

    arguments = ("-p", "no:hypothesispytest", "-n", "1", "--perf-target=none")
    result = pytester.runpytest_inprocess(*arguments)

    assert result.ret == pytest.ExitCode.INTERNAL_ERROR
    result.stdout.fnmatch_lines(
        ["*INTERNALERROR> *ZeroDivisionError: of some plugin", "ERROR: * an internal error, *"]
    )
