"""Tells a process from a later one, or from one on another machine, with the same number."""

from pathlib import Path
from typing import Final

PROC: Final = Path("/proc")

_AFTER_NAME: Final = b") "
"""Ends the name of the program in ``/proc/PID/stat``, in which any character may be."""
_START_TIME: Final = 19
"""Index of the start time among the fields after the name.

Source: ``proc_pid_stat(5)``, field 22.
"""


def process_identity(pid: int, proc: Path = PROC) -> str | None:
    """Return ``PID:STARTTIME`` of a process of this machine; None: Linux knows no such process.

    Args:
        pid: its number.
        proc: where ``/proc`` is.
    """
    try:
        fields = (proc / str(pid) / "stat").read_bytes().rpartition(_AFTER_NAME)[2].split()
        return f"{pid}:{int(fields[_START_TIME])}"
    except (OSError, ValueError, IndexError):
        return None
