"""Why a process stood still, and how long a server of ours did, as Linux counts it.

Where there is no ``/proc``, nothing is known. Files of ``/proc`` stay open and are read anew: that
takes about a microsecond.
"""

import os
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final

from aqp_perf.core.measured.stalls import FreezeCause
from aqp_perf.operating_system import PROC, process_identity

_NS: Final = 1_000_000_000

_SCHEDSTAT_BYTES: Final = 64
_STAT_BYTES: Final = 1 << 14
_RUN_DELAY: Final = 1
"""Index of the time a thread was runnable and did not run, in ns.

Source: Linux, Documentation/scheduler/sched-stats.rst, "/proc/<pid>/schedstat".
"""
_REST_NS: Final = 100_000
"""Rest for each thread; a look at one takes up to 2 µs."""
_SHORTEST_REST_NS: Final = 1_000_000
_STEAL: Final = 8
"""Index of the time that the hypervisor took, in ticks. Source: ``proc_stat(5)``."""


class FreezeCauses:
    """Tells why this process stood still.

    Make it in the process it is for, after the last fork, in the main thread: Linux counts the run
    delay of that thread.

    Args:
        proc: where ``/proc`` is.
        cpu_time_ns: the CPU time of this process.
    """

    def __init__(
        self, proc: Path = PROC, cpu_time_ns: Callable[[], int] = time.process_time_ns
    ) -> None:
        self._cpu_time_ns = cpu_time_ns
        self._schedstat = _open(proc / "self" / "schedstat")
        self._stat = _open(proc / "stat")
        self._delay_ns = self._run_delay_ns()
        self._cpu_ns = cpu_time_ns()
        self._read_stolen()

    def note(self) -> None:
        """Take the readings anew; call it often, such as at every heartbeat: it takes 2 µs.

        `cause` takes what happened since. What the hypervisor took is read once a second, because
        that takes longer on a machine with many cores.
        """
        self._delay_ns, self._cpu_ns = self._run_delay_ns(), self._cpu_time_ns()
        if time.perf_counter_ns() - self._stolen_at_ns >= _NS:
            self._read_stolen()

    def cause(self, length_ns: int) -> FreezeCause:
        """Return why this process stood still for ``length_ns`` until now."""
        delay_ns, cpu_ns, stolen_ns = self._delay_ns, self._cpu_ns, self._stolen_ns
        self._delay_ns, self._cpu_ns = self._run_delay_ns(), self._cpu_time_ns()
        self._read_stolen()
        if delay_ns is None or self._delay_ns is None:
            return FreezeCause.UNKNOWN
        ready_ns, busy_ns = self._delay_ns - delay_ns, self._cpu_ns - cpu_ns
        is_explained = 2 * (ready_ns + busy_ns) >= length_ns
        if is_explained and busy_ns > ready_ns:
            return FreezeCause.OWN_CODE
        # Taken while it ran, Linux may count the time neither as run delay nor as CPU time.
        if any(
            2 * (after - before) >= length_ns
            for before, after in zip(stolen_ns, self._stolen_ns, strict=False)
        ):
            return FreezeCause.HYPERVISOR
        return FreezeCause.OTHER_WORK if is_explained else FreezeCause.STOPPED

    def _run_delay_ns(self) -> int | None:
        text = _read(self._schedstat, _SCHEDSTAT_BYTES)
        return None if text is None else _run_delay_ns(text)

    def _read_stolen(self) -> None:
        """Read how much the hypervisor took of each core, in ns."""
        self._stolen_at_ns = time.perf_counter_ns()
        lines = (_read(self._stat, _STAT_BYTES) or b"").split(b"\n")
        tick_ns = _NS // os.sysconf("SC_CLK_TCK")
        self._stolen_ns = [
            int(fields[_STEAL]) * tick_ns
            for fields in (line.split() for line in lines[1:])  # the first is the sum
            if len(fields) > _STEAL and fields[0].startswith(b"cpu")
        ]


class ServerDelays:
    """Tells how long servers on this machine were runnable and did not run.

    Args:
        identities: of their processes, see `process_identity`. One that is not of this machine, or
            has ended, is left out.
        proc: where ``/proc`` is.
    """

    def __init__(self, identities: Iterable[str], proc: Path = PROC) -> None:
        pids = [
            pid
            for identity in identities
            for pid in [identity.partition(":")[0]]
            if pid.isdecimal() and process_identity(int(pid), proc) == identity
        ]
        opened = (_open(proc / pid / "task") for pid in pids)
        self._task_folders = [folder for folder in opened if folder is not None]
        self._threads: dict[tuple[int, str], _Thread] = {}
        self._scan()

    @property
    def rest_ns(self) -> int:
        """How long to wait between two looks, so that they take 2 % of a core at most."""
        return max(_SHORTEST_REST_NS, _REST_NS * len(self._threads))

    def look(self) -> int:
        """Return the longest growth of a thread's run delay since the last look, in ns.

        Linux adds to it when the thread gets a core: a wait of 40 ms shows at its end. Threads that
        began within the last second may be missing.
        """
        if not self._task_folders:
            return 0
        if time.perf_counter_ns() - self._scanned_at_ns >= _NS:
            self._scan()
        return max((thread.grown_ns() for thread in self._threads.values()), default=0)

    def _scan(self) -> None:
        """Find the threads that began or ended."""
        self._scanned_at_ns = time.perf_counter_ns()
        found = {(folder, name) for folder in self._task_folders for name in _names_in(folder)}
        for key in self._threads.keys() - found:
            self._threads.pop(key).close()
        for folder, name in found - self._threads.keys():
            opened = _open(Path(name) / "schedstat", folder)
            if opened is not None:
                self._threads[folder, name] = _Thread(opened)


class _Thread:
    """A thread of a server."""

    __slots__ = ("_delay_ns", "_file", "_text")

    def __init__(self, file: int) -> None:
        self._file = file
        self._text = _read(file, _SCHEDSTAT_BYTES) or b""
        self._delay_ns = _run_delay_ns(self._text) or 0

    def grown_ns(self) -> int:
        """Return by how much its run delay grew since the last call."""
        text = _read(self._file, _SCHEDSTAT_BYTES)
        if not text or text == self._text:  # it has ended, or did not run
            return 0
        self._text = text
        before_ns, self._delay_ns = self._delay_ns, _run_delay_ns(text) or 0
        return self._delay_ns - before_ns

    def close(self) -> None:
        """Close its file."""
        os.close(self._file)


def _run_delay_ns(text: bytes) -> int | None:
    fields = text.split()
    return int(fields[_RUN_DELAY]) if len(fields) > _RUN_DELAY else None


def _open(path: Path, folder: int | None = None) -> int | None:
    """Return a descriptor; None: there is no such file, or it may not be read."""
    try:
        return os.open(path, os.O_RDONLY | os.O_CLOEXEC, dir_fd=folder)
    except OSError:
        return None


def _read(file: int | None, most_bytes: int) -> bytes | None:
    if file is None:
        return None
    try:
        return os.pread(file, most_bytes, 0)
    except OSError:  # the process has ended
        return None


def _names_in(folder: int) -> list[str]:
    try:
        return os.listdir(folder)
    except OSError:  # the process has ended
        return []
