"""What a busy machine does to a session: it stops for a moment, or other work has its cores.

Each is a context manager over the process id of a session. None leaves a process stopped, or
running.
"""

import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from pathlib import Path
from random import Random
from typing import Final, NoReturn

from aqp_perf.children import Child
from benchmarks.nginx import pinned

Disturbance = Callable[[int, Random], AbstractContextManager[None]]
"""Disturbs the session of this process id until the block ends; random times are drawn."""

FREEZE_S: Final = (0.06, 0.16)
"""The shortest and the longest freeze."""
EVERY_S: Final = 5.0
ONE_FREEZE_S: Final = 0.2
_MID_RUN_S: Final = (8.0, 12.0)
"""From the start of a session to its one freeze: its run has begun and not ended."""

HOG_S: Final = 0.1
HOG_RATIO: Final = 0.15


@contextmanager
def nothing(_session: int, _random: Random) -> Iterator[None]:
    """Let a session run undisturbed."""
    yield


@contextmanager
def freezes(session: int, random: Random) -> Iterator[None]:
    """Stop all processes of a session every 5 s, for 60 to 160 ms."""
    with _freezing(session, _every_5_s(random)):
        yield


@contextmanager
def one_freeze(session: int, random: Random) -> Iterator[None]:
    """Stop all processes of a session once, for 0.2 s, in the middle of its only run."""
    with _freezing(session, iter([(random.uniform(*_MID_RUN_S), ONE_FREEZE_S)])):
        yield


@contextmanager
def hogs(_session: int, _random: Random) -> Iterator[None]:
    """Keep each core busy for 15 ms in every 100 ms."""
    with ExitStack() as running:
        for core in sorted(os.sched_getaffinity(0)):
            argv = [sys.executable, "-m", "benchmarks.disturbances"]
            with pinned(core):
                running.enter_context(Child(f"hog {core}", argv, environment=os.environ))
        yield


def hog() -> NoReturn:
    """Keep one core busy, until killed."""
    began_s = time.perf_counter()
    while True:
        while time.perf_counter() < began_s + HOG_S * HOG_RATIO:
            pass
        began_s += HOG_S
        time.sleep(max(0.0, began_s - time.perf_counter()))


def _every_5_s(random: Random) -> Iterator[tuple[float, float]]:
    at_s = random.uniform(0.0, EVERY_S)
    while True:
        yield at_s, random.uniform(*FREEZE_S)
        at_s += EVERY_S


@contextmanager
def _freezing(session: int, plan: Iterator[tuple[float, float]]) -> Iterator[None]:
    """Freeze a session at each (s from now, length in s) of a plan."""
    is_over = threading.Event()
    began_s = time.monotonic()

    def freeze_all() -> None:
        for at_s, length_s in plan:
            if is_over.wait(began_s + at_s - time.monotonic()):
                return
            _freeze(session, length_s)

    thread = threading.Thread(target=freeze_all, name="freezes")
    thread.start()
    try:
        yield
    finally:
        is_over.set()
        thread.join()


def _freeze(session: int, length_s: float) -> None:
    """Stop a process and all of its descendants, and let them go on."""
    stopped: list[int] = []
    until_s = time.monotonic() + length_s
    try:
        # Again, for those that started meanwhile.
        while started := [pid for pid in family(session) if pid not in stopped]:
            for pid in started:
                stopped.append(pid)
                _send(pid, signal.SIGSTOP)
        time.sleep(max(0.0, until_s - time.monotonic()))
    finally:
        for pid in stopped:
            _send(pid, signal.SIGCONT)


def _send(pid: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError):  # it has ended
        os.kill(pid, number)


def family(ancestor: int) -> list[int]:
    """Return the process ids of a running process and of all its descendants, parents first."""
    children: dict[int, list[int]] = {}
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # it has ended
            # After the name in brackets: state, parent.
            state, parent = (process / "stat").read_text().rpartition(")")[2].split()[:2]
            if state != "Z":
                children.setdefault(int(parent), []).append(int(process.name))
    found = [ancestor]
    for pid in found:
        found += children.get(pid, [])
    return found


if __name__ == "__main__":
    hog()
