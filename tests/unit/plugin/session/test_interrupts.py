"""Sequences of signals, with a manual clock; real signals are sent in ``tests/plugin``."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from signal import SIGHUP, SIGINT, SIGTERM, Signals

import pytest
import xdist.dsession  # type: ignore[import-untyped]

from aqp_perf.plugin.session.interrupts import ONE_PRESS_S, Interrupts, Terminated
from tests.doubles.manual_clock import ManualClock

LATER_S = ONE_PRESS_S + 0.1


class Told:
    """Interrupts of a session, with a clock that only `tell` moves."""

    def __init__(self, *, is_worker: bool = False) -> None:
        self._clock = ManualClock()
        self.interrupts = Interrupts(is_worker=is_worker, clock=self._clock)

    def finishing(self) -> "Told":
        """Begin to finish."""
        self.block = self.interrupts.finishing()
        self.block.__enter__()
        return self

    def stopped_by(self, error: BaseException) -> "Told":
        """Let pytest take an interruption."""
        with pytest.raises(type(error)) as caught:
            raise error
        self.interrupts.pytest_keyboard_interrupt(caught)
        return self

    def tell(self, number: Signals, after_s: float = LATER_S) -> None:
        """Send a signal, so long after the last one."""
        self._clock.time_passes(after_s)
        self.interrupts._on_signal(number, None)


@pytest.mark.parametrize(
    ("number", "error"),
    [(SIGINT, KeyboardInterrupt), (SIGTERM, Terminated), (SIGHUP, Terminated)],
)
def test_first_of_all_interrupts_the_session(number: Signals, error: type[BaseException]) -> None:
    told = Told()

    with pytest.raises(error) as caught:
        told.tell(number)

    assert caught.type is error
    assert told.interrupts.signal is number


@pytest.mark.parametrize("first", [SIGINT, SIGTERM, SIGHUP])
@pytest.mark.parametrize("second", [SIGINT, SIGTERM, SIGHUP])
def test_what_comes_at_once_after_the_first_is_one_with_it(first: Signals, second: Signals) -> None:
    """A key that is pressed twice costs no measurement."""
    told = Told()
    with pytest.raises(KeyboardInterrupt):
        told.tell(first)

    told.tell(second, after_s=0.02)
    told.tell(second, after_s=0.9)

    assert told.interrupts.signal is first


@pytest.mark.parametrize("first", [SIGINT, SIGTERM, SIGHUP])
def test_a_later_ctrl_c_interrupts_the_winding_down_and_nothing_else_does(first: Signals) -> None:
    told = Told()
    with pytest.raises(KeyboardInterrupt):
        told.tell(first)

    told.tell(SIGTERM)
    told.tell(SIGHUP)
    with pytest.raises(KeyboardInterrupt):
        told.tell(SIGINT)

    assert told.interrupts.signal is first


@pytest.mark.parametrize("first", [SIGINT, SIGTERM, SIGHUP])
def test_first_of_each_is_noted_and_the_first_of_all_counts(first: Signals) -> None:
    """A CI service that loses its patience with Ctrl-C sends SIGTERM."""
    told = Told().finishing()

    told.tell(first)
    told.tell(SIGTERM if first is SIGINT else SIGINT)

    assert told.interrupts.signal is first


@pytest.mark.parametrize("number", [SIGINT, SIGTERM, SIGHUP])
def test_second_of_one_ends_the_session_unless_it_is_one_with_the_first(number: Signals) -> None:
    told = Told().finishing()
    told.tell(number)
    told.tell(number, after_s=0.3)

    with pytest.raises(KeyboardInterrupt):
        told.tell(number)


def test_while_pytest_takes_an_interruption_none_escapes_as_a_stack() -> None:
    told = Told().stopped_by(KeyboardInterrupt())

    told.tell(SIGINT)
    with pytest.raises(SystemExit) as ended:
        told.tell(SIGINT)

    assert ended.value.code == 130


@pytest.mark.parametrize("number", [SIGINT, SIGTERM, SIGHUP])
def test_worker_closes_what_it_opened_however_often_it_is_told(number: Signals) -> None:
    told = Told(is_worker=True).finishing()

    for _ in range(3):
        told.tell(number)

    assert told.interrupts.signal is number


@pytest.mark.parametrize(
    ("error", "taken_for"),
    [
        (KeyboardInterrupt(), SIGINT),
        (pytest.Session.Interrupted("stopping after 1 failures"), None),
        (xdist.dsession.Interrupted("stopping after 1 failures"), None),
    ],
    ids=["from outside", "pytest's own", "xdist's own"],
)
def test_only_an_interruption_from_outside_is_a_ctrl_c(
    error: BaseException, taken_for: Signals | None
) -> None:
    """What ends a session after ``--maxfail`` is a KeyboardInterrupt, too."""
    assert Told().stopped_by(error).interrupts.signal is taken_for


@pytest.fixture
def is_hup_ignored() -> Iterator[None]:
    """As under ``nohup``."""
    before = signal.signal(SIGHUP, signal.SIG_IGN)
    yield
    signal.signal(SIGHUP, before)


@pytest.mark.usefixtures("is_hup_ignored")
def test_a_session_that_is_to_outlive_its_terminal_goes_on_ignoring_its_end() -> None:
    interrupts = Interrupts(is_worker=False)

    interrupts.start()
    try:
        assert signal.getsignal(SIGHUP) is signal.SIG_IGN
        assert signal.getsignal(SIGTERM) == interrupts._on_signal
    finally:
        interrupts._give_back()


def test_a_ctrl_c_that_a_test_caught_interrupted_nothing() -> None:
    told = Told()
    for _ in range(2):
        with pytest.raises(KeyboardInterrupt):
            told.tell(SIGINT, after_s=0.01)
        told.interrupts.pytest_runtest_logfinish()

    assert told.interrupts.signal is None


@pytest.mark.parametrize("number", [SIGTERM, SIGHUP])
def test_a_session_that_was_to_end_does_so_whatever_a_test_caught(number: Signals) -> None:
    told = Told()
    with pytest.raises(Terminated):
        told.tell(number)

    told.interrupts.pytest_runtest_logfinish()

    assert told.interrupts.signal is number


@pytest.mark.parametrize("number", [SIGTERM, SIGHUP])
def test_a_process_that_a_test_forked_ends_by_its_signal(number: Signals) -> None:
    code = f"""
import os, signal
from aqp_perf.plugin.session.interrupts import Interrupts
interrupts = Interrupts(is_worker=False)
interrupts.start()
reading, writing = os.pipe()
child = os.fork()
if not child:
    signal.alarm(10)
    os.write(writing, b".")
    while True:
        pass
os.read(reading, 1)
os.kill(child, {int(number)})
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=20
    )

    assert done.stdout == f"{-number}\n"
