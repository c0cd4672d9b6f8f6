"""Ctrl-C and SIGTERM end a session in order, with the exit code a shell expects: 130 or 143."""

import signal
import threading
from types import FrameType

import pytest

_SHELL_OFFSET = 128


class Terminated(KeyboardInterrupt):
    """SIGTERM, as an interruption that pytest winds down from."""


class Interrupts:
    """A plugin object: turns SIGTERM into an interruption and sets the session's exit code."""

    def __init__(self) -> None:
        self._signal: signal.Signals | None = None
        self._previous: object = None

    def pytest_sessionstart(self) -> None:
        """Listen for SIGTERM, unless the session runs in another thread than the main one."""
        if threading.current_thread() is threading.main_thread():
            self._previous = signal.signal(signal.SIGTERM, self._on_sigterm)

    def pytest_keyboard_interrupt(self, excinfo: pytest.ExceptionInfo[BaseException]) -> None:
        """Remember which signal it was."""
        if isinstance(excinfo.value, KeyboardInterrupt):
            is_term = isinstance(excinfo.value, Terminated)
            self._signal = signal.SIGTERM if is_term else signal.SIGINT

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Set the exit code of an interrupted session."""
        if self._signal is not None:
            session.exitstatus = _SHELL_OFFSET + self._signal

    def pytest_unconfigure(self) -> None:
        """Give SIGTERM back."""
        if callable(self._previous) or isinstance(self._previous, signal.Handlers):
            signal.signal(signal.SIGTERM, self._previous)

    def _on_sigterm(self, _number: int, _frame: FrameType | None) -> None:
        raise Terminated
