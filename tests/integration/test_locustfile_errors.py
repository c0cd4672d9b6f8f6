"""What goes wrong in a locustfile makes the run INVALID, and the reason names its cause.

All kinds of listeners and parts of users are in ``tests/child_side/test_error_collector.py``.
"""

import os
import re
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from aqp_perf.children import Child
from aqp_perf.core.load.pacing import ClosedModel
from aqp_perf.core.measured.run_result import RunResult
from aqp_perf.core.verdict.thresholds import parse_threshold
from aqp_perf.core.verdict.verdicts import Verdict, judge
from aqp_perf.errors import LocustfileFailed
from aqp_perf.loadgen.command.launcher import LoadRun
from aqp_perf.loadgen.command.run_spec import RunSpec
from tests.doubles.load_runs import result_of
from tests.doubles.processes import free_port

Play = Callable[..., RunResult]

SPEC = RunSpec(
    users=2, spawn_rate=100, run_time_s=1, stop_timeout_s=2, warmup_s=0, pacing=ClosedModel.THINK
)
USERS = """
import logging

from locust import HttpUser, User, constant, events, task
from locust.exception import StopUser
from locust.runners import MasterRunner, WorkerRunner


class Quick(User):
    wait_time = constant(0.05)

    @task
    def quick(self):
        self.environment.events.request.fire(
            request_type="Q", name="quick", response_time=2, response_length=0, exception=None,
            context={},
        )


"""


@pytest.fixture
def locustfile(tmp_path: Path) -> Callable[[str], Path]:
    """Write a locustfile of the users above and a text."""

    def write(text: str) -> Path:
        file = tmp_path / "users.py"
        file.write_text(USERS + text)
        return file

    return write


@pytest.fixture
def play(locustfile: Callable[[str], Path]) -> Play:
    """Run the users of a text for a second."""

    def run(text: str, **changes: Any) -> RunResult:  # noqa: ANN401 - fields of a RunSpec
        spec = replace(SPEC, locustfile=locustfile(text), **changes)
        return result_of(spec)

    return run


@pytest.mark.parametrize("processes", [1, 2])
@pytest.mark.parametrize("added", ["", ".init"])
def test_requests_count_whose_listener_ends_the_task(
    play: Play, processes: int, added: str
) -> None:
    """Locust calls no listener behind one that raises so; it may stand before Locust's own."""
    text = (
        "from locust.exception import RescheduleTask\n\n\n"
        "def check(exception, **_):\n"
        "    raise RescheduleTask\n\n\n"
    )
    add = "events.request.add_listener(check)"
    text += f"events.init.add_listener(lambda **_: {add})\n" if added else f"{add}\n"
    run = play(text, processes=processes)

    assert run.invalid_reasons == ()
    assert run.operation("quick").requests > 0


def test_the_exit_code_of_a_check_in_the_locustfile_spoils_no_count(play: Play) -> None:
    run = play(
        "@events.quitting.add_listener\n"
        "def check(environment, **_):\n"
        "    environment.process_exit_code = 1\n"
    )

    assert (run.exit_code, run.invalid_reasons) == (1, ())
    assert judge(run, [parse_threshold("throughput > 100000")]).verdict is Verdict.FAIL


def line_of(text: str, code: str) -> str:
    (number,) = (n for n, line in enumerate((USERS + text).splitlines(), 1) if code in line)
    return f"users.py:{number}"


@pytest.mark.parametrize(("event", "processes"), [("test_start", 2), ("quitting", 1)])
def test_a_listener_that_raises_is_the_only_reason(play: Play, event: str, processes: int) -> None:
    """With several processes the master's listener raises, and that of every worker."""
    text = (
        f"@events.{event}.add_listener\n"
        "def seed(**_):\n"
        "    raise ConnectionError('the accounts could not be created')\n"
    )
    run = play(text, processes=processes)

    (reason,) = run.invalid_reasons
    assert reason == (
        f"a {event} listener raised ConnectionError: the accounts could not be created "
        f"({line_of(text, 'raise')})"
    )
    assert run.requests > 0
    assert run.log_errors == ()


@pytest.mark.parametrize("where", ["", "if isinstance(environment.runner, WorkerRunner):"])
def test_an_init_listener_that_raises_ends_the_run_with_its_exception(
    locustfile: Callable[[str], Path], where: str
) -> None:
    """Also in a worker alone, for which the master would wait."""
    text = (
        "@events.init.add_listener\n"
        "def prepare(environment, **_):\n"
        f"    {where or 'if True:'}\n"
        "        {}['token']\n"
    )
    file = locustfile(text)
    with (
        LoadRun(replace(SPEC, locustfile=file, processes=2), environment=os.environ) as load,
        pytest.raises(LocustfileFailed) as caught,
    ):
        load.wait()

    assert str(caught.value) == (
        f"{file} could not be loaded: an init listener raised KeyError: 'token' "
        f"({line_of(text, 'token')})"
    )


