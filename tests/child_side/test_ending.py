"""At the end of a test no request is sent, and those under way are answered or counted."""

import time
from collections.abc import Callable
from typing import Any

import gevent
import pytest
from gevent.event import Event
from locust.exception import StopUser

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
