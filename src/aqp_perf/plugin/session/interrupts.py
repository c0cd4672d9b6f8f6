"""Ctrl-C, SIGTERM and SIGHUP end a session in order, with the exit code a shell expects."""

import atexit
import ctypes
import os
import signal
import sys
import threading
from collections.abc import Generator
from types import FrameType
from typing import Any, Final

import pytest

from aqp_perf.clock import SYSTEM_CLOCK, Clock
from aqp_perf.plugin.session.gone_terminals import drop_gone_terminals

ONE_PRESS_S: Final = 1.0
"""Signals closer together are meant as one: a key pressed twice, two ways to say the same."""

_SHELL_OFFSET = 128
_PR_SET_PDEATHSIG = 1
"""Linux, ``prctl(2)``: the signal that this process gets when its parent dies."""


class Terminated(KeyboardInterrupt):
    """SIGTERM or SIGHUP, as an interruption that pytest winds down from."""


class Interrupts:
    """A plugin object: turns signals into an interruption and sets the session's exit code.

    An interrupted session takes its time to close what it opened. SIGTERM and SIGHUP, a closed
    terminal, do not disturb it any more; another Ctrl-C does, unless it comes within `ONE_PRESS_S`.
    While the session reports and closes at its end, the first of each is only noted, and the second
    ends it at once; but not a worker of xdist, which its controller tells again. A worker is
    terminated when its controller dies, be it killed.

    Args:
        is_worker: whether the session is that of a worker of xdist.
        clock: tells one press of a key from two.
    """

    def __init__(self, *, is_worker: bool, clock: Clock = SYSTEM_CLOCK) -> None:
        self._is_worker, self._clock = is_worker, clock
        self._process = os.getpid()
        self.signal: signal.Signals | None = None
        """What interrupted the session."""
        self._counted_s = 0.0
        """When a signal came that was not meant as one with an earlier one."""
        self._is_finishing = False
        """Whether everything that was measured is there to be reported."""
        self._is_reporting = False
        self._noted: set[signal.Signals] = set()
        """What came while the session was finishing."""
        self._previous: dict[signal.Signals, Any] = {}

    def pytest_configure(self, config: pytest.Config) -> None:
        """See that the signals are given back last of all: pytest's own clean-up takes a while."""
        config.add_cleanup(self._give_back)

    def pytest_sessionstart(self) -> None:
        """Listen for signals, unless the session runs in another thread than the main one."""
        if threading.current_thread() is threading.main_thread():
            numbers = [signal.SIGINT, signal.SIGTERM]
            if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # nohup
                numbers.append(signal.SIGHUP)
            self._previous = {each: signal.signal(each, self._on_signal) for each in numbers}
            if self._is_worker and sys.platform == "linux":  # elsewhere xdist needs 5 s more
                ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)

    @pytest.hookimpl(tryfirst=True)
    def pytest_keyboard_interrupt(self, excinfo: pytest.ExceptionInfo[BaseException]) -> None:
        """Take an interruption that was raised without a signal for a Ctrl-C.

        Its subclasses are how pytest and xdist stop by themselves, as after ``--maxfail``.
        """
        self._is_finishing = True  # pytest would let an interruption from here on out as a stack
        if self.signal is None and excinfo.type is KeyboardInterrupt:
            self.signal = signal.SIGINT

    def pytest_runtest_logfinish(self) -> None:
        """Forget a Ctrl-C that the test caught itself: it interrupted nothing."""
        if self.signal is signal.SIGINT:
            self.signal = None

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> Generator[None, object, object]:
        """Let the session finish, and set the exit code of one that was interrupted."""
        self._is_finishing = True
        try:
            self._is_reporting = True
            result = yield
        except KeyboardInterrupt:
            self.signal = self.signal or signal.SIGINT
            pytest.exit("interrupted again: reports may be missing", _SHELL_OFFSET + self.signal)
        finally:
            self._is_reporting = False
        if self.signal is not None:
            session.exitstatus = _SHELL_OFFSET + self.signal
        return result

    def _give_back(self) -> None:
        for number, handler in self._previous.items():
            signal.signal(number, handler)
        if self.signal is not None:  # a key pressed again would end what is as good as ended
            atexit.register(signal.signal, signal.SIGINT, signal.SIG_IGN)

    def _on_signal(self, number: int, _frame: FrameType | None) -> None:
        if os.getpid() != self._process:
            _as_if_not_listening(number)
            return
        came, is_first = signal.Signals(number), self.signal is None
        now_s = self._clock.monotonic_s()
        self.signal = self.signal or came
        if came is signal.SIGHUP:
            drop_gone_terminals()
        if not is_first and now_s - self._counted_s < ONE_PRESS_S:
            return
        self._counted_s = now_s
        if self._is_finishing:
            if self._is_worker or came not in self._noted:
                self._noted.add(came)
            elif self._is_reporting:
                raise KeyboardInterrupt
            else:
                raise SystemExit(_SHELL_OFFSET + self.signal)
        elif came is signal.SIGINT:
            raise KeyboardInterrupt
        elif is_first:
            raise Terminated


def _as_if_not_listening(number: int) -> None:
    """Do what a signal does by default, in a process that a test forked."""
    if number == signal.SIGINT:
        raise KeyboardInterrupt
    signal.signal(number, signal.SIG_DFL)
    signal.raise_signal(number)
