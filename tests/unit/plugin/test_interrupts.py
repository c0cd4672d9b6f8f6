"""Signals that come while a session finishes; real ones are in ``tests/plugin``."""

from signal import SIGINT, SIGTERM, Signals
from types import SimpleNamespace

import pytest

from perf.plugin.interrupts import Interrupts


def finishing(*, is_worker: bool = False) -> Interrupts:
    """Return those of a session that has begun to finish."""
    interrupts = Interrupts(is_worker=is_worker)
    hook = interrupts.pytest_sessionfinish(SimpleNamespace(exitstatus=0))  # type: ignore[arg-type]
    next(hook)
    return interrupts


@pytest.mark.parametrize("first", [SIGINT, SIGTERM])
def test_first_of_each_is_noted_and_the_first_of_all_counts(first: Signals) -> None:
    """A CI service that loses its patience with Ctrl-C sends SIGTERM."""
    interrupts = finishing()

    interrupts._on_signal(first, None)
    interrupts._on_signal(SIGTERM if first is SIGINT else SIGINT, None)

    assert interrupts.signal is first


@pytest.mark.parametrize("number", [SIGINT, SIGTERM])
def test_second_of_one_ends_the_session(number: Signals) -> None:
    interrupts = finishing()
    interrupts._on_signal(number, None)

    with pytest.raises(KeyboardInterrupt):
        interrupts._on_signal(number, None)


@pytest.mark.parametrize("number", [SIGINT, SIGTERM])
def test_worker_closes_what_it_opened_however_often_it_is_told(number: Signals) -> None:
    interrupts = finishing(is_worker=True)

    for _ in range(3):
        interrupts._on_signal(number, None)

    assert interrupts.signal is number
