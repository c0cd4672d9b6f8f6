"""Each way in which a real run can fail to measure its target, provoked, makes it INVALID.

A lost worker, an exception in a task and an interruption are in ``test_load_runs.py``.
"""

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from aqp_perf.core.load.cost import parse_budget
from aqp_perf.core.load.pacing import ClosedModel, OpenModel
from aqp_perf.core.measured.run_result import RunResult
from aqp_perf.core.verdict.thresholds import parse_threshold
from aqp_perf.core.verdict.verdicts import RunVerdict, Verdict, judge
from aqp_perf.loadgen.command.launcher import LoadRun
from aqp_perf.loadgen.command.run_spec import RunSpec
from tests.doubles.load_runs import result_of
from tests.doubles.scripted_server import Behaviour, ScriptedServer, answer, reset

Play = Callable[..., RunResult]

SPEC = RunSpec(
    users=2, spawn_rate=100, run_time_s=2, stop_timeout_s=2, warmup_s=0, pacing=ClosedModel.UNPACED
)
USERS = """
import time

import gevent
from gevent.monkey import get_original
from locust import User, events, task
from locust.exception import StopUser

from aqp_perf.loadgen.users.paced_user import PacedUser
from aqp_perf.loadgen.workload.workload import install

install(events)
block = get_original("time", "sleep")


class Quick(PacedUser):
    pause_s = 0.02

    def send(self, index, due_ns):
        context = self.timing(due_ns)
        gevent.sleep(self.pause_s)
        self.report("QUICK", "quick", context)
"""
LEAVING_LATE = """
class LeavingLate(Quick):
    def on_start(self):
        super().on_start()
        self.until = time.monotonic() + 1.7

    def send(self, index, due_ns):
        super().send(index, due_ns)
        if time.monotonic() > self.until:
            raise StopUser


"""
SPOILED = """
class Leaving(Quick):
    def send(self, index, due_ns):
        super().send(index, due_ns)
        if index == 9:
            report_an_odd_time(self.environment)
            raise StopUser


class Idle(Quick):
    pass


@events.request.add_listener
def spoil(environment=None, **_):
    count = environment.stats.total.num_requests
    if count == 5:
        environment.stats.log_request("ODD", "of locust alone", 1, 1)


def report_an_odd_time(environment):
    now_ns = time.perf_counter_ns()
    environment.events.request.fire(
        request_type="ODD", name="odd", response_time=-5, response_length=0, exception=None,
        context={"due_ns": now_ns, "start_ns": now_ns},
    )
    environment.process_exit_code = 3


@events.init.add_listener
def know_the_environment(environment, **_):
    environment.events.request.remove_listener(spoil)
    environment.events.request.add_listener(lambda **each: spoil(environment, **each))
"""
BUSY = """
import hashlib


def burn(seconds=4):
    until = get_original("time", "monotonic")() + seconds
    while get_original("time", "monotonic")() < until:
        hashlib.pbkdf2_hmac("sha256", b"", b"", 100_000)  # lets go of the interpreter's lock


class Busy(Quick):
    def send(self, index, due_ns):
        super().send(index, due_ns)
        block(0.03)  # the whole event loop


@events.test_start.add_listener
def burn_in_threads(**_):
    for _ in range(16):  # they outnumber whatever else the machine has to do
        get_original("_thread", "start_new_thread")(burn, ())
"""
SLOW = """
class Slow(Quick):
    pause_s = 0.4
"""
ODD_TEXTS = """
class Unspeakable(Exception):
    def __str__(self):
        raise ZeroDivisionError("even saying it fails")


class Odd(PacedUser):
    def send(self, index, due_ns):
        context = self.timing(due_ns)
        gevent.sleep(0.02)
        odd = Unspeakable() if index % 2 else ValueError("a lone surrogate: \\ud800")
        self.report("ODD", "odd", context, exception=odd)
"""
HUNG = """
class Hung(User):
    @task
    def hang(self):
        gevent.event.Event().wait()
"""
HUNG_TOGETHER = """
class HungPaced(PacedUser):
    def send(self, index, due_ns):
        context = self.timing(due_ns)
        gevent.sleep(60 if index > 2 else 0.01)
        self.report("HUNG", "hung", context)
"""
REPORTING_TWICE = """
class Twice(PacedUser):
    def send(self, index, due_ns):
        context = self.timing(due_ns)
        gevent.sleep(0.01)
        self.report("TWICE", "first", context)
        gevent.sleep(60 if index > 2 else 0.01)
        self.report("TWICE", "second", context)
"""
FROZEN_AT_THE_END = """
@events.test_start.add_listener
def freeze(**_):
    gevent.spawn_later(1.5, block, 2)
"""
SWALLOWING = """
class Swallowing(PacedUser):
    def send(self, index, due_ns):
        context = self.timing(due_ns)
        try:
            gevent.sleep(60 if index > 2 else 0.01)
        except BaseException:
            pass
        self.report("SWALLOWED", "swallowed", context)
"""
FROZEN = """
class Frozen(Quick):
    def send(self, index, due_ns):
        super().send(index, due_ns)
        if index == 30:
            block(0.6)
"""
HOPELESS = """
class Hopeless(PacedUser):
    def send(self, index, due_ns):
        context = self.timing(due_ns)
        gevent.sleep(0.01)
        self.report("BAD", "bad", context, exception=ConnectionRefusedError("nobody is there"))
"""


