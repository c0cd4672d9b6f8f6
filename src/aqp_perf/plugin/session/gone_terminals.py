"""Terminals that were closed while a session runs: output to them is dropped."""

import errno
import os
import stat
from pathlib import Path


def drop_gone_terminals() -> None:
    """Redirect every descriptor of a closed terminal to ``/dev/null``.

    Writing to it would fail, and a session has several: pytest keeps copies.
    """
    nowhere = os.open(os.devnull, os.O_RDWR | os.O_CLOEXEC)
    try:
        for number in [int(entry.name) for entry in Path("/dev/fd").iterdir()]:
            if _is_gone(number):
                os.dup2(nowhere, number, inheritable=os.get_inheritable(number))
    finally:
        os.close(nowhere)


def _is_gone(descriptor: int) -> bool:
    try:
        if not stat.S_ISCHR(os.fstat(descriptor).st_mode):
            return False
        os.write(descriptor, b"")  # an open terminal shows nothing of it
    except OSError as error:
        return error.errno == errno.EIO
    return False
