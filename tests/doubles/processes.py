"""Other processes of this machine, on any system; Locust brings psutil along."""

import os
import select
import socket
from collections.abc import Iterator
from pathlib import Path

import psutil

_GONE = (psutil.NoSuchProcess, psutil.AccessDenied, psutil.ZombieProcess)
"""It has ended meanwhile, or is not ours."""


def free_port() -> int:
    """Return a port at which no process listens now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def descendants() -> set[int]:
    """Return the processes below this one, to any depth."""
    return {process.pid for process in psutil.Process().children(recursive=True)}


def is_alive(pid: int) -> bool:
    """Whether a process is there and is not a zombie that waits for its reaper."""
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def wait_until_dead(pid: int, within_s: float = 20.0) -> None:
    """Wait on the process's own end of life, not on the clock."""
    if not hasattr(os, "pidfd_open"):  # psutil would wait for the reaper of a zombie, too
        if psutil.pid_exists(pid):
            psutil.Process(pid).wait(within_s)
        return
    try:
        handle = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    try:
        readable, _, _ = select.select([handle], [], [], within_s)
        assert readable, f"process {pid} still lives after {within_s} s"
    finally:
        os.close(handle)


def processes_of(folder: Path) -> Iterator[tuple[str, str]]:
    """Yield command and environment of each process of a session in a folder; see `DIARY`."""
    for process in psutil.process_iter():
        try:
            environment = process.environ()
            if environment.get("DIARY", "").startswith(str(folder)):
                texts = (f"{name}={value}" for name, value in environment.items())
                yield " ".join(process.cmdline()), "\n".join(texts)
        except _GONE:
            continue
