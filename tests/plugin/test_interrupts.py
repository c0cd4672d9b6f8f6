"""Ctrl-C, SIGTERM, SIGHUP and kill -9 in a load run: exit code, results, nothing left behind."""

import json
import os
import pty
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.doubles.processes import processes_of

if TYPE_CHECKING:
    import subprocess

TESTS = """
import pytest

@pytest.mark.perf(thresholds=["median < 10 s"])
def test_long(perf_load, perf_table):
    perf_load("OtherUser", locustfile="events.py")
    perf_load("QuickUser", locustfile="events.py", run_time="60s")
"""

SIGNALS_WHILE_REPORTING = """
import signal
import aqp_perf.plugin.session.interrupts as interrupts
import aqp_perf.plugin.results.report_files as files

interrupts.ONE_PRESS_S = {one_press_s}
render = files.render_markdown

def render_markdown(*args):
    for _ in range({times}):
        signal.raise_signal(signal.{name})
    return render(*args)

files.render_markdown = render_markdown


def pytest_sessionstart(session):
    session.config.add_cleanup(lambda: signal.raise_signal(signal.{name}))  # as late as can be
"""
_DEADLINE_S = 40.0


@pytest.mark.parametrize(
    ("number", "exit_code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)], ids=["SIGINT", "TERM"]
)
@pytest.mark.parametrize("workers", [[], ["-n", "2"]], ids=["alone", "xdist"])
def test_interrupted_run_is_reported_and_everything_is_closed(  # noqa: PLR0913 - fixtures
    *,
    number: signal.Signals,
    exit_code: int,
    workers: list[str],
    new_project: Callable[..., Path],
    start_pytest: Callable[..., "subprocess.Popen[str]"],
    finish: Callable[["subprocess.Popen[str]"], pytest.RunResult],
    tables: Callable[[], set[str]],
) -> None:
    """As a terminal does it: Ctrl-C reaches the whole group, SIGTERM pytest alone."""
    folder = new_project(test_long=TESTS)
    session = start_pytest(folder, *workers, "--perf-json=report.json")
    with killed_at_last(session):
        wait_until_under_load(folder)
        assert len(tables()) == 1

        if number is signal.SIGINT:
            os.killpg(session.pid, number)
        else:
            session.send_signal(number)
        result = finish(session)

    assert result.ret == exit_code
    assert [*processes_of(folder)] == []
    assert tables() == set()
    result.stdout.fnmatch_lines(["INVALID: the run did not measure the target", "- interrupted *"])
    first, run = json.loads((folder / "report.json").read_text())["runs"]
    assert not first["interrupted"]
    assert run["interrupted"]
    assert run["verdict"] == "invalid"
    assert run["operations"]["quick"]["requests"] > 0


@pytest.mark.parametrize(
    ("name", "times", "one_press_s", "exit_code", "written"),
    [
        ("SIGTERM", 1, 1.0, 143, {"report.json", "report.md", "junit.xml"}),
        ("SIGINT", 2, 60.0, 130, {"report.json", "report.md", "junit.xml"}),
        ("SIGINT", 2, 0.0, 130, {"report.json"}),
    ],
    ids=["once", "twice at once", "twice"],
)
def test_first_signal_while_reports_are_written_waits_for_them(  # noqa: PLR0913 - fixtures
    *,
    name: str,
    times: int,
    one_press_s: float,
    exit_code: int,
    written: set[str],
    new_project: Callable[..., Path],
    run_pytest: Callable[..., pytest.RunResult],
) -> None:
    """And the second does not, unless it comes so soon that both are meant as one."""
    conftest = SIGNALS_WHILE_REPORTING.format(name=name, times=times, one_press_s=one_press_s)
    folder = new_project(conftest=conftest, test_it="def test_it(): pass")

    reports = ["--perf-json=report.json", "--perf-markdown=report.md", "--junitxml=junit.xml"]
    result = run_pytest(folder, *reports)

    assert result.ret == exit_code
    files = {each.name for each in folder.iterdir() if each.is_file()}
    assert files & {"report.json", "report.md", "junit.xml"} == written
    result.stdout.no_fnmatch_line("*Traceback*")


def test_closed_terminal_ends_the_session_with_its_reports(
    new_project: Callable[..., Path],
    start_pytest: Callable[..., "subprocess.Popen[str]"],
    tables: Callable[[], set[str]],
) -> None:
    """Though nothing can be written to the terminal any more, the block under way included."""
    folder = new_project(test_long=TESTS)
    window, program = pty.openpty()
    session = start_pytest(folder, "--perf-json=report.json", stdout=program, TERM="xterm")
    os.close(program)
    with killed_at_last(session):
        try:
            wait_until_under_load(folder)
        finally:
            os.close(window)

        session.send_signal(signal.SIGHUP)  # as its shell does
        exit_code = session.wait(_DEADLINE_S)

    assert exit_code == 129
    assert [*processes_of(folder)] == []
    assert tables() == set()
    _, run = json.loads((folder / "report.json").read_text())["runs"]
    assert run["interrupted"]
    assert run["operations"]["quick"]["requests"] > 0


@pytest.mark.parametrize("workers", [[], ["-n", "2"]], ids=["alone", "xdist"])
def test_killed_pytest_leaves_no_process(
    workers: list[str],
    new_project: Callable[..., Path],
    start_pytest: Callable[..., "subprocess.Popen[str]"],
) -> None:
    folder = new_project(test_long=TESTS.replace(", perf_table", ""))  # nobody would delete it
    session = start_pytest(folder, *workers)
    with killed_at_last(session):
        wait_until_under_load(folder)

        session.kill()
        session.communicate()

        wait_for(lambda: [*processes_of(folder)] == [], within_s=_DEADLINE_S)


@contextmanager
def killed_at_last(session: "subprocess.Popen[str]") -> Iterator[None]:
    """Leave no session of a test that went wrong; its children end with it."""
    try:
        yield
    finally:
        session.kill()
        session.wait()


def wait_until_under_load(folder: Path) -> None:
    """Wait for the second run's first request; what a session printed would come too late."""
    wait_for(lambda: diary(folder).count("request") == 2, within_s=_DEADLINE_S)


def wait_for(is_so: Callable[[], bool], *, within_s: float) -> None:
    deadline = time.monotonic() + within_s
    while not is_so():
        assert time.monotonic() < deadline, f"not within {within_s:g} s"
        time.sleep(0.05)


def diary(folder: Path) -> str:
    path = folder / "diary"
    return path.read_text() if path.exists() else ""