@pytest.fixture(scope="module")
def play(tmp_path_factory: pytest.TempPathFactory) -> Play:
    """Run the users in a text for two seconds."""

    def run(text: str, **changes: Any) -> RunResult:  # noqa: ANN401 - fields of a RunSpec
        locustfile = tmp_path_factory.mktemp("users") / "users.py"
        locustfile.write_text(USERS + text)
        spec = replace(SPEC, locustfile=locustfile, **changes)
        return result_of(spec)

    return run


def judged(run: RunResult, *texts: str) -> RunVerdict:
    return judge(run, [parse_threshold(text) for text in texts])


@pytest.fixture(scope="module")
def spoiled(play: Play) -> RunVerdict:
    classes = {"Leaving": 9, "Idle": 1}
    return judged(play(SPOILED, user_classes=classes, users=1, run_time_s=5))


@pytest.mark.parametrize(
    "reason",
    [
        "ended after 0.",
        "0 of 1 users were there at the end",
        "no user of ",
        "we counted ",
        "odd: 1 latencies outside 0 to 10 minutes",
    ],
)
def test_what_spoils_a_run_is_among_its_reasons(spoiled: RunVerdict, reason: str) -> None:
    assert spoiled.verdict is Verdict.INVALID
    assert sum(each.startswith(reason) for each in spoiled.invalid_reasons) == 1


def test_a_saturated_generator_neither_fails_a_good_target_nor_passes_a_bad_one(
    play: Play,
) -> None:
    """The target takes 20 ms, and the event loop stands still for 30 ms of every 50."""
    run = play(BUSY, user_classes={"Busy": 1}, run_time_s=3)

    assert judged(run, "median < 100 ms").verdict is Verdict.INVALID
    assert judged(run, "median < 1 ms").verdict in {Verdict.INVALID, Verdict.FAIL}


def test_a_rate_that_the_users_cannot_carry_is_no_slow_pass(play: Play) -> None:
    run = play(SLOW, user_classes={"Slow": 1}, pacing=OpenModel.at(40))
    verdict = judged(run, "failure_ratio < 1%", "p90 < 10 s")

    assert verdict.verdict is Verdict.INVALID
    reason, *_ = verdict.invalid_reasons
    assert reason.startswith(f"Slow: requests due {run.generator.arrivals_due}, sent ")
    assert "add users (4" in reason
    assert "there were 2: try 3" in reason


@pytest.mark.parametrize("processes", [1, 2])
def test_users_that_leave_just_before_the_end_are_missed(play: Play, processes: int) -> None:
    """The users of a master's workers are known a second later."""
    run = play(
        LEAVING_LATE,
        user_classes={"LeavingLate": 1},
        processes=processes,
        pacing=ClosedModel.UNPACED,
    )

    reason = "0 of 2 users were there at the end: 2 users stopped themselves"
    assert reason in run.invalid_reasons


