"""Terminals that were closed while a session runs: what it goes on to write to them is dropped."""

import errno
import os
import stat
from pathlib import Path


def drop_gone_terminals() -> None:
    """Let every descriptor of a terminal that is gone lead to nowhere.

    Writing to it would fail, and a session has more than one: pytest keeps copies.
    """
    nowhere = os.open(os.devnull, os.O_RDWR | os.O_CLOEXEC)
    try:
        for each in [int(entry.name) for entry in Path("/dev/fd").iterdir()]:
            if _is_gone(each):
                os.dup2(nowhere, each, inheritable=os.get_inheritable(each))
    finally:
        os.close(nowhere)


def _is_gone(descriptor: int) -> bool:
    try:
        if not stat.S_ISCHR(os.fstat(descriptor).st_mode):
            return False
        os.write(descriptor, b"")  # nothing of it is seen by a terminal that is there
    except OSError as error:
        return error.errno == errno.EIO
    return False
