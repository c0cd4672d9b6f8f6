"""Reasons why a run is invalid, as far as a locust process can see them."""

from collections.abc import Iterator, Mapping, Sequence
from math import ceil
from typing import Any

from locust.env import Environment

from aqp_perf.core.load.durations import format_duration
from aqp_perf.core.load.pacing import OpenModel
from aqp_perf.loadgen.command.run_spec import worker_command
from aqp_perf.loadgen.measure.process_errors import ProcessErrors, missing_reason, raised_reasons
from aqp_perf.loadgen.workload.workload import workload_of

_EARLY_S = 1.0
"""A run that ends this much early did not measure what it was asked to."""


def early_end_reasons(elapsed_s: float, run_time_s: float | None) -> Iterator[str]:
    """Yield that a run was shorter than asked for; call it for runs that were not stopped."""
    if run_time_s and elapsed_s < run_time_s - _EARLY_S:
        yield (
            f"ended after {elapsed_s:.1f} s of {run_time_s:g} s: a file that ends its run by "
            "itself needs ends_itself=True"
        )


def schedule_reasons(
    schedule: OpenModel | None, elapsed_s: float, scheduled_s: float
) -> Iterator[str]:
    """Yield that a run ended before the stages of its schedule.

    Args:
        schedule: None: the run had none.
        elapsed_s: how long the run was.
        scheduled_s: for how much of that the schedule ran; 0: it did not begin.
    """
    if schedule is None or (scheduled_s and scheduled_s >= schedule.least_s):
        return
    if not scheduled_s:
        yield (
            "no request was due: the schedule begins when every user is there and through its "
            "on_start, which took longer than the run"
        )
        return
    begun_s, staged_s = elapsed_s - scheduled_s, schedule.staged_s
    yield (
        f"the schedule began when all users were ready, after {begun_s:.1f} s, and the run ended "
        f"after {elapsed_s:.1f} s: {schedule.arrivals_within(scheduled_s):.0f} of the "
        f"{schedule.arrivals_within(staged_s):.0f} requests of its stages were due by then; "
        f"use a run time of {format_duration(ceil(begun_s + staged_s))}"
    )


def user_reasons(
    environment: Environment,
    users: Mapping[str, int],
    errors: ProcessErrors,
    *,
    elapsed_s: float,
    has_lost_workers: bool,
) -> Iterator[str]:
    """Yield exceptions, and why users were missing at the end or a class had none.

    Args:
        environment: of this process; on the master, of the whole test.
        users: user class → its users when the test stopped, in all processes.
        errors: what all processes saw.
        elapsed_s: how long the run was.
        has_lost_workers: whether users may have been lost with a worker.
    """
    runner: Any = environment.runner
    options: Any = environment.parsed_options
    workload = workload_of(environment)
    has_shape = environment.shape_class is not None
    are_counted = not options.perf_ends_itself and not (has_shape and workload.ending.was_spawning)
    asked_for, there = runner.target_user_count, sum(users.values())
    are_missing = are_counted and there < asked_for
    yield from raised_reasons(errors, without_users=are_missing)
    if are_missing:
        unstarted = None
        if not workload.spawnings:
            spawn_rate = None if has_shape else options.spawn_rate
            unstarted = _unstarted_text(asked_for, spawn_rate, elapsed_s)
        yield missing_reason(
            errors,
            asked_for=asked_for,
            there=there,
            unstarted=unstarted,
            has_lost_workers=has_lost_workers,
        )
    if workload.spawnings > 1 and workload.schedule is not None:
        yield "users came or went during the run, and the schedule began anew"
    if not asked_for and not has_shape and not options.perf_ends_itself:
        if workload.spawnings:
            yield "the locustfile set the number of users to 0"
        elif not errors.raised:
            yield "the run ended before users were started"
        return
    idle = [name for name, count in users.items() if not count]
    # Where users are missing for another reason, more of them would not help.
    helps = there >= asked_for or asked_for < len(users)
    if idle and helps and not options.perf_ends_itself and not has_shape:
        yield f"no user of {', '.join(idle)}: add users, or change the weights"


def _unstarted_text(users: int, spawn_rate: float | None, elapsed_s: float) -> str:
    text = "not started before the run ended"
    if not spawn_rate or users / spawn_rate <= max(elapsed_s, _EARLY_S):
        return text  # something else ended it
    return f"{text}, as {users} at {spawn_rate:g}/s take {users / spawn_rate:g} s"


def count_reasons(recorded: int, environment: Environment, *, were_reset: bool) -> Iterator[str]:
    """Yield that Locust counted another number of requests than the recorder.

    Locust counts fewer if the locustfile resets its statistics (``were_reset``).
    """
    by_locust = environment.stats.total.num_requests
    if recorded < by_locust or (recorded > by_locust and not were_reset):
        yield f"we counted {recorded} requests, Locust {by_locust}: some were not recorded"


def unmeasured_reasons(workers: Sequence[str], options: Any) -> Iterator[str]:  # noqa: ANN401 - argparse's
    """Yield that workers do not run the instrument: what they sent is not measured.

    Args:
        workers: their ids.
        options: the arguments of this master.
    """
    for worker in workers:
        command = worker_command(options.master_bind_host, options.master_bind_port)
        yield f"worker {worker} was started without the measurement: run there: {command}"


def locustfile_reasons(environment: Environment) -> Iterator[str]:
    """Yield what the locustfile itself says is wrong."""
    gave_up = workload_of(environment).gave_up
    if gave_up is not None:
        yield f"no load could be sent: {gave_up}"


def exit_code_of(environment: Environment) -> int | None:
    """Return the exit code that the locustfile set; None: none, or 0."""
    code: Any = environment.process_exit_code
    if not code or workload_of(environment).gave_up is not None:  # then it is ours
        return None
    return code if type(code) is int else 1  # with which a text ends Locust
