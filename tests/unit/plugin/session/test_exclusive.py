"""A load test holds the lock alone; other tests share it, but do not overtake a load test."""

import fcntl
import os
import stat
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import pytest

from aqp_perf.plugin.session.exclusive import (
    LOCK_FILE_VARIABLE,
    alone,
    among_others,
    lock_path,
)


def is_free(path: Path, operation: int) -> bool:
    """Whether somebody else could take the lock now."""
    with path.open() as file:
        try:
            fcntl.flock(file, operation | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


def test_nobody_enters_while_a_load_test_is_alone(tmp_path: Path) -> None:
    room = tmp_path / "room"

    with alone(room):
        assert not is_free(room, fcntl.LOCK_SH)
        assert not is_free(tmp_path / "room.gate", fcntl.LOCK_EX)

    assert is_free(room, fcntl.LOCK_EX)
    assert is_free(tmp_path / "room.gate", fcntl.LOCK_EX)


def test_others_share_the_room_and_leave_its_gate_to_a_load_test(tmp_path: Path) -> None:
    """Who waits at the gate comes in as soon as those inside have left, whoever comes later."""
    room = tmp_path / "room"

    with among_others(room), among_others(room):
        assert is_free(room, fcntl.LOCK_SH)
        assert not is_free(room, fcntl.LOCK_EX)
        assert is_free(tmp_path / "room.gate", fcntl.LOCK_EX)

    assert is_free(room, fcntl.LOCK_EX)


def test_a_wait_is_reported_with_how_long_it_took(tmp_path: Path) -> None:
    room, lines = tmp_path / "room", []
    holding = ExitStack()
    holding.enter_context(among_others(room))

    def tell(line: str) -> None:
        lines.append(line)
        holding.close()

    with alone(room, tell):
        pass

    wait = f"waiting until no other load test runs on this machine ({room})"
    assert [line.split(" 0")[0] for line in lines] == [wait, "waited"]


def test_without_a_wait_there_is_nothing_to_report(tmp_path: Path) -> None:
    lines: list[str] = []

    with alone(tmp_path / "room", lines.append):
        pass

    assert not lines


def test_room_is_left_when_the_test_raises(tmp_path: Path) -> None:
    room = tmp_path / "room"

    with pytest.raises(LookupError), alone(room):
        raise LookupError

    assert is_free(room, fcntl.LOCK_EX)


def test_room_that_may_only_be_read_can_be_locked(tmp_path: Path) -> None:
    """Another user of the machine may have made the file."""
    room = tmp_path / "room"
    room.touch(mode=0o444)

    with alone(room):
        assert not is_free(room, fcntl.LOCK_SH)


@pytest.mark.parametrize("umask", [0o077, 0o777])
def test_room_that_one_user_made_is_open_to_all(tmp_path: Path, umask: int) -> None:
    room = tmp_path / "room"
    before = os.umask(umask)
    try:
        with alone(room):
            pass
    finally:
        os.umask(before)

    modes = {each.name: stat.S_IMODE(each.stat().st_mode) for each in tmp_path.iterdir()}
    assert modes == {"room": 0o666, "room.gate": 0o666}


def test_room_that_is_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "lock")

    with alone(tmp_path / "lock"):
        pass


def linked_to_nowhere(folder: Path) -> Path:
    """It is not made there: in a folder of all, somebody else may have put the link."""
    (folder / "room").symlink_to(folder / "elsewhere")
    return folder / "room"


def without_a_folder(folder: Path) -> Path:
    return folder / "none" / "room"


def not_to_be_opened(folder: Path) -> Path:
    """As that of another user, who lets nobody read it."""
    (folder / "room").symlink_to(folder / "room")
    return folder / "room"


def with_such_a_gate(folder: Path) -> Path:
    (folder / "room.gate").symlink_to(folder / "room.gate")
    return folder / "room"


@pytest.mark.parametrize(
    "room_in", [linked_to_nowhere, without_a_folder, not_to_be_opened, with_such_a_gate]
)
def test_a_room_that_cannot_be_had_is_reported_and_does_without(
    tmp_path: Path, room_in: Callable[[Path], Path]
) -> None:
    room, lines = room_in(tmp_path), list[str]()
    before = sorted(tmp_path.iterdir())

    with alone(room, lines.append):
        pass
    with among_others(room):
        pass

    (line,) = lines
    assert line.startswith(f"cannot open the lock {room}")
    assert "if another load test runs on this machine" in line
    assert line.endswith(f"{LOCK_FILE_VARIABLE} names another file")
    assert {file.name for file in set(tmp_path.iterdir()) - set(before)} <= {"room.gate"}


def test_all_sessions_of_a_machine_meet_in_one_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(LOCK_FILE_VARIABLE, raising=False)
    assert lock_path() == lock_path()
    assert lock_path().name == "aqp-perf.lock"

    monkeypatch.setenv(LOCK_FILE_VARIABLE, os.devnull)
    assert lock_path() == Path(os.devnull)
