"""At the end of a test no request is sent, and those under way are answered or counted."""

import time
from collections.abc import Callable
from typing import Any

import gevent
import pytest
from gevent.event import Event
from locust import User, constant, task
from locust.exception import StopUser
from locust.runners import STATE_STOPPED

from aqp_perf.core.load.pacing import OpenModel
from aqp_perf.core.load.schedule import ArrivalSchedule
from aqp_perf.core.measured.failure_class import FailureClass
from aqp_perf.loadgen.users.paced_user import PacedUser, Unanswered
from aqp_perf.loadgen.users.partiql_user import PartiqlUser
from aqp_perf.loadgen.workload.ending import Ending
from aqp_perf.loadgen.workload.workload import workload_of
from aqp_perf.workloads.locustfile import PartiqlReadUser, PartiqlWriteUser
from tests.child_side.fixtures import Open, fired
from tests.doubles.scripted_server import ScriptedServer, keep_silent

DEADLINE_S = 10.0
STOP_EVENTS = ("test_stopping", "test_stop")
MS = 1_000_000

Start = Callable[..., ScriptedServer]


class HoldingUser(PacedUser):
    """Holds every request until it is let go."""

    held = Event()
    release = Event()
    sent = 0

    def send(self, index: int, due_ns: int) -> None:
        """Hold."""
        del index, due_ns
        HoldingUser.sent += 1
        self.held.set()
        self.release.wait()


class EndingUser(User):
    """Ends the run in the way that ``end`` names, once all users are there."""

    wait_time = constant(0.01)
    end = "quit"

    @task
    def end_run(self) -> None:
        """End the run."""
        runner: Any = self.environment.runner
        if runner.user_count == runner.target_user_count:
            getattr(runner, self.end)()


@pytest.fixture(autouse=True)
def nothing_held() -> None:
    HoldingUser.held, HoldingUser.release, HoldingUser.sent = Event(), Event(), 0


def running(environment: Any, users: int = 1) -> Ending:  # noqa: ANN401 - see `Open`
    environment.runner.start(users, 100)
    assert HoldingUser.held.wait(DEADLINE_S)
    return workload_of(environment).ending


def test_a_stop_waits_for_what_is_under_way_and_for_no_longer(open_environment: Open) -> None:
    environment = open_environment("--pacing", "none", "--stop-timeout", "60", users=[HoldingUser])
    ending = running(environment)
    stopping = gevent.spawn(environment.runner.stop)
    gevent.sleep(0)
    assert not stopping.ready()

    HoldingUser.release.set()
    stopping.get(timeout=DEADLINE_S)
    assert HoldingUser.sent == 1
    assert not ending.has_waited_in_vain


def test_a_request_that_does_not_end_is_waited_for_once(open_environment: Open) -> None:
    """Ours waits, so locust must not wait as long again."""
    environment = open_environment("--pacing", "none", users=[HoldingUser])
    environment.stop_timeout = 0.1
    ending = running(environment)
    stop_timeouts = []
    environment.events.test_stopping.add_listener(
        lambda **_: stop_timeouts.append(environment.stop_timeout)
    )
    environment.runner.stop()

    assert stop_timeouts == [0.0]
    assert environment.stop_timeout == 0.1
    assert ending.stop_timeout_s == 0.1


def test_without_a_stop_timeout_nothing_is_waited_for(open_environment: Open) -> None:
    environment = open_environment("--pacing", "none", users=[HoldingUser])
    ending = running(environment)
    environment.runner.stop()

    assert not ending.has_waited_in_vain


@pytest.mark.parametrize("due_ns", [None, 1])
def test_nothing_is_sent_after_the_stop(open_environment: Open, due_ns: int | None) -> None:
    ending = workload_of(open_environment(users=[HoldingUser])).ending
    ending.stop()
    with pytest.raises(StopUser):
        ending.begin_request(due_ns)


