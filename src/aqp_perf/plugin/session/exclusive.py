"""Keeps load tests apart: one at a time on the whole machine, and alone among xdist's workers.

A load test holds the room exclusively; the other tests of an xdist session share it, because a busy
neighbour on the same cores would be measured as latency. A gate in front of the room lets nobody in
past a load test that waits. Both are file locks, so they end with their process.
"""

import fcntl
import os
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from aqp_perf.errors import InvalidOption
from aqp_perf.files import check_takes_file

LOCK_FILE_VARIABLE = "PERF_LOCK_FILE"
"""Names another lock file, for a pytest session inside a test."""
_READING = os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK
"""A pipe can be locked as a file can, and is not waited for."""
PATIENCE_S = 1.0
"""Waits shorter than this are nothing to tell."""


def lock_path() -> Path:
    """Return the file that all pytest processes of this machine lock."""
    named = os.environ.get(LOCK_FILE_VARIABLE)
    return Path(named) if named else Path(tempfile.gettempdir()) / "aqp-perf.lock"


def check_lock(path: Path) -> None:
    """Find out whether there is, or could be, a file to lock; none is made.

    Raises:
        InvalidOption: it cannot be opened, or its folder is not there or takes no files.
    """
    for each in (path, _gate(path)):
        try:
            _check_opens(each)
        except OSError as error:
            hint = f"{error.strerror}: name a file that every user of this machine can read"
            raise InvalidOption(LOCK_FILE_VARIABLE, str(each), hint) from error


@contextmanager
def alone(
    path: Path,
    on_wait: Callable[[], object] = lambda: None,
    on_enter: Callable[[float], object] = lambda _: None,
    *,
    patience_s: float = PATIENCE_S,
) -> Iterator[None]:
    """Hold the room exclusively; wait until everybody has left it.

    Args:
        path: the file that is locked.
        on_wait: called, in a thread of its own, when others take longer than ``patience_s``.
        on_enter: called with the seconds waited, once they have left and if that took so long.
        patience_s: how long nothing is said.
    """
    with ExitStack() as held:
        began_s = time.monotonic()
        has_waited = threading.Event()

        def tell() -> None:
            has_waited.set()
            on_wait()

        patience = threading.Timer(patience_s, tell)
        patience.start()
        try:
            held.enter_context(_locked(_gate(path), fcntl.LOCK_EX))
            held.enter_context(_locked(path, fcntl.LOCK_EX))
        finally:
            patience.cancel()
            patience.join()
        if has_waited.is_set():
            on_enter(time.monotonic() - began_s)
        yield


@contextmanager
def among_others(path: Path) -> Iterator[None]:
    """Share the room; wait while somebody is alone in it, or waits to be."""
    with _locked(_gate(path), fcntl.LOCK_EX):
        room = _locked(path, fcntl.LOCK_SH)
        room.__enter__()
    try:
        yield
    finally:
        room.__exit__(None, None, None)


def _gate(path: Path) -> Path:
    return path.with_name(path.name + ".gate")


@contextmanager
def _locked(path: Path, operation: int) -> Iterator[None]:
    descriptor = _open(path)
    try:
        fcntl.flock(descriptor, operation)
        yield
    finally:
        os.close(descriptor)


def _check_opens(path: Path) -> None:
    try:
        os.close(os.open(path, _READING))
    except FileNotFoundError:
        if path.is_symlink() or not path.parent.is_dir():
            raise
        check_takes_file(path)


def _open(path: Path) -> int:
    """Open for reading, which is enough to lock: the file may be another user's."""
    try:
        return os.open(path, _READING)
    except FileNotFoundError:
        with suppress(FileExistsError):  # somebody else was faster
            _make(path)
    return os.open(path, _READING)


def _make(path: Path) -> None:
    """Make a file that everybody can read, whatever the umask of its maker."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC)
    try:
        os.fchmod(descriptor, 0o666)
    finally:
        os.close(descriptor)