@pytest.mark.parametrize(
    "text",
    [
        "from locust import User\n\n\nclass Base(User):\n    abstract = True\n",
        "def test_shop(session):\n    session.get('http://shop/')\n",
    ],
)
@pytest.mark.parametrize("user_classes", [{}, {"Visitor": 1}])
def test_a_file_without_a_user_class_is_told_so(
    tmp_path: Path, text: str, user_classes: dict[str, int]
) -> None:
    file = tmp_path / "base.py"
    file.write_text(text)
    with (
        LoadRun(
            replace(SPEC, locustfile=file, user_classes=user_classes), environment=os.environ
        ) as load,
        pytest.raises(LocustfileFailed) as caught,
    ):
        load.wait()

    assert str(caught.value) == (
        f"{file} could not be loaded: it has no user class, or only abstract ones; "
        "test functions are not measured"
    )


def test_a_listener_of_its_own_arguments_that_raises_shows_its_traceback(
    locustfile: Callable[[str], Path],
) -> None:
    text = (
        "@events.init_command_line_parser.add_listener\n"
        "def add_arguments(parser):\n"
        "    raise LookupError('no default')\n"
    )
    file = locustfile(text)
    with (
        LoadRun(replace(SPEC, locustfile=file), environment=os.environ) as load,
        pytest.raises(LocustfileFailed) as caught,
    ):
        load.wait()

    assert str(caught.value).endswith("\nLookupError: no default")
    assert re.findall(r'File ".*?([^/]+)", line (\d+)', str(caught.value)) == [
        tuple(line_of(text, "raise").split(":"))
    ]


@pytest.mark.parametrize("processes", [1, 2])
def test_a_class_without_a_host_is_all_that_is_wrong(play: Play, processes: int) -> None:
    text = (
        "class Visitor(HttpUser):\n    @task\n    def visit(self):\n        self.client.get('/')\n"
    )
    run = play(text, processes=processes, user_classes={"Visitor": 1})

    (reason,) = run.invalid_reasons
    assert reason.startswith("Visitor has no host: set host on the class, or ")
    assert run.log_errors == ()


def test_missing_users_are_told_with_what_ended_them(play: Play) -> None:
    text = (
        "class Barred(User):\n"
        "    def on_start(self):\n"
        "        logging.error('the log-in failed')\n"
        "        raise ValueError('no account')\n"
        "\n"
        "\n"
        "class Leaving(Quick):\n"
        "    def on_start(self):\n"
        "        raise StopUser\n"
    )
    run = play(text, processes=2, user_classes={"Quick": 1, "Barred": 1, "Leaving": 1}, users=6)

    (reason,) = run.invalid_reasons
    assert reason == (
        "2 of 6 users were there at the end: 2 users ended by ValueError: no account "
        f"({line_of(text, 'no account')}); 2 users stopped themselves"
    )
    assert run.log_errors == ("the log-in failed",)


def test_a_file_whose_users_cannot_log_in_is_not_said_to_end_itself(play: Play) -> None:
    text = "class Barred(User):\n    def on_start(self):\n        raise ValueError('no account')\n"
    run = play(text, user_classes={"Barred": 1}, run_time_s=20)

    (reason,) = run.invalid_reasons
    assert reason == (
        "0 of 2 users were there at the end: 2 users ended by ValueError: no account "
        f"({line_of(text, 'no account')})"
    )


@pytest.mark.parametrize("files", ["users.py", "-"])
def test_a_worker_elsewhere_needs_the_instrument(
    locustfile: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch, tmp_path: Path, files: str
) -> None:
    """It gets the locustfiles from the master, whatever folder it runs in."""
    file = locustfile("")
    bind = f"127.0.0.1:{free_port()}"
    spec = replace(SPEC, locustfile=file, expect_workers=1, master_bind=bind)
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    monkeypatch.chdir(folder)
    _, dash_f, _, *arguments = spec.worker_command.split()
    name = str(file) if files == "users.py" else files
    argv = [sys.executable, "-m", "locust", dash_f, name, *arguments]
    with (
        LoadRun(spec, environment=os.environ) as load,
        Child("worker", argv, environment=os.environ) as worker,
    ):
        run = load.wait().result
        worker.wait(20)
        print(load._child.output_tail, worker.output_tail)  # noqa: T201 - shown when it fails

    if files == "-":
        assert run.invalid_reasons == ()
        assert run.requests > 0
        return
    (reason,) = run.invalid_reasons
    told, _, command = reason.rpartition(": run there: ")
    assert re.fullmatch(r"worker \S+ was started without the measurement", told)
    assert command == spec.worker_command
