"""Ctrl-C and SIGTERM end a session in order, with the exit code a shell expects: 130 or 143."""

import ctypes
import signal
import sys
import threading
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
    it; another Ctrl-C does. A worker of xdist is terminated when its controller dies, be it killed.
    """

    def __init__(self, *, is_worker: bool) -> None:
        self._is_worker = is_worker
        self.signal: signal.Signals | None = None
        """What interrupted the session."""
        self._previous: dict[signal.Signals, Any] = {}

    def pytest_sessionstart(self) -> None:
        """Listen for signals, unless the session runs in another thread than the main one."""
        if threading.current_thread() is threading.main_thread():
            self._previous = {
                signal.SIGINT: signal.signal(signal.SIGINT, self._on_sigint),
                signal.SIGTERM: signal.signal(signal.SIGTERM, self._on_sigterm),
            }
            if self._is_worker and sys.platform == "linux":  # elsewhere xdist needs 5 s more
                ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)

    def pytest_keyboard_interrupt(self, excinfo: pytest.ExceptionInfo[BaseException]) -> None:
        """Take an interruption that was raised without a signal for a Ctrl-C."""
        if self.signal is None and isinstance(excinfo.value, KeyboardInterrupt):
            self.signal = signal.SIGINT

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Set the exit code of an interrupted session."""
        if self.signal is not None:
            session.exitstatus = _SHELL_OFFSET + self.signal

    def pytest_unconfigure(self) -> None:
        """Give the signals back."""
        for number, handler in self._previous.items():
            signal.signal(number, handler)

    def _on_sigint(self, _number: int, _frame: FrameType | None) -> None:
        self.signal = self.signal or signal.SIGINT
        raise KeyboardInterrupt

    def _on_sigterm(self, _number: int, _frame: FrameType | None) -> None:
        if self.signal is None:
            self.signal = signal.SIGTERM
            raise Terminated
