"""A load run that cannot be says why, in the user's own terms, and leaves nothing behind."""

import os
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from aqp_perf.core.load.pacing import ClosedModel
from aqp_perf.errors import GeneratorCrashed, GeneratorTimedOut, InvalidOption, LocustfileFailed
from aqp_perf.loadgen.command import run_spec
from aqp_perf.loadgen.command.launcher import LoadRun
from aqp_perf.loadgen.command.run_spec import RunSpec
from tests.doubles.processes import wait_until_dead

SPEC = RunSpec(
    users=1, spawn_rate=1, run_time_s=1, stop_timeout_s=1, warmup_s=0, pacing=ClosedModel.THINK
)
USER = """
from locust import User, task


class Sleeper(User):
    @task
    def sleep(self):
        pass


class Dreamer(Sleeper):
    pass
"""

Attempt = Callable[..., Any]


@pytest.fixture
def attempt(tmp_path: Path) -> Attempt:
    """Run a locustfile with this text until ``wait`` raises; return the error."""

    def start(
        text: str,
        error: type[Exception],
        name: str = "own.py",
        **changes: Any,  # noqa: ANN401 - fields of a RunSpec
    ) -> Exception:
        (tmp_path / name).write_text(text)
        spec = replace(SPEC, locustfile=tmp_path / name, **changes)
        with LoadRun(spec, environment={**os.environ, "OF_THE_USER": "seen"}) as load:
            folder = Path(load.command[-1]).parent
            assert folder.is_dir()
            with pytest.raises(error) as caught:
                load.wait()
        assert not folder.exists()
        return caught.value

    return start


def frames_of(text: str) -> list[tuple[str, str]]:
    """Return file name and line of every frame of a traceback."""
    return re.findall(r'File ".*?([^/]+)", line (\d+)', text)


@pytest.mark.parametrize("name", ["own.py", "main.py"])
def test_an_import_that_fails_shows_the_users_frames_only(attempt: Attempt, name: str) -> None:
    """Locust has a ``main.py`` in the traceback as well."""
    text = str(attempt("import no_such_module\n" + USER, LocustfileFailed, name))

    assert "ModuleNotFoundError: No module named 'no_such_module'" in text
    assert frames_of(text) == [(name, "1")]


def test_an_error_below_the_locustfile_is_shown_down_to_its_line(
    attempt: Attempt, tmp_path: Path
) -> None:
    (tmp_path / "below.py").write_text("first = 1\nsecond = first / 0\n")
    text = str(attempt("import below\n" + USER, LocustfileFailed))

    assert "ZeroDivisionError" in text
    assert re.findall(r'File ".*?([^/<]+)", line (\d+)', text) == [
        ("own.py", "1"),
        ("below.py", "2"),
    ]


def test_a_syntax_error_shows_its_line(attempt: Attempt) -> None:
    text = str(attempt("def broken(:\n    pass\n", LocustfileFailed))

    assert "def broken(:" in text
    assert "SyntaxError" in text
    assert frames_of(text) == [("own.py", "1")]


def test_an_unknown_user_class_names_the_known_ones(attempt: Attempt, tmp_path: Path) -> None:
    error = attempt(USER, InvalidOption, user_classes={"Sleeper": 1, "Slepper": 1})

    own = tmp_path / "own.py"
    assert str(error) == f"user class: 'Slepper' is not valid: {own} has Dreamer, Sleeper"


def test_a_crash_keeps_the_exit_code_and_the_last_lines(attempt: Attempt) -> None:
    text = USER + (
        "import os\nfrom locust import events\n"
        "@events.test_start.add_listener\n"
        "def crash(**_):\n"
        "    print('environment:', os.environ['OF_THE_USER'], flush=True)\n"
        "    os._exit(3)\n"
    )
    error = attempt(text, GeneratorCrashed)

    assert error.exit_code == 3
    assert "environment: seen" in str(error)


def test_a_traceback_after_much_output_does_not_blame_the_locustfile(attempt: Attempt) -> None:
    text = USER + (
        "import os, traceback\nfrom locust import events\n"
        "@events.test_start.add_listener\n"
        "def crash(**_):\n"
        "    print('line\\n' * 1_000, flush=True)\n"
        "    try:\n"
        "        1 / 0\n"
        "    except ZeroDivisionError:\n"
        "        traceback.print_exc()\n"
        "        os._exit(3)\n"
    )
    assert "ZeroDivisionError" in str(attempt(text, GeneratorCrashed))


def test_a_run_that_does_not_end_is_killed(
    attempt: Attempt, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run_spec, "START_SLACK_S", 1.0)
    text = (
        "import os, signal\n"
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "print('here is', os.getpid(), flush=True)\n"
        "signal.pause()\n"
    )
    error = attempt(text, GeneratorTimedOut)
    (pid,) = re.findall(r"here is (\d+)", str(error))

    wait_until_dead(int(pid))
