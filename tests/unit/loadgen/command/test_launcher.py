"""The launcher checks a load run before it starts, and knows when it is done."""

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from aqp_perf.core.load.pacing import ClosedModel
from aqp_perf.core.measured.run_result import GeneratorHealth, RunResult
from aqp_perf.errors import GeneratorTimedOut, InvalidOption
from aqp_perf.loadgen.command import launcher, run_spec
from aqp_perf.loadgen.command.failed_start import LOADED
from aqp_perf.loadgen.command.launcher import LoadRun
from aqp_perf.loadgen.command.result_file import begun_path, write_outcome
from aqp_perf.loadgen.command.run_spec import SET_UP_S, RunSpec

Start = Callable[[str], LoadRun]

SPEC = RunSpec(
    users=1, spawn_rate=1, run_time_s=1, stop_timeout_s=1, warmup_s=0, pacing=ClosedModel.THINK
)
RESULT = RunResult(
    command=("locust",),
    started_at=datetime(2026, 1, 1, tzinfo=UTC),
    duration_s=2.0,
    users=1,
    generator=GeneratorHealth(processes=1),
    operations=(),
)
LIVING_ON = "import signal; signal.pause()"
WRITING = f"""
import os, sys
os.symlink("{{measured}}", sys.argv[-1])
{LIVING_ON}
"""
BEGINNING = f"""
import pathlib, sys
pathlib.Path(sys.argv[-1]).with_suffix(".begun").touch()
{LIVING_ON}
"""


@pytest.fixture
def start(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Start]:
    """Start a run of a script in place of locust; it ends with the test."""
    (tmp_path / "users.py").touch()

    with ExitStack() as stack:

        def run(script: str) -> LoadRun:
            command = [sys.executable, "-c", script]
            monkeypatch.setattr(launcher, "module_command", lambda _: command)
            spec = replace(SPEC, locustfile=tmp_path / "users.py")
            return stack.enter_context(LoadRun(spec, environment={}))

        yield run


@pytest.fixture
def measured(tmp_path: Path) -> Path:
    """Return a result file."""
    path = tmp_path / "measured.json"
    write_outcome(path, RESULT, {})
    return path


def test_missing_locustfile_is_an_invalid_option(tmp_path: Path) -> None:
    spec = replace(SPEC, locustfile=tmp_path / "none.py")
    with pytest.raises(InvalidOption, match=r"locustfile: .*none\.py.* there is no such file"):
        LoadRun(spec, environment={})


def test_launcher_imports_neither_locust_nor_gevent() -> None:
    assert not {"locust", "gevent"} & sys.modules.keys()


def test_a_result_is_used_though_the_process_lives_on(
    start: Start, measured: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(launcher, "_EXIT_S", 0.0)
    run = start(WRITING.format(measured=measured))

    assert run.wait().result == RESULT
    assert not run._child.is_running


def test_a_result_is_used_at_the_deadline(
    start: Start, measured: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(launcher, "_EXIT_S", 60.0)
    run = start(WRITING.format(measured=measured))
    while not run._result_file.exists():
        run._is_awaited()
    monkeypatch.setattr(run_spec, "START_SLACK_S", -60.0)

    assert run.wait().result == RESULT


def test_without_a_result_the_deadline_is_that_of_the_load(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = start(BEGINNING)
    while not begun_path(run._result_file).exists():
        run._is_awaited()
    monkeypatch.setattr(run_spec, "START_SLACK_S", -2.0)

    with pytest.raises(GeneratorTimedOut, match="locust was killed: not done after "):
        run.wait()


def test_the_deadline_counts_from_when_the_load_begins(start: Start) -> None:
    """What the locustfile does before, such as filling a table, is no part of the run time."""
    run = start(LIVING_ON)
    of_start_s = run._started_s + run.spec.deadline_s
    assert run._deadline_s() == of_start_s
    run._read(f"[2026-01-01] {LOADED} 2.47.0")
    assert run._deadline_s() == of_start_s + SET_UP_S
    begun_path(run._result_file).touch()
    deadline_s = run._deadline_s()

    assert run._begun_s is not None
    assert deadline_s == run._begun_s + run.spec.load_deadline_s
    assert run._deadline_s() == deadline_s


def test_an_interrupted_run_that_does_not_end_has_its_result(
    start: Start, measured: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(launcher, "_EXIT_S", 0.0)
    text = f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)\n{WRITING}"
    run = start(text.format(measured=measured))
    while not run._result_file.exists():
        run._is_awaited()
    outcome = run.interrupt()

    assert outcome is not None
    assert outcome.result == RESULT
