"""What not every operating system gives: Linux gives all of it, macOS less, Windows too little.

Each facility is looked for when it is used. Where one is missing, the function says so by None or
gives the next best. It imports the standard library only: `aqp_perf.children.guard` does, too.
"""

import ctypes
import os
import platform
import struct
import sys
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any, Final, NamedTuple, Self

from aqp_perf.errors import PlatformUnusable

OTHER_FILES: Final = 64
"""Files of a process that are no connections: standard streams, modules, certificates."""
PROC: Final = Path("/proc")
"""Linux's figures of processes."""

_NEEDED: Final = ("fcntl", "resource")
"""Modules of the standard library that POSIX systems have: file locks and limits."""
_PR_SET_PDEATHSIG: Final = 1
"""Linux, ``prctl(2)``: the signal that a process gets when its parent dies."""
_AFTER_NAME: Final = b") "
"""Ends the name of the program in ``/proc/PID/stat``, in which any character may be."""
_START_TIME: Final = 19
"""Index of the start time among the fields after the name.

Source: ``proc_pid_stat(5)``, field 22.
"""
_LOCUSTS_FILES: Final = 10_000
_MOST_DESCRIPTORS: Final = 1_024
_CLOCK_MONOTONIC: Final = 1
"""Linux's number of the clock of `time.perf_counter_ns`."""
_TFD_NONBLOCK_CLOEXEC: Final = getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0)
_TFD_TIMER_ABSTIME: Final = 1
_ITIMERSPEC: Final = struct.Struct("@qqqq")  # interval s, ns; value s, ns
_NS: Final = 1_000_000_000


def check_platform() -> None:
    """Check that load tests can run here; the options and the marker work everywhere.

    Raises:
        PlatformUnusable: this system is not POSIX.
    """
    for module in _NEEDED:
        try:
            import_module(module)
        except ModuleNotFoundError as error:
            raise PlatformUnusable(platform.system(), module) from error


def usable_cores() -> int:
    """Return how many cores this process may use; where only that is known, how many there are."""
    affinity: Callable[[int], set[int]] | None = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity is not None else os.cpu_count() or 1


class FileLimit(NamedTuple):
    """How many files, connections included, a process may open."""

    most: int
    hard: int
    """Up to which any process may raise it for itself and its children."""

    @property
    def raised(self) -> int:
        """What Locust makes of it: 10,000, unless the hard limit is lower.

        Source: ``locust.main`` of 2.47.
        """
        return self.most if self.hard < _LOCUSTS_FILES else max(self.most, _LOCUSTS_FILES)


def file_limit() -> FileLimit:
    """Return the limit of this process; one that is unlimited is a very large number."""
    resource = import_module("resource")
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    return FileLimit(*(sys.maxsize if it == resource.RLIM_INFINITY else it for it in limits))


def raise_file_limit() -> int:
    """Raise the limit of this process as Locust raises its own; return what it is then."""
    limit, resource = file_limit(), import_module("resource")
    if limit.raised == limit.most:
        return limit.most
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (limit.raised, hard))
    except (OSError, ValueError):  # macOS has a limit of its own below an unlimited hard one
        return limit.most
    return limit.raised


def death_signal(number: int) -> Callable[[], object] | None:
    """Return a function whose caller gets the signal ``number`` when its parent dies.

    None: this system cannot send one.
    """
    prctl = _libc("prctl")
    return None if prctl is None else partial(prctl, _PR_SET_PDEATHSIG, number)


def lower_priority(niceness: int) -> None:
    """Lower the priority of this process within its session and, by session, on Linux.

    Args:
        niceness: as in ``nice -n``.
    """
    os.nice(niceness)
    with suppress(OSError):  # this system does not schedule by session
        (PROC / "self" / "autogroup").write_text(str(niceness))


def process_identity(pid: int, proc: Path | None = None) -> str | None:
    """Return ``PID:STARTTIME`` of a process of this machine; None: it is not known.

    It tells a process from a later one, or from one on another machine, with the same number.

    Args:
        pid: its number.
        proc: another folder like `PROC`.
    """
    try:
        stat = ((proc or PROC) / str(pid) / "stat").read_bytes()
        return f"{pid}:{int(stat.rpartition(_AFTER_NAME)[2].split()[_START_TIME])}"
    except (OSError, ValueError, IndexError):
        return None


def open_descriptors() -> list[int]:
    """Return the descriptors that this process has open; some may be closed already.

    Without ``/dev/fd`` these are the numbers that it has unless it opened very many.
    """
    try:
        return [int(entry.name) for entry in Path("/dev/fd").iterdir()]
    except OSError:
        return list(range(_MOST_DESCRIPTORS))


class Timer:
    """A file that becomes readable at an instant of `time.perf_counter_ns`, exactly.

    Source: ``timerfd_create(2)``.
    """

    def __init__(self, descriptor: int, set_time: Any) -> None:  # noqa: ANN401 - of ctypes
        self.descriptor = descriptor
        self._set_time = set_time

    @classmethod
    def open(cls) -> Self | None:
        """Return a new timer; None: this system has none."""
        create, set_time = _libc("timerfd_create"), _libc("timerfd_settime")
        if create is None or set_time is None:
            return None
        descriptor = create(_CLOCK_MONOTONIC, _TFD_NONBLOCK_CLOEXEC)
        if descriptor < 0:
            raise OSError(ctypes.get_errno(), "timerfd_create")
        return cls(descriptor, set_time)

    def set(self, due_ns: int) -> None:
        """Make the file unreadable until ``due_ns``."""
        spec = _ITIMERSPEC.pack(0, 0, *divmod(due_ns, _NS))
        if self._set_time(self.descriptor, _TFD_TIMER_ABSTIME, spec, None) != 0:
            raise OSError(ctypes.get_errno(), "timerfd_settime")

    def clear(self) -> None:
        """Make the file unreadable; it has to be readable."""
        os.read(self.descriptor, 8)


def has_timers() -> bool:
    """Whether there are timers that are exact, see `Timer`."""
    return _libc("timerfd_create") is not None


def has_run_delays() -> bool:
    """Whether it is known how long processes waited for a core."""
    return (PROC / "self" / "schedstat").exists()


def _libc(function: str) -> Any:  # noqa: ANN401 - of ctypes
    """Return a function of the C library; None: it has no such function."""
    return getattr(ctypes.CDLL(None, use_errno=True), function, None)
