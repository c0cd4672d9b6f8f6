"""What a session knows of itself: the commit of its results, and whether it is whole."""

import subprocess
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from perf.plugin.collector import Collector, _commit
from perf.plugin.state import STATE


def git(folder: Path, *args: str) -> str:
    own = ("-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "commit.gpgsign=false")
    done = subprocess.run(
        ["git", *own, *args],  # noqa: S607 - whichever git the machine has
        cwd=folder,
        check=True,
        capture_output=True,
        text=True,
    )
    return done.stdout.strip()


def test_a_repository_without_a_commit_has_none(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")

    assert _commit(tmp_path) == ""

    git(tmp_path, "commit", "-q", "--allow-empty", "-m", "first")
    assert _commit(tmp_path) == git(tmp_path, "rev-parse", "HEAD")


def test_no_repository_has_no_commit(tmp_path: Path) -> None:
    assert _commit(tmp_path) == ""


def end(collector: Collector, config: pytest.Config, exit_code: pytest.ExitCode) -> int:
    """Return the exit code that becomes of one."""
    session = SimpleNamespace(config=config, exitstatus=exit_code)
    collector.pytest_sessionfinish(session)  # type: ignore[arg-type]
    return int(session.exitstatus)


NODE = SimpleNamespace(gateway=SimpleNamespace(id="gw1"))
BREAKS: list[tuple[Callable[[Collector], None], str]] = [
    (lambda it: it.pytest_internalerror(), "pytest or a plugin had an internal error"),
    (lambda it: it.pytest_testnodedown(NODE, "Not properly terminated"), "worker gw1 of xdist"),
]


@pytest.mark.parametrize(("break_down", "text"), BREAKS, ids=["internal error", "lost worker"])
def test_a_session_that_lost_a_process_is_not_green(
    pytester: pytest.Pytester, break_down: Callable[[Collector], None], text: str
) -> None:
    config = pytester.parseconfigure("-p", "no:locust")
    collector = config.stash[STATE].collector

    break_down(collector)

    assert end(collector, config, pytest.ExitCode.OK) == pytest.ExitCode.INTERNAL_ERROR
    (line,) = collector._session_lines(80)
    assert line.text.startswith(f"ERROR: {text}")


@pytest.mark.parametrize("break_down", [each for each, _ in BREAKS])
def test_a_session_that_is_red_already_stays_as_red(
    pytester: pytest.Pytester, break_down: Callable[[Collector], None]
) -> None:
    """As one that was interrupted, whose workers are down for that reason."""
    config = pytester.parseconfigure("-p", "no:locust")
    collector = config.stash[STATE].collector

    break_down(collector)

    assert end(collector, config, pytest.ExitCode.INTERRUPTED) == pytest.ExitCode.INTERRUPTED
    assert list(collector._session_lines(80)) == []


def test_a_worker_that_ends_in_order_is_no_break(pytester: pytest.Pytester) -> None:
    config = pytester.parseconfigure("-p", "no:locust")
    collector = config.stash[STATE].collector

    collector.pytest_testnodedown(NODE, None)

    assert end(collector, config, pytest.ExitCode.OK) == pytest.ExitCode.OK
