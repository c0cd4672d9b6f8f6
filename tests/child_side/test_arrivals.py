"""Users take arrivals in order, late ones at once; what was due and what was sent add up."""

import time

import gevent
import pytest
from gevent.event import Event
from locust.exception import StopUser

from aqp_perf.core.load.pacing import OpenModel, Stage
from aqp_perf.core.load.schedule import ArrivalSchedule
from aqp_perf.loadgen.workload.alarm import Alarm
from aqp_perf.loadgen.workload.arrivals import Arrivals

MS = 1_000_000
DEADLINE_S = 10.0
EVERY_MS = ArrivalSchedule(model=OpenModel.at(1_000))


@pytest.fixture
def arrivals() -> Arrivals:
    return Arrivals(Alarm())


def take(arrivals: Arrivals, count: int) -> list[int]:
    """Send ``count`` arrivals as one user; return when they were due."""
    due_ns = []
    for _ in range(count):
        due_ns.append(arrivals.wait_for_next())
        arrivals.count_sent()
    return due_ns


def test_users_wait_for_the_schedule(arrivals: Arrivals) -> None:
    user = gevent.spawn(take, arrivals, 3)
    gevent.sleep(0)
    assert not user.ready()

    arrivals.start(EVERY_MS, time.perf_counter_ns())
    first, second, third = user.get(timeout=DEADLINE_S)
    assert (second - first, third - second) == (MS, MS)


def test_users_share_the_arrivals(arrivals: Arrivals) -> None:
    arrivals.start(EVERY_MS, time.perf_counter_ns())
    users = [gevent.spawn(take, arrivals, 5) for _ in range(4)]
    due_ns = sorted(due for user in users for due in user.get(timeout=DEADLINE_S))

    assert [due - due_ns[0] for due in due_ns] == [index * MS for index in range(20)]


def test_a_late_user_gets_the_arrival_that_was_due_first(arrivals: Arrivals) -> None:
    arrivals.start(EVERY_MS, time.perf_counter_ns())
    started_ns = time.perf_counter_ns()
    busy_until(started_ns + 20 * MS)
    due_ns = take(arrivals, 10)

    assert due_ns[0] <= started_ns
    assert due_ns[-1] < started_ns + 10 * MS
    assert arrivals.counts_between(0, started_ns + 20 * MS)[1] == 10


def test_nothing_is_due_after_the_stop(arrivals: Arrivals) -> None:
    arrivals.start(ArrivalSchedule(model=OpenModel.at(4)), time.perf_counter_ns())
    (first_ns,) = take(arrivals, 1)
    waiting = gevent.spawn(take, arrivals, 1)
    gevent.sleep(0)
    arrivals.stop(time.perf_counter_ns())
    arrivals._alarm.sleep_until(first_ns + 251 * MS)  # the other was woken 1 ms ago
    assert not waiting.ready()
    waiting.kill()

    assert arrivals.counts_between(0, first_ns + 10_000 * MS) == (1, 1)


def busy_until(instant_ns: int) -> None:
    """Let no greenlet run until then, as if the only user waited for its answer."""
    while time.perf_counter_ns() < instant_ns:
        pass


def test_a_backlog_at_the_stop_is_caught_up(arrivals: Arrivals) -> None:
    arrivals.start(EVERY_MS, time.perf_counter_ns())
    (first_ns,) = take(arrivals, 1)
    busy_until(first_ns + 20 * MS)
    stopped_ns = time.perf_counter_ns()
    arrivals.stop(stopped_ns)
    users = [gevent.spawn(take, arrivals, 100) for _ in range(2)]
    arrivals.wait_until_caught_up(DEADLINE_S)

    due, sent = arrivals.counts_between(0, stopped_ns)
    assert (due, sent) == (arrivals._due_at_stop, arrivals._due_at_stop)
    assert due >= 21
    gevent.killall(users)


def test_what_comes_due_while_a_process_stops_is_neither_due_nor_sent(arrivals: Arrivals) -> None:
    arrivals.start(EVERY_MS, time.perf_counter_ns())
    (first_ns,) = take(arrivals, 1)
    stopped_ns = first_ns + 20 * MS
    busy_until(stopped_ns + 5 * MS)
    arrivals.stop(stopped_ns)
    user = gevent.spawn(take, arrivals, 100)
    arrivals.wait_until_caught_up(DEADLINE_S)

    assert arrivals._sent_count == 21
    assert arrivals.counts_between(0, stopped_ns) == (21, 21)
    user.kill()


