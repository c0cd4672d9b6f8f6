"""The alarm wakes greenlets in order and never early, with and without a timerfd."""

import time

import gevent
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aqp_perf.loadgen.workload.alarm import Alarm
from aqp_perf.operating_system import Timer

MS = 1_000_000
DEADLINE_S = 10.0


@pytest.fixture(params=["timerfd", "gevent"])
def clock(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Alarm:
    if request.param == "gevent":
        monkeypatch.setattr(Timer, "open", lambda: None)
    made = Alarm()
    monkeypatch.undo()
    assert (made._timer is None) == (request.param == "gevent")
    return made


def sleepers(clock: Alarm, delays_ms: list[int]) -> tuple[list[tuple[int, int]], int]:
    """Let one greenlet sleep for each delay.

    Returns:
        (due, woken at) in the order of waking, and an instant when all were asleep or woken.
    """
    start_ns = time.perf_counter_ns()
    woken: list[tuple[int, int]] = []

    def sleep(delay_ms: int) -> None:
        due_ns = start_ns + delay_ms * MS
        clock.sleep_until(due_ns)
        woken.append((due_ns, time.perf_counter_ns()))

    greenlets = [gevent.spawn(sleep, delay_ms) for delay_ms in delays_ms]
    gevent.sleep(0)  # after all of them have begun
    asleep_ns = time.perf_counter_ns()
    gevent.joinall(greenlets, DEADLINE_S, raise_error=True)
    return woken, asleep_ns


@settings(max_examples=10)
@given(st.lists(st.integers(-2, 15), max_size=20))
def test_no_greenlet_wakes_early_or_out_of_order(delays_ms: list[int]) -> None:
    woken, asleep_ns = sleepers(Alarm(), delays_ms)

    assert len(woken) == len(delays_ms)
    assert all(at_ns >= due_ns for due_ns, at_ns in woken)
    waited = [due_ns for due_ns, _ in woken if due_ns > asleep_ns]
    assert waited == sorted(waited)


def test_many_sleepers_all_wake(clock: Alarm) -> None:
    woken, _ = sleepers(clock, [number % 40 for number in range(1_000)])

    assert len(woken) == 1_000
    assert all(at_ns >= due_ns for due_ns, at_ns in woken)


def test_an_instant_in_the_past_is_not_waited_for(clock: Alarm) -> None:
    gevent.spawn(clock.sleep_until, time.perf_counter_ns() - MS).get(timeout=DEADLINE_S)


def test_an_earlier_sleeper_rearms_the_timer(clock: Alarm) -> None:
    late = gevent.spawn(clock.sleep_until, time.perf_counter_ns() + 60_000 * MS)
    gevent.sleep(0)  # it sleeps
    gevent.spawn(clock.sleep_until, time.perf_counter_ns() + MS).get(timeout=DEADLINE_S)

    assert not late.ready()
    late.kill()


def test_a_killed_sleeper_breaks_nothing(clock: Alarm) -> None:
    due_ns = time.perf_counter_ns() + 5 * MS
    victim, other = (gevent.spawn(clock.sleep_until, due_ns) for _ in range(2))
    gevent.sleep(0)  # both sleep
    victim.kill()
    other.get(timeout=DEADLINE_S)
    gevent.spawn(clock.sleep_until, time.perf_counter_ns() + MS).get(timeout=DEADLINE_S)


def test_a_woken_greenlet_may_sleep_again(clock: Alarm) -> None:
    def sleep_often() -> int:
        for _ in range(20):
            clock.sleep_until(time.perf_counter_ns() + MS // 4)
        return 20

    greenlets = [gevent.spawn(sleep_often) for _ in range(5)]
    assert [each.get(timeout=DEADLINE_S) for each in greenlets] == [20] * 5