def test_all_classes_of_a_process_stop_at_one_instant(
    open_environment: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However long it takes to stop: what came due meanwhile is no part of the run."""
    environment = open_environment(users=[HoldingUser])
    workload = workload_of(environment)
    schedule = ArrivalSchedule(model=OpenModel.at(1_000))
    every = [workload.arrivals.of(name) for name in ("A", "B")]
    for arrivals in every:
        arrivals.start(schedule, time.perf_counter_ns())
    until_ns = time.perf_counter_ns() + 5 * MS

    def take_time(_runner: object) -> dict[str, int]:
        while time.perf_counter_ns() < until_ns:
            pass
        return {}

    monkeypatch.setattr(type(environment.runner), "user_classes_count", property(take_time))
    workload.ending.stop()

    stopped_ns = workload.ending.stopped_ns
    assert stopped_ns is not None
    for arrivals in every:
        due, _ = arrivals.counts_between(0, stopped_ns)
        assert arrivals.counts_between(0, stopped_ns + 10 * MS) == (due, 0)
        assert arrivals._due_at_stop == due


@pytest.mark.parametrize(
    ("user", "kind"),
    [
        (PartiqlWriteUser, FailureClass.AMBIGUOUS),
        (PartiqlReadUser, FailureClass.TIMEOUT),
    ],
)
def test_a_statement_cut_off_at_the_end_of_the_run_is_a_failure(
    serve: Start, open_environment: Open, user: type[PartiqlUser], kind: FailureClass
) -> None:
    server = serve(keep_silent)
    environment = open_environment(
        *("--pacing", "none", "--region", "eu-west-1", "--endpoint-url", server.url),
        users=[user],
    )
    environment.stop_timeout = 0.1
    events = fired(environment)
    environment.runner.start(1, 1)
    deadline = gevent.Timeout.start_new(DEADLINE_S)
    while not server.requests:
        gevent.sleep(0)
    deadline.cancel()
    environment.runner.stop()
    (event,) = events

    assert isinstance(event["exception"], Unanswered)
    assert event["exception"].failure_class is kind


def test_a_request_that_hangs_since_the_warm_up_counts_in_the_window(
    serve: Start, open_environment: Open
) -> None:
    """Else a target that hangs from the beginning would lose its users and pass."""
    server = serve(keep_silent)
    environment = open_environment(
        *("--pacing", "none", "--region", "eu-west-1", "--endpoint-url", server.url),
        users=[PartiqlReadUser],
    )
    environment.stop_timeout = 0.1
    events = fired(environment)
    environment.runner.start(1, 1)
    deadline = gevent.Timeout.start_new(DEADLINE_S)
    while not server.requests:
        gevent.sleep(0)
    deadline.cancel()
    workload = workload_of(environment)
    workload.measured_from_ns = time.perf_counter_ns()
    environment.runner.stop()
    (event,) = events

    assert event["context"]["due_ns"] == workload.measured_from_ns
    assert event["context"]["start_ns"] == workload.measured_from_ns
    assert workload.sends["PartiqlReadUser"].sent == 1


def stops_of(environment: Any) -> list[str]:  # noqa: ANN401 - see `Open`
    """Return a list to which the names of the events of a stop are added."""
    names: list[str] = []
    for name in STOP_EVENTS:
        hook = getattr(environment.events, name)
        hook.add_listener(lambda name=name, **_: names.append(name))
    return names


@pytest.mark.parametrize("end", ["quit", "stop"])
def test_a_user_among_others_can_end_the_run(
    open_environment: Open, monkeypatch: pytest.MonkeyPatch, end: str
) -> None:
    """Locust kills the user that ends the run, and its own stop with it."""
    monkeypatch.setattr(EndingUser, "end", end)
    environment = open_environment(users=[EndingUser])
    stopped = Event()
    environment.events.test_stop.add_listener(lambda **_: stopped.set())
    stops = stops_of(environment)
    environment.runner.start(3, 100)

    assert stopped.wait(DEADLINE_S)
    assert environment.runner.state == STATE_STOPPED
    assert environment.runner.user_count == 0
    assert stops == [*STOP_EVENTS]
    assert workload_of(environment).ending.users_at_stop == {"EndingUser": 3}


def test_a_listener_of_test_start_can_end_the_run(open_environment: Open) -> None:
    environment = open_environment(users=[HoldingUser])
    stopped = Event()
    environment.events.test_stop.add_listener(lambda **_: stopped.set())
    environment.events.test_start.add_listener(lambda **_: environment.runner.quit())
    environment.runner.start(1, 100)

    assert stopped.wait(DEADLINE_S)


def test_two_stops_at_once_are_one(open_environment: Open) -> None:
    environment = open_environment("--pacing", "none", "--stop-timeout", "60", users=[HoldingUser])
    running(environment)
    stops = stops_of(environment)
    stopping = [gevent.spawn(environment.runner.stop) for _ in range(2)]
    gevent.sleep(0)
    HoldingUser.release.set()
    gevent.joinall(stopping, timeout=DEADLINE_S, raise_error=True)

    assert all(greenlet.ready() for greenlet in stopping)
    assert stops == [*STOP_EVENTS]


@pytest.mark.parametrize("end", ["quit", "stop"])
@pytest.mark.parametrize("event", STOP_EVENTS)
def test_a_listener_within_a_stop_can_stop_again(
    open_environment: Open, event: str, end: str
) -> None:
    environment = open_environment("--pacing", "none", users=[HoldingUser])
    running(environment)
    stops = stops_of(environment)
    hook = getattr(environment.events, event)
    hook.add_listener(lambda **_: getattr(environment.runner, end)())
    gevent.spawn(environment.runner.stop).get(timeout=DEADLINE_S)

    assert stops == [*STOP_EVENTS]


@pytest.mark.parametrize(("users", "was_spawning"), [(1, False), (100, True)])
def test_a_stop_notes_whether_users_were_still_being_started(
    open_environment: Open, users: int, *, was_spawning: bool
) -> None:
    environment = open_environment("--pacing", "none", users=[HoldingUser])
    environment.runner.start(users, 1)
    assert HoldingUser.held.wait(DEADLINE_S)
    if not was_spawning:
        environment.runner.spawning_greenlet.join(DEADLINE_S)
    environment.runner.stop()

    assert workload_of(environment).ending.was_spawning is was_spawning


@pytest.mark.parametrize(("stop_timeout_s", "are_cut_off"), [(5.0, True), (0.0, False)])
def test_users_of_a_process_that_ends_now_are_cut_off(
    open_environment: Open, stop_timeout_s: float, *, are_cut_off: bool
) -> None:
    """Without a stop timeout nothing was promised to them."""
    environment = open_environment("--pacing", "none", users=[HoldingUser])
    ending = running(environment)
    ending.stop_timeout_s = stop_timeout_s
    ending.cut_off()

    assert ending.has_cut_off_users is are_cut_off


class ThinkingUser(User):
    """Is under way in a task for longer than any stop timeout."""

    pause: Callable[[float], object] = time.sleep

    @task
    def think(self) -> None:
        """Wait."""
        HoldingUser.held.set()
        type(self).pause(60)


class WaitingUser(ThinkingUser):
    """Waits as a client of its own waits for an answer."""

    pause = Event().wait


class StartingUser(ThinkingUser):
    """Never gets so far as to send anything."""

    def on_start(self) -> None:
        """Sleep."""
        self.think()


@pytest.mark.parametrize(
    ("user_class", "are_cut_off"),
    [(ThinkingUser, False), (WaitingUser, True), (StartingUser, True)],
)
def test_users_that_sleep_in_a_task_lose_no_request(
    open_environment: Open, user_class: type[User], *, are_cut_off: bool
) -> None:
    environment = open_environment("--pacing", "none", users=[user_class])
    environment.stop_timeout = 0.2
    ending = running(environment)

    environment.runner.stop()

    assert ending.has_cut_off_users is are_cut_off
