"""The open model in real runs: when it is measured, what it sent, and whether it was cut short."""

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from aqp_perf.core.load.pacing import ClosedModel, OpenModel, Pacing, parse_pacing
from aqp_perf.core.measured.failure_class import FailureClass
from aqp_perf.core.measured.run_result import RunResult
from aqp_perf.core.measured.stalls import ClassCounts
from aqp_perf.core.verdict.thresholds import parse_threshold
from aqp_perf.core.verdict.verdicts import Verdict, judge
from aqp_perf.loadgen.command.run_spec import RunSpec
from tests.doubles.load_runs import result_of

Play = Callable[..., RunResult]

SPEC = RunSpec(
    users=4, spawn_rate=100, run_time_s=2, stop_timeout_s=1, warmup_s=0, pacing=OpenModel.at(40)
)
USERS = """
import time

import gevent

from aqp_perf.users import PacedUser


class Quick(PacedUser):
    def send(self, index, due_ns):
        context = self.timing(due_ns)
        gevent.sleep(0.01)
        self.report("QUICK", type(self).__name__, context)


class Other(Quick):
    pass


class LoggingIn(Quick):
    def on_start(self):
        super().on_start()
        gevent.sleep(1.2)


class Hanging(Quick):
    def send(self, index, due_ns):
        if time.perf_counter_ns() - first_ns() > 1_500_000_000:
            self.timing(due_ns)
            gevent.sleep(60)
        super().send(index, due_ns)


def first_ns(known=[]):
    if not known:
        known.append(time.perf_counter_ns())
    return known[0]
"""


@pytest.fixture(scope="module")
def play(tmp_path_factory: pytest.TempPathFactory) -> Play:
    """Run users of these classes, each with the weight 1."""

    def run(*classes: str, **changes: Any) -> RunResult:  # noqa: ANN401 - fields of a RunSpec
        locustfile = tmp_path_factory.mktemp("users") / "users.py"
        locustfile.write_text(USERS)
        user_classes = dict.fromkeys(classes, 1)
        spec = replace(SPEC, locustfile=locustfile, user_classes=user_classes, **changes)
        return result_of(spec)

    return run


@pytest.mark.parametrize("processes", [1, 2])
def test_a_log_in_before_the_first_request_is_no_latency(play: Play, processes: int) -> None:
    run = play("LoggingIn", processes=processes)

    operation = run.operation("LoggingIn")
    assert run.invalid_reasons == ()
    assert run.duration_s < 0.9
    assert (operation.least_latency.quantile_ns(1) or 0) < 500_000_000


def test_a_schedule_that_never_began_says_why(play: Play) -> None:
    (reason,) = play("LoggingIn", run_time_s=1).invalid_reasons

    assert reason.startswith("no request was due: the schedule begins when every user is there and")


@pytest.mark.parametrize("processes", [1, 2])
def test_the_warm_up_begins_with_the_schedule(play: Play, processes: int) -> None:
    """Users take 2 s to start. The window begins 1 s later and leaves 1 s."""
    run = play("Quick", users=3, spawn_rate=1, run_time_s=4, warmup_s=1, processes=processes)
    quick = run.operation("Quick")

    assert quick.warmup_requests == 40
    assert quick.requests == run.generator.user_classes["Quick"].due
    assert run.duration_s == pytest.approx(1, abs=0.5)


@pytest.mark.parametrize("processes", [1, 2])
def test_a_schedule_that_was_cut_short_measured_nothing(play: Play, processes: int) -> None:
    """Users take 2 s to start, and the stage of 200/s would begin after 3 s."""
    pacing = parse_pacing("20/s@1s,200/s@2s")
    run = play("Quick", users=3, spawn_rate=1, run_time_s=3, pacing=pacing, processes=processes)
    verdict = judge(run, [parse_threshold("p90 < 10 s")])

    assert verdict.verdict is Verdict.INVALID
    reason, *_ = verdict.invalid_reasons
    # With workers the run begins with the first user.
    found = re.match(r"the schedule began when all users were ready, after ([12]\.\d) s, ", reason)
    assert found is not None, reason
    assert float(found[1]) > 1.5
    assert " of the 420 requests of its stages were due by then; use a run time of " in reason


@pytest.mark.parametrize("processes", [1, 2])
@pytest.mark.parametrize("pacing", [SPEC.pacing, ClosedModel.UNPACED])
def test_requests_are_counted_by_user_class(play: Play, pacing: Pacing, processes: int) -> None:
    run = play("Quick", "Other", pacing=pacing, processes=processes)
    is_open = pacing is SPEC.pacing

    assert run.generator.peak_per_s == (40 if is_open else None)
    for name, counts in run.generator.user_classes.items():
        requests = run.operation(name).requests
        due = requests if is_open else None
        assert counts == ClassCounts(due=due, sent=requests)
        assert run.operation(name).user_classes == (name,)
    assert run.generator.user_classes.keys() == {"Quick", "Other"}


@pytest.mark.parametrize("processes", [1, 2])
def test_requests_under_way_at_the_end_are_no_secret(play: Play, processes: int) -> None:
    run = play("Hanging", users=40, processes=processes)
    hanging = run.operation("Hanging")
    counts = run.generator.user_classes["Hanging"]

    assert (counts.sent, counts.unrecorded) == (hanging.requests, 0)
    assert (counts.due or 0) >= counts.sent  # frozen at the end, a process leaves some unsent
    assert hanging.failure_classes[FailureClass.TIMEOUT] == hanging.failures > 0
    verdict = judge(run, [parse_threshold("failure_ratio <= 0")]).verdict
    assert verdict in {Verdict.FAIL, Verdict.INVALID}  # frozen itself, it may not know


def test_without_a_stop_timeout_a_run_with_requests_under_way_is_invalid(play: Play) -> None:
    run = play("Hanging", users=40, stop_timeout_s=0)

    assert run.generator.user_classes["Hanging"].unrecorded > 0
    assert judge(run, [parse_threshold("failure_ratio <= 0")]).verdict is Verdict.INVALID
