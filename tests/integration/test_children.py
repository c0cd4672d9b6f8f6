"""Children end when told, when they are done, and when their parent is gone."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from aqp_perf.children import Child, ChildExited, child
from aqp_perf.operating_system import death_signal, process_identity
from tests.doubles.processes import is_alive, wait_until_dead

DEADLINE_S = 20.0
ENVIRONMENT = dict(os.environ)
NEEDS_DEATH_SIGNALS = pytest.mark.skipif(
    death_signal(signal.SIGKILL) is None, reason="needs death signals"
)


def python(*code: str) -> list[str]:
    return [sys.executable, "-u", "-c", "\n".join(code)]


def test_a_line_is_found_by_its_prefix() -> None:
    code = python("print('noise')", "print('ready http://x')", "input()")
    with Child("server", code, environment=ENVIRONMENT) as child:
        assert child.wait_for_line("ready ", DEADLINE_S) == "http://x"


def test_an_early_end_carries_exit_code_and_output() -> None:
    code = python("import sys", "print('no such port', file=sys.stderr)", "sys.exit(3)")
    with Child("server", code, environment=ENVIRONMENT) as child:
        with pytest.raises(ChildExited, match=r"(?s)exit code 3.*no such port") as caught:
            child.wait_for_line("ready ", DEADLINE_S)
        assert caught.value.exit_code == 3


def test_a_nice_child_lets_others_go_first() -> None:
    code = python("import os", "print('niceness', os.nice(0))", "input()")
    mine = os.nice(0)
    with Child("server", code, environment=ENVIRONMENT, niceness=5) as child:
        assert int(child.wait_for_line("niceness ", DEADLINE_S)) == min(mine + 5, 19)


def test_a_child_is_identified_by_its_command_not_by_its_guard() -> None:
    code = python("import os", "print('pid', os.getpid())", "input()")
    with Child("server", code, environment=ENVIRONMENT) as child:
        pid = child.wait_for_line("pid ", DEADLINE_S)
        assert child.identity == process_identity(int(pid))
    assert child.identity is None, "it has ended"


def test_a_silent_child_is_a_timeout() -> None:
    with (
        Child(
            "server", python("import signal", "signal.pause()"), environment=ENVIRONMENT
        ) as child,
        pytest.raises(TimeoutError, match=r"server printed no 'ready ' line within 0\.05 s"),
    ):
        child.wait_for_line("ready ", 0.05)


def test_a_command_that_is_not_there_ends_like_in_a_shell() -> None:
    with Child("server", ["/no/such/command"], environment=ENVIRONMENT) as child:
        assert child.wait(DEADLINE_S) == 127
        assert child.identity is None
        child.stop()
        assert "No such file" in child.output_tail


def test_a_signal_reaches_the_command() -> None:
    code = python(
        "import signal, sys",
        "signal.signal(signal.SIGINT, lambda *_: sys.exit(42))",
        "print('armed')",
        "signal.pause()",
    )
    with Child("server", code, environment=ENVIRONMENT) as child:
        child.wait_for_line("armed", DEADLINE_S)
        child.send_signal(signal.SIGINT)
        assert child.wait(DEADLINE_S) == 42


def test_stop_kills_a_group_that_ignores_sigterm() -> None:
    code = python(
        "import signal, subprocess, sys",
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)",
        "grandchild = subprocess.Popen([sys.executable, '-c', 'import signal; signal.pause()'])",
        "print('grandchild', grandchild.pid)",
        "signal.pause()",
    )
    child = Child("server", code, environment=ENVIRONMENT)
    grandchild = int(child.wait_for_line("grandchild ", DEADLINE_S))
    child.stop(grace_s=0.05)
    wait_until_dead(grandchild)
    assert not child.is_running
    child.stop()  # repeating it is harmless


def test_stop_does_not_wait_for_a_guard_that_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("aqp_perf.children.child._GUARD_S", 0.05)
    code = python(
        "import os, signal, subprocess, sys",
        "grandchild = subprocess.Popen([sys.executable, '-c', 'import signal; signal.pause()'])",
        "print('pids', os.getpid(), grandchild.pid)",
        "signal.pause()",
    )
    child = Child("server", code, environment=ENVIRONMENT)
    pids = [int(pid) for pid in child.wait_for_line("pids ", DEADLINE_S).split()]
    os.kill(child._guard.pid, signal.SIGSTOP)

    child.stop(grace_s=0)

    for pid in pids:
        wait_until_dead(pid)
    assert child.wait(DEADLINE_S) == -signal.SIGKILL


def test_what_a_command_leaves_behind_ends_with_it() -> None:
    code = python(
        "import subprocess, sys",
        "grandchild = subprocess.Popen([sys.executable, '-c', 'import signal; signal.pause()'])",
        "print('grandchild', grandchild.pid)",
    )
    with Child("server", code, environment=ENVIRONMENT) as child:
        grandchild = int(child.wait_for_line("grandchild ", DEADLINE_S))
        assert child.wait(DEADLINE_S) == 0
        wait_until_dead(grandchild)


@pytest.mark.parametrize(
    ("victim", "guard"),
    [
        ("parent", "guard.py"),
        pytest.param("guard", "guard.py", marks=NEEDS_DEATH_SIGNALS),
        ("parent", "without_death_signals.py"),
    ],
)
def test_kill_9_leaves_nothing(victim: str, guard: str, tmp_path: Path) -> None:
    """Neither the death of the parent nor that of the guard leaves the command running."""
    guard_file = Path(child.__file__).with_name("guard.py")
    if guard != guard_file.name:
        without = ["import ctypes, runpy, sys", "del ctypes.CDLL.__getattr__"]
        run = f"runpy.run_path({str(guard_file)!r}, run_name='__main__')"
        guard_file = tmp_path / guard
        guard_file.write_text("\n".join([*without, run]))
    command = python("import os, signal", "print('command', os.getpid())", "signal.pause()")
    parent = subprocess.Popen(
        python(
            "import os",
            "from pathlib import Path",
            "from aqp_perf.children import Child, child",
            f"child._GUARD_FILE = Path({str(guard_file)!r})",
            f"child = Child('server', {command!r}, environment=dict(os.environ))",
            "print('command', child.wait_for_line('command ', 20))",
            "print('guard', child._guard.pid)",
            "print(child.wait())",
        ),
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
    )
    assert parent.stdout is not None
    with parent, parent.stdout:
        pids = dict(parent.stdout.readline().split() for _ in range(2))
        os.kill(parent.pid if victim == "parent" else int(pids["guard"]), signal.SIGKILL)
        wait_until_dead(int(pids["command"]))
        wait_until_dead(int(pids["guard"]))
        if victim == "guard":
            assert parent.stdout.readline() == "-9\n"
    assert not is_alive(int(pids["command"]))
