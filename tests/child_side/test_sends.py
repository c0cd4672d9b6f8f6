"""Every send of a paced user is recorded, or is known not to be."""

from typing import Any

import gevent
import pytest
from gevent.event import Event

from aqp_perf.core.measured.failure_class import FailureClass
from aqp_perf.loadgen.users.paced_user import PacedUser, Unanswered
from aqp_perf.loadgen.workload.sends import Sends
from aqp_perf.loadgen.workload.workload import workload_of
from tests.child_side.fixtures import Open, fired

DEADLINE_S = 10.0
MODELS = pytest.mark.parametrize("pacing", ["none", "100/s"])


class HangingUser(PacedUser):
    """Reports ``quick`` so many times, and then hangs."""

    reports = 0
    times = True
    hung = Event()

    def send(self, index: int, due_ns: int) -> None:
        """Report, or hang."""
        context = self.timing(due_ns) if self.times else None
        if index < self.reports:
            assert context is not None
            self.report("GET", "quick", context)
            return
        self.hung.set()
        Event().wait()


class PagingUser(HangingUser):
    """Reports a page, and hangs at the next one."""

    def send(self, index: int, due_ns: int) -> None:
        """Report a page, and hang."""
        self.report("GET", "page", self.timing(due_ns))
        self.timing(due_ns)
        super().send(index, due_ns)


class SilentUser(PacedUser):
    """Reports nothing."""

    def send(self, index: int, due_ns: int) -> None:
        """Report nothing."""
        del due_ns
        if index == 2:
            raise gevent.GreenletExit


class PagesUser(PacedUser):
    """Reports two requests a send."""

    def send(self, index: int, due_ns: int) -> None:
        """Report twice."""
        self.report("GET", "page", self.timing(due_ns))
        self.report("GET", "page", self.timing(due_ns))
        if index == 2:
            raise gevent.GreenletExit


@pytest.fixture(autouse=True)
def nothing_hangs() -> None:
    HangingUser.hung = Event()


def run_until_hung(environment: Any, stop_timeout_s: float) -> list[dict[str, Any]]:  # noqa: ANN401 - see `Open`
    """Stop a run when its user hangs; return its request events."""
    environment.stop_timeout = stop_timeout_s
    events = fired(environment)
    environment.runner.start(1, 1)
    assert HangingUser.hung.wait(DEADLINE_S)
    environment.runner.stop()
    return events


def run_to_the_end(environment: Any) -> None:  # noqa: ANN401 - see `Open`
    """Run a user of each class until it ends itself."""
    users = len(environment.user_classes)
    environment.runner.start(users, users)
    environment.runner.spawning_greenlet.join(DEADLINE_S)
    environment.runner.user_greenlets.join(DEADLINE_S)


@MODELS
@pytest.mark.parametrize("reports", [0, 3])
def test_a_send_that_hangs_at_the_end_is_a_timeout(
    open_environment: Open, pacing: str, reports: int
) -> None:
    user = type("OwnUser", (HangingUser,), {"reports": reports})
    environment = open_environment("--pacing", pacing, users=[user])
    *answered, cut_off = run_until_hung(environment, 0.1)

    assert [event["exception"] for event in answered] == [None] * reports
    assert isinstance(cut_off["exception"], Unanswered)
    assert cut_off["exception"].failure_class is FailureClass.TIMEOUT
    assert cut_off["response_time"] >= 100
    last = ("GET", "quick") if reports else ("send", "OwnUser")
    assert (cut_off["request_type"], cut_off["name"]) == last
    assert workload_of(environment).sends["OwnUser"] == Sends(sent=reports + 1, last_operation=last)


@MODELS
def test_a_send_that_hangs_before_its_request_counts_from_when_it_was_due(
    open_environment: Open, pacing: str
) -> None:
    user = type("OwnUser", (HangingUser,), {"times": False})
    (event,) = run_until_hung(open_environment("--pacing", pacing, users=[user]), 0.1)

    assert event["response_time"] >= 100
    assert event["context"]["due_ns"] == event["context"]["start_ns"]


@MODELS
def test_the_request_that_hangs_is_reported_beside_those_before_it(
    open_environment: Open, pacing: str
) -> None:
    environment = open_environment("--pacing", pacing, users=[PagingUser])
    events = run_until_hung(environment, 0.1)

    assert [event["exception"] is None for event in events] == [True, False]
    assert workload_of(environment).sends["PagingUser"].sent == 1


@MODELS
def test_without_a_stop_timeout_a_send_cut_off_is_unrecorded(
    open_environment: Open, pacing: str
) -> None:
    environment = open_environment("--pacing", pacing, users=[HangingUser])
    assert not run_until_hung(environment, 0)

    assert workload_of(environment).sends["HangingUser"] == Sends(sent=1, unrecorded=1)


@MODELS
@pytest.mark.parametrize(
    ("user", "counts"),
    [
        (SilentUser, Sends(sent=3, unrecorded=3)),
        (PagesUser, Sends(sent=3, last_operation=("GET", "page"))),
    ],
)
def test_a_send_is_recorded_if_it_reported_any_request(
    open_environment: Open, user: type[PacedUser], counts: Sends, pacing: str
) -> None:
    environment = open_environment("--pacing", pacing, users=[user])
    run_to_the_end(environment)

    assert workload_of(environment).sends[user.__name__] == counts


@MODELS
def test_sends_of_the_warm_up_are_not_counted(open_environment: Open, pacing: str) -> None:
    environment = open_environment("--pacing", pacing, users=[PagesUser, SilentUser])
    workload = workload_of(environment)
    workload.measured_from_ns = 1 << 62
    run_to_the_end(environment)

    assert [(each.sent, each.unrecorded) for each in workload.sends.values()] == [(0, 0)] * 2


class LateUser(PacedUser):
    """Takes its time for the first send, and hangs in the next one."""

    release = Event()

    def send(self, index: int, due_ns: int) -> None:
        """Send late, and hang."""
        if not index:
            HangingUser.hung.set()
            self.release.wait()
            self.report("GET", "late", self.timing(due_ns))
            return
        self.timing(due_ns)
        Event().wait()


def test_a_request_of_the_backlog_that_has_no_time_counts_as_not_sent(
    open_environment: Open,
) -> None:
    """It was sent after the end: so soon afterwards, no answer is no fault of the target."""
    environment = open_environment("--pacing", "100000/s", users=[LateUser])
    environment.stop_timeout = 0.5
    events = fired(environment)
    environment.runner.start(1, 1)
    assert HangingUser.hung.wait(DEADLINE_S)
    stopping = gevent.spawn(environment.runner.stop)
    gevent.sleep(0)
    LateUser.release.set()
    stopping.get(timeout=DEADLINE_S)

    assert [event["name"] for event in events] == ["late"]
    sends = workload_of(environment).sends["LateUser"]
    assert (sends.sent, sends.unrecorded) == (1, 0)
