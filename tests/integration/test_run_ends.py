"""Foreign locustfiles end within their time, and what was measured until then is judged."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from aqp_perf.core.load.pacing import ClosedModel
from aqp_perf.core.measured.run_result import RunResult
from aqp_perf.loadgen.command.run_spec import RunSpec
from tests.doubles.load_runs import result_of

Play = Callable[..., RunResult]

SPEC = RunSpec(
    users=2, spawn_rate=100, run_time_s=1, stop_timeout_s=1, warmup_s=0, pacing=ClosedModel.THINK
)
USERS = """
import time

import gevent
from locust import LoadTestShape, User, constant, events, task
from locust.exception import StopUser


class Visitor(User):
    wait_time = constant(0.01)
    visits = 0

    @task
    def visit(self):
        self.visits += 1
        self.environment.events.request.fire(
            request_type="VISIT", name="visit", response_time=2, response_length=0,
            exception=None, context={},
        )
"""
ENDLESS_SHAPE = """
class Guest(Visitor):
    pass


class Endless(LoadTestShape):
    def tick(self):
        # A file may read the run time; it is that of the command.
        assert self.runner.environment.parsed_options.run_time == 2
        return (3, 100, [Visitor])
"""
SHORT_SHAPE = """
class Short(LoadTestShape):
    def tick(self):
        return (2, 100) if self.get_run_time() < 1 else None
"""
LEAVING = """
class Leaving(Visitor):
    @task
    def leave(self):
        if self.visits > 20:
            raise StopUser
"""
SLOW_TO_BEGIN = """
@events.init.add_listener
def add_listeners(environment, **_):
    @environment.events.test_start.add_listener
    def fill_tables(**_):
        time.sleep(1.5)

    @environment.events.spawning_complete.add_listener
    def forget_the_start(**_):
        gevent.spawn_later(0.3, environment.stats.reset_all)


@events.quitting.add_listener
def hang(**_):
    gevent.sleep(60)
"""
TIDY = """
@events.test_start.add_listener
def tidy_up(environment, **_):
    from pathlib import Path
    import shutil

    shutil.rmtree(Path(environment.parsed_options.perf_result_file).parent)
"""
STOPPED_TWICE = """
from locust.exception import StopTest


@events.test_stop.add_listener
def stop_again(**_):
    raise StopTest("too many failures")
"""
BUSY = """
class Busy(Visitor):
    @task
    def compute(self):
        while self.visits > 20:
            pass
"""


@pytest.fixture
def play(tmp_path: Path) -> Play:
    """Run the users in a text."""

    def run(text: str, **changes: Any) -> RunResult:  # noqa: ANN401 - fields of a RunSpec
        (tmp_path / "users.py").write_text(USERS + text)
        spec = replace(SPEC, locustfile=tmp_path / "users.py", **changes)
        return result_of(spec)

    return run


def test_a_load_shape_ends_at_the_run_time(play: Play) -> None:
    run = play(ENDLESS_SHAPE, run_time_s=2)

    assert run.invalid_reasons == ()
    assert run.duration_s > 1.9
    assert run.users == 3


def test_a_load_shape_may_end_earlier_if_it_says_so(play: Play) -> None:
    run = play(SHORT_SHAPE, run_time_s=20, ends_itself=True)

    assert run.invalid_reasons == ()
    assert 0.9 < run.duration_s < 19


@pytest.mark.parametrize(("processes", "ends_itself"), [(1, False), (2, True)])
def test_a_run_ends_when_its_users_are_gone(
    play: Play, processes: int, *, ends_itself: bool
) -> None:
    run = play(
        LEAVING,
        user_classes={"Leaving": 1},
        run_time_s=30,
        processes=processes,
        ends_itself=ends_itself,
    )

    assert run.operation("visit").requests >= 40
    if ends_itself:
        assert run.invalid_reasons == ()
    else:
        missing, early = run.invalid_reasons
        assert missing.startswith("0 of 2 users were there at the end")
        assert early.startswith("ended after ")
        assert early.endswith("needs ends_itself=True")


def test_slow_listeners_and_a_reset_take_nothing_from_the_load(play: Play) -> None:
    """And a listener that hangs when all is measured, changes nothing."""
    run = play(SLOW_TO_BEGIN)

    assert run.invalid_reasons == ()
    assert run.duration_s > 0.9


def test_a_user_that_blocks_the_process_is_named(play: Play) -> None:
    run = play(BUSY, user_classes={"Busy": 1}, users=1, stop_timeout_s=0)

    (reason,) = run.invalid_reasons
    line = (USERS + BUSY).splitlines().index("        while self.visits > 20:") + 1
    assert reason in {
        f"the locustfile kept the process busy: the run could not end (users.py:{number})"
        for number in (line, line + 1)
    }
    assert run.operation("visit").requests >= 20


def test_a_file_that_removes_temporary_folders_is_measured_all_the_same(play: Play) -> None:
    run = play(TIDY)

    assert run.invalid_reasons == ()
    assert run.operation("visit").requests >= 20


def test_a_test_that_is_stopped_when_it_has_ended_is_invalid(play: Play) -> None:
    """Plain Locust shows the exception and never ends."""
    run = play(STOPPED_TWICE)

    (reason,) = run.invalid_reasons
    assert reason.startswith("a test_stop listener raised StopTest: too many failures (users.py:")