def test_users_too_slow_for_the_rate_do_not_catch_up(arrivals: Arrivals) -> None:
    arrivals.start(EVERY_MS, time.perf_counter_ns())
    (first_ns,) = take(arrivals, 1)
    busy_until(first_ns + 20 * MS)
    arrivals.stop(time.perf_counter_ns())

    def slow_user() -> None:
        while True:
            take(arrivals, 1)
            busy_until(time.perf_counter_ns() + 2 * MS)

    user = gevent.spawn(slow_user)
    arrivals.wait_until_caught_up(DEADLINE_S)
    due, sent = arrivals.counts_between(0, time.perf_counter_ns())

    assert due >= 21
    assert sent == 1
    assert 2 <= arrivals._sent_count < due
    user.kill()


def test_a_backlog_without_an_idle_user_is_given_up_in_time(arrivals: Arrivals) -> None:
    arrivals.start(EVERY_MS, time.perf_counter_ns())
    (first_ns,) = take(arrivals, 1)
    busy_until(first_ns + 20 * MS)
    arrivals.stop(time.perf_counter_ns())
    arrivals.wait_until_caught_up(0.0)

    with pytest.raises(StopUser):  # a user that its own code kept from ending
        take(arrivals, 1)
    assert arrivals.counts_between(0, time.perf_counter_ns())[1] == 1


def test_without_a_schedule_there_is_nothing_to_catch_up(arrivals: Arrivals) -> None:
    arrivals.stop(time.perf_counter_ns())
    arrivals.wait_until_caught_up(DEADLINE_S)


def test_a_rate_that_ends_leaves_the_users_waiting(arrivals: Arrivals) -> None:
    model = OpenModel((Stage(from_per_s=2_000, to_per_s=0, duration_s=0.01),))
    arrivals.start(ArrivalSchedule(model=model), time.perf_counter_ns())
    take(arrivals, 11)
    waiting = gevent.spawn(take, arrivals, 1)
    gevent.sleep(0)

    assert not waiting.ready()
    waiting.kill()


def test_a_new_schedule_takes_the_place_of_the_old(arrivals: Arrivals) -> None:
    arrivals.start(ArrivalSchedule(model=OpenModel.at(0.001)), time.perf_counter_ns())
    take(arrivals, 1)
    waiting = gevent.spawn(take, arrivals, 1)
    gevent.sleep(0)
    arrivals.start(EVERY_MS, time.perf_counter_ns())

    assert gevent.spawn(take, arrivals, 2).get(timeout=DEADLINE_S)
    assert not waiting.ready()  # its arrival was never due
    waiting.kill()


def test_the_window_decides_what_counts(arrivals: Arrivals) -> None:
    arrivals.start(EVERY_MS, time.perf_counter_ns())
    first, *_ = take(arrivals, 6)

    assert arrivals.counts_between(first, first + 5 * MS) == (6, 6)
    assert arrivals.counts_between(first + 1, first + 5 * MS) == (5, 5)
    assert arrivals.counts_between(first + 2 * MS, first + 3 * MS) == (2, 2)
    assert arrivals.counts_between(first + 5 * MS, first + 9 * MS) == (5, 1)
    assert arrivals.counts_between(0, first - 1) == (0, 0)


def test_without_a_schedule_nothing_is_due(arrivals: Arrivals) -> None:
    assert not arrivals.started_ns
    assert arrivals.counts_between(0, time.perf_counter_ns()) == (0, 0)


def test_the_event_of_the_start_wakes_every_user(arrivals: Arrivals) -> None:
    ready = Event()

    def user() -> int:
        ready.set()
        return arrivals.wait_for_next()

    users = [gevent.spawn(user) for _ in range(10)]
    assert ready.wait(DEADLINE_S)
    arrivals.start(EVERY_MS, time.perf_counter_ns())
    assert len({each.get(timeout=DEADLINE_S) for each in users}) == 10