@pytest.mark.parametrize("processes", [1, 2])
def test_a_hopeless_run_ends_early_and_has_failed(play: Play, processes: int) -> None:
    rule = parse_threshold("abort: failure_ratio > 50% after 20")
    run = play(
        HOPELESS,
        user_classes={"Hopeless": 1},
        processes=processes,
        run_time_s=60,
        abort_rules=[rule],
    )

    assert run.aborted is not None
    assert run.aborted.startswith("bad: failure_ratio > 50%: it was ")  # less what stalls touched
    assert run.operation("bad").requests >= 20
    verdict = judge(run, [rule])
    assert (verdict.verdict, verdict.invalid_reasons) == (Verdict.FAIL, ())


@pytest.mark.parametrize(
    "behave", [answer(b"garbage"), answer(status=500), reset], ids=["garbage", "500", "reset"]
)
def test_an_aqp_that_says_nothing_of_its_reads_is_stopped_by_the_budget(
    behave: Behaviour,
) -> None:
    """It may have read each time: then the account pays, whatever came back."""
    with ScriptedServer(behave) as aqp:
        spec = replace(
            SPEC,
            user_classes={"AqpZipcodeUser": 1},
            host=aqp.url,
            run_time_s=60,
            budget=parse_budget("0.000005:0.125:0.625"),
        )
        with LoadRun(spec, environment=os.environ) as load:
            run = load.wait().result

    (reason,) = run.invalid_reasons
    assert reason.startswith("stopped when the budget of 0.0000050 USD was spent: ")


def test_a_file_of_locusts_does_not_change_what_is_measured(
    play: Play, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "locust.conf").write_text("abort = max > 0.01 ms after 1\n")
    monkeypatch.chdir(tmp_path)

    assert play("", user_classes={"Quick": 1}, run_time_s=1).aborted is None


def test_an_error_that_cannot_be_said_is_a_failure(play: Play) -> None:
    odd = play(ODD_TEXTS, user_classes={"Odd": 1}).operation("odd")

    assert odd.failures == odd.requests > 0
    assert set(odd.failure_messages) == {"Unspeakable", r"ValueError: a lone surrogate: \ud800"}


def test_an_answer_that_nobody_waited_for_makes_the_run_invalid(play: Play) -> None:
    """Locust kills users who do not end their task, and what they had sent is in no count."""
    run = play(HUNG, user_classes={"Hung": 1, "Quick": 1}, stop_timeout_s=1)
    verdict = judged(run, "failure_ratio < 1%")

    assert verdict.verdict is Verdict.INVALID
    (reason,) = verdict.invalid_reasons
    assert reason.startswith("users were waiting for an answer when the stop timeout of 1 s")


def test_one_freeze_of_the_generator_is_no_fault_of_the_target(play: Play) -> None:
    run = play(FROZEN, user_classes={"Frozen": 1}, pacing=OpenModel.at(50), users=1, run_time_s=3)

    assert judged(run, "p90 < 100 ms").verdict is Verdict.INVALID


def test_a_paced_user_that_hangs_does_not_hide_one_of_another_kind(play: Play) -> None:
    classes = {"Hung": 1, "HungPaced": 1}
    run = play(HUNG + HUNG_TOGETHER, user_classes=classes, stop_timeout_s=1)

    assert run.operation("hung").failures == 1
    (reason,) = judged(run, "failure_ratio < 100%").invalid_reasons
    assert reason.startswith("users were waiting for an answer when the stop timeout of 1 s")


def test_a_second_request_of_a_send_is_not_lost_in_silence(play: Play) -> None:
    run = play(REPORTING_TWICE, user_classes={"Twice": 1}, stop_timeout_s=1)

    (reason,) = judged(run, "failure_ratio < 1%").invalid_reasons
    assert reason.startswith("Twice: 2 of ")
    assert "were sent and not reported" in reason


def test_a_freeze_at_the_end_is_part_of_the_run(play: Play) -> None:
    run = play(FROZEN_AT_THE_END, user_classes={"Quick": 1})

    assert run.generator.frozen_s > 1
    assert judged(run, "max < 100 ms").verdict is not Verdict.PASS


def test_a_user_that_cannot_be_ended_does_not_hang_the_run(play: Play) -> None:
    run = play(
        SWALLOWING, user_classes={"Swallowing": 1}, pacing=OpenModel.at(20), stop_timeout_s=1
    )

    assert run.operation("swallowed").requests > 0
