"""Ctrl-C and SIGTERM end a session in order, with the exit code a shell expects: 130 or 143."""

import ctypes
import signal
import sys
import threading
from collections.abc import Generator
from types import FrameType
from typing import Any

import pytest

_SHELL_OFFSET = 128
_PR_SET_PDEATHSIG = 1
"""Linux, ``prctl(2)``: the signal that this process gets when its parent dies."""


class Terminated(KeyboardInterrupt):
    """SIGTERM, as an interruption that pytest winds down from."""


class Interrupts:
    """A plugin object: turns SIGTERM into an interruption and sets the session's exit code.

    An interrupted session takes its time to close what it opened. Another SIGTERM does not disturb
    it; another Ctrl-C does. While it reports and closes at its end, the first of each is only
    noted, and the second ends it at once; but not a worker of xdist, which its controller tells
    again. A worker is terminated when its controller dies, be it killed.
    """

    def __init__(self, *, is_worker: bool) -> None:
        self._is_worker = is_worker
        self.signal: signal.Signals | None = None
        """What interrupted the session."""
        self._is_finishing = False
        self._noted: set[signal.Signals] = set()
        """What came while the session was finishing."""
        self._previous: dict[signal.Signals, Any] = {}

    def pytest_sessionstart(self) -> None:
        """Listen for signals, unless the session runs in another thread than the main one."""
        if threading.current_thread() is threading.main_thread():
            self._previous = {
                each: signal.signal(each, self._on_signal)
                for each in (signal.SIGINT, signal.SIGTERM)
            }
            if self._is_worker and sys.platform == "linux":  # elsewhere xdist needs 5 s more
                ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)

    def pytest_keyboard_interrupt(self, excinfo: pytest.ExceptionInfo[BaseException]) -> None:
        """Take an interruption that was raised without a signal for a Ctrl-C."""
        if self.signal is None and isinstance(excinfo.value, KeyboardInterrupt):
            self.signal = signal.SIGINT

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> Generator[None, object, object]:
        """Let the session finish, and set the exit code of one that was interrupted."""
        self._is_finishing = True
        try:
            result = yield
        except KeyboardInterrupt:
            self.signal = self.signal or signal.SIGINT
            pytest.exit("interrupted again: reports may be missing", _SHELL_OFFSET + self.signal)
        if self.signal is not None:
            session.exitstatus = _SHELL_OFFSET + self.signal
        return result

    def pytest_unconfigure(self) -> None:
        """Give the signals back."""
        for number, handler in self._previous.items():
            signal.signal(number, handler)

    def _on_signal(self, number: int, _frame: FrameType | None) -> None:
        came, is_first = signal.Signals(number), self.signal is None
        self.signal = self.signal or came
        if self._is_finishing and (self._is_worker or came not in self._noted):
            self._noted.add(came)
        elif came is signal.SIGINT or self._is_finishing:
            raise KeyboardInterrupt
        elif is_first:
            raise Terminated
