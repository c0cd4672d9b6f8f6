"""On ``PYTHONPATH``, takes away from each Python what Linux has and a Mac has not.

``PYTHONPATH=$PWD/tests/doubles/like_a_mac make test ARGS=tests/unit`` runs the unit tests so.
"""

import ctypes
import os
import pathlib
from collections.abc import Callable
from typing import Any

FUNCTIONS = {"prctl", "timerfd_create", "timerfd_settime"}
"""Of the C library."""
NAMES = {
    *("eventfd", "memfd_create", "pidfd_open", "sched_getaffinity", "sched_setaffinity"),
    *("setns", "timerfd_create", "timerfd_settime", "unshare"),
}
"""Of `os`."""


class Library(ctypes.CDLL):
    """A C library without functions of Linux's own."""

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - as ctypes has it
        """Return a function that every system has."""
        if name in FUNCTIONS:
            raise AttributeError(name)
        return super().__getattr__(name)


def without_proc(function: Callable[..., object]) -> Callable[..., object]:
    """Return a function of files that finds no ``/proc``."""

    def call(path: object, *args: object, **kwargs: object) -> object:
        if not str(path).startswith("/proc"):
            return function(path, *args, **kwargs)
        if function is EXISTS:
            return False
        raise FileNotFoundError(2, "there is no /proc", str(path))

    return call


EXISTS = pathlib.Path.exists
for name in NAMES & set(dir(os)):
    delattr(os, name)
setattr(ctypes, "CDLL", Library)  # noqa: B010 - to mypy it is a type
# psutil, which Locust needs, reads /proc in another way.
for owner, name in ((os, "open"), (pathlib.Path, "open"), (pathlib.Path, "exists")):
    setattr(owner, name, without_proc(getattr(owner, name)))
