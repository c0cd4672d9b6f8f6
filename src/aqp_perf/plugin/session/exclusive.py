"""Keeps load tests apart: one at a time on the whole machine, and alone among xdist's workers.

A load test holds the lock exclusively. The other tests of an xdist session share it, because work
on the same cores would be measured as latency. Everyone passes a second lock, the gate, first: so a
load test that waits is not overtaken for ever. Both are file locks, which end with their process.
"""

import fcntl
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from aqp_perf.core.load.durations import format_duration

LOCK_FILE_VARIABLE = "PERF_LOCK_FILE"
"""Environment variable with another lock file, as for a pytest session inside a test."""
_READING = os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK


def lock_path() -> Path:
    """Return the file that every pytest process of this machine locks."""
    named = os.environ.get(LOCK_FILE_VARIABLE)
    return Path(named) if named else Path(tempfile.gettempdir()) / "aqp-perf.lock"


@contextmanager
def alone(path: Path, tell: Callable[[str], object] = lambda _: None) -> Iterator[None]:
    """Hold the lock exclusively; wait until nobody else holds it.

    Without a file that can be opened, such as one in a folder of another user, nothing is locked.

    Args:
        path: the file that is locked.
        tell: called with a line when this has to wait, with one when the wait is over, and with one
            when the lock cannot be had.
    """
    began_s = None
    with ExitStack() as held:
        for file in (_gate(path), path):
            try:
                opened = held.enter_context(_open(file))
            except OSError as error:
                tell(
                    f"cannot open the lock {file}: {error.strerror}: if another load test runs on "
                    f"this machine, each is measured as latency of the other; {LOCK_FILE_VARIABLE} "
                    "names another file"
                )
                break
            try:
                fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if began_s is None:
                    began_s = time.monotonic()
                    tell(f"waiting until no other load test runs on this machine ({path})")
                fcntl.flock(opened, fcntl.LOCK_EX)
        if began_s is not None:
            tell(f"waited {format_duration(round(time.monotonic() - began_s))}")
        yield


@contextmanager
def among_others(path: Path) -> Iterator[None]:
    """Share the lock; wait while somebody holds it exclusively, or waits to do so."""
    with ExitStack() as held:
        with suppress(OSError), _open(_gate(path)) as gate:  # `alone` says why it cannot be had
            shared = held.enter_context(_open(path))
            fcntl.flock(gate, fcntl.LOCK_EX)
            fcntl.flock(shared, fcntl.LOCK_SH)
        yield


def _gate(path: Path) -> Path:
    return path.with_name(path.name + ".gate")


def _open(path: Path) -> BinaryIO:
    """Open for reading, which is enough to lock: the file may be another user's."""
    try:
        descriptor = os.open(path, _READING)
    except FileNotFoundError:
        with suppress(FileExistsError):  # another process was faster
            _make(path)
        descriptor = os.open(path, _READING)
    return os.fdopen(descriptor, "rb")  # closing it unlocks


def _make(path: Path) -> None:
    """Create a file that every user can read, whatever the umask."""
    with os.fdopen(os.open(path, _READING | os.O_CREAT | os.O_EXCL), "rb") as made:
        os.fchmod(made.fileno(), 0o666)
