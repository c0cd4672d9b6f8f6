"""Ctrl-C, SIGTERM and SIGHUP end a session in order: loads stop, reports are written."""

import atexit
import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any, Final

import pytest

from aqp_perf.clock import SYSTEM_CLOCK, Clock
from aqp_perf.operating_system import death_signal
from aqp_perf.plugin.session.exit_code import signal_exit_code
from aqp_perf.plugin.session.screen import drop_gone_terminals

ONE_PRESS_S: Final = 1.0
"""Signals closer together count as one: a key pressed twice, Ctrl-C followed by SIGTERM."""


class Terminated(KeyboardInterrupt):
    """SIGTERM or SIGHUP, as an interruption that pytest winds down from."""


class Interrupts:
    """A plugin object: turns signals into an interruption that pytest winds down from.

    While an interrupted session closes what it opened, further SIGTERM and SIGHUP (a closed
    terminal) are ignored; another Ctrl-C is not, unless it comes within `ONE_PRESS_S`. While the
    session reports at its end, the first signal of each kind is only noted and the second one ends
    it at once; except in a worker of xdist, which its controller may signal again. A worker is
    terminated when its controller dies, even by ``kill -9``.
    """

    def __init__(self, *, is_worker: bool, clock: Clock = SYSTEM_CLOCK) -> None:
        self._is_worker, self._clock = is_worker, clock
        self._process = os.getpid()
        self.signal: signal.Signals | None = None
        """What interrupted the session."""
        self.is_cut_short = False
        """Whether tests were left out, by a signal or ``pytest.exit``."""
        self._counted_s = 0.0
        """Time of the last signal that did not count as one with an earlier one."""
        self._is_finishing = False
        self._is_reporting = False
        self._noted: set[signal.Signals] = set()
        """Signals that came while the session was finishing."""
        self._previous: dict[signal.Signals, Any] = {}

    def pytest_configure(self, config: pytest.Config) -> None:
        """Restore the signal handlers last of all: pytest's own clean-up takes a while."""
        config.add_cleanup(self._give_back)

    def start(self) -> None:
        """Handle signals, which only the main thread can."""
        if threading.current_thread() is threading.main_thread():
            numbers = [signal.SIGINT, signal.SIGTERM]
            if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # nohup
                numbers.append(signal.SIGHUP)
            self._previous = {number: signal.signal(number, self._on_signal) for number in numbers}
            if self._is_worker and (arm := death_signal(signal.SIGTERM)):
                arm()  # elsewhere xdist needs 5 s more

    @pytest.hookimpl(tryfirst=True)
    def pytest_keyboard_interrupt(self, excinfo: pytest.ExceptionInfo[BaseException]) -> None:
        """Count an interruption that was raised without a signal as Ctrl-C.

        Subclasses of it do not count: with them pytest and xdist stop after ``--maxfail``.
        """
        self.is_cut_short = True
        self._is_finishing = True  # from here on, pytest would show an interruption as a traceback
        if self.signal is None and excinfo.type is KeyboardInterrupt:
            self.signal = signal.SIGINT

    def pytest_runtest_logfinish(self) -> None:
        """Forget a Ctrl-C that the test itself caught: it interrupted nothing."""
        if self.signal is signal.SIGINT:
            self.signal = None

    @contextmanager
    def finishing(self) -> Iterator[None]:
        """Report and close in this block: the first signal of each kind does not interrupt it."""
        self._is_finishing = self._is_reporting = True
        try:
            yield
        except KeyboardInterrupt:
            self.signal = self.signal or signal.SIGINT
            code = signal_exit_code(self.signal)
            pytest.exit("interrupted again: reports may be missing", code)
        finally:
            self._is_reporting = False

    def _give_back(self) -> None:
        for number, handler in self._previous.items():
            signal.signal(number, handler)
        if self.signal is not None:  # Ctrl-C again would turn the exit code into a traceback
            atexit.register(signal.signal, signal.SIGINT, signal.SIG_IGN)

    def _on_signal(self, number: int, _frame: FrameType | None) -> None:
        if os.getpid() != self._process:
            _default_action(number)
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
                raise SystemExit(signal_exit_code(self.signal))
        elif came is signal.SIGINT:
            raise KeyboardInterrupt
        elif is_first:
            raise Terminated


def _default_action(number: int) -> None:
    """Do what the signal does by default, in a process that a test forked."""
    if number == signal.SIGINT:
        raise KeyboardInterrupt
    signal.signal(number, signal.SIG_DFL)
    signal.raise_signal(number)
