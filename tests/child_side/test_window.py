"""The warm-up begins with the schedule, or with the test where no user follows one."""

import time
from datetime import UTC, datetime

import pytest
from locust import User, task

from aqp_perf.loadgen.record.window import Window
from aqp_perf.loadgen.users.paced_user import PacedUser
from aqp_perf.loadgen.workload.workload import workload_of
from tests.child_side.fixtures import Open

WARMUP_S = 0.25
WARMUP_NS = 250_000_000


class QuietUser(PacedUser):
    """Sends nothing."""

    def send(self, index: int, due_ns: int) -> None:
        """Send nothing."""


class OwnPaceUser(User):
    """Follows no schedule."""

    @task
    def nothing(self) -> None:
        """Send nothing."""


def test_the_window_waits_for_the_schedule(open_environment: Open) -> None:
    environment = open_environment("--pacing", "100/s", users=[OwnPaceUser, QuietUser])
    workload = workload_of(environment)
    window = Window(workload)
    window.begin_test(WARMUP_S)

    assert window.waits_for_schedule
    assert (window.is_open(), window.length_s) == (False, 0.0)
    assert workload.measured_from_ns == window.from_ns > time.perf_counter_ns() + WARMUP_NS

    environment.runner.start(2, 2)
    environment.runner.spawning_greenlet.join()
    before = datetime.now(UTC)
    window.begin_schedule()

    assert not window.waits_for_schedule
    assert window.from_ns == workload.arrivals.started_ns + WARMUP_NS
    assert workload.measured_from_ns == window.from_ns
    assert window.begins_at > before


@pytest.mark.parametrize(("pacing", "user"), [("100/s", OwnPaceUser), ("think", QuietUser)])
def test_without_a_schedule_the_warm_up_begins_with_the_test(
    open_environment: Open, pacing: str, user: type[User]
) -> None:
    workload = workload_of(open_environment("--pacing", pacing, users=[user]))
    window = Window(workload)
    before_ns = time.perf_counter_ns()
    window.begin_test(WARMUP_S)
    after_ns = time.perf_counter_ns()

    assert not window.waits_for_schedule
    assert before_ns <= window.from_ns - WARMUP_NS <= after_ns
    assert workload.measured_from_ns == window.from_ns


def test_a_test_that_ends_before_it_began_has_measured_nothing(open_environment: Open) -> None:
    """And not since the machine was started."""
    workload = workload_of(open_environment(users=[OwnPaceUser]))
    window = Window(workload)
    window.end()

    assert window.is_over
    assert not window.has_begun
    assert (window.test_s, window.scheduled_s, window.length_s) == (0.0, 0.0, 0.0)
    assert workload.measured_from_ns == window.from_ns > time.perf_counter_ns()


@pytest.mark.parametrize("has_schedule", [True, False])
def test_a_test_may_begin_anew(open_environment: Open, *, has_schedule: bool) -> None:
    """Its schedule, too, if it had begun: on a master, whose workers began later."""
    environment = open_environment("--pacing", "100/s", users=[OwnPaceUser, QuietUser])
    window = Window(workload_of(environment))
    window.begin_test(WARMUP_S)
    if has_schedule:
        window.begin_schedule()
    before_ns = time.perf_counter_ns()
    window.begin_anew()

    assert window.waits_for_schedule is not has_schedule
    assert window.from_ns >= before_ns + WARMUP_NS
    assert window.test_s <= (time.perf_counter_ns() - before_ns) / 1e9
