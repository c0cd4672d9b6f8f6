"""Reasons why a run is invalid, as far as a locust process can see them."""

from collections.abc import Iterator, Mapping
from math import ceil
from typing import Any

from locust.env import Environment

from aqp_perf.core.load.durations import format_duration
from aqp_perf.core.load.pacing import OpenModel
from aqp_perf.loadgen.workload.workload import workload_of

_EARLY_S = 1.0
"""A run that ends this much early did not measure what it was asked to."""
_MOST_OF_MESSAGE = 300
"""Characters of an exception's message that are shown: it may hold a whole answer."""


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


def user_reasons(environment: Environment, users: Mapping[str, int]) -> Iterator[str]:
    """Yield that users were missing at the end, or that a class had none.

    Args:
        environment: of this process; on the master, of the whole test.
        users: user class → its users when the test stopped, in all processes.
    """
    runner: Any = environment.runner
    options: Any = environment.parsed_options
    workload = workload_of(environment)
    has_shape = environment.shape_class is not None
    are_counted = not options.perf_ends_itself and not (has_shape and workload.ending.was_spawning)
    asked_for, there = runner.target_user_count, sum(users.values())
    if are_counted and there < asked_for:
        yield f"{there} of {asked_for} users were there at the end"
    if workload.spawnings > 1 and workload.schedule is not None:
        yield "users came or went during the run, and the schedule began anew"
    idle = [name for name, count in users.items() if not count]
    if idle and not options.perf_ends_itself and not has_shape:
        yield f"no user of {', '.join(idle)}: add users, or change the weights"


def count_reasons(recorded: int, environment: Environment, *, were_reset: bool) -> Iterator[str]:
    """Yield that Locust counted another number of requests than the recorder.

    Locust counts fewer if the locustfile resets its statistics (``were_reset``).
    """
    by_locust = environment.stats.total.num_requests
    if recorded < by_locust or (recorded > by_locust and not were_reset):
        yield f"we counted {recorded} requests, Locust {by_locust}: some were not recorded"


def locustfile_reasons(environment: Environment) -> Iterator[str]:
    """Yield what went wrong in the locustfile itself."""
    workload = workload_of(environment)
    if workload.gave_up is not None:
        yield f"no load could be sent: {workload.gave_up}"
        return
    runner: Any = environment.runner
    exceptions = runner.exceptions.values()
    if exceptions:
        count = sum(exception["count"] for exception in exceptions)
        first = next(iter(exceptions))
        text = _exception_text(first["msg"], first["traceback"])
        yield f"the locustfile raised {count} exceptions, the first: {text}"
    code = environment.process_exit_code
    if code:
        yield f"the locustfile set exit code {code}"


def _exception_text(message: str, frames: str) -> str:
    """Return an exception's message, which may be empty, and the line of code that raised it.

    Locust keeps no type, and from Python 3.11 on the frames may end in marks below that line.
    """
    said = " ".join(message.split())[:_MOST_OF_MESSAGE]
    lines = [line.strip() for line in frames.splitlines() if line.strip(" ~^")]
    code = lines[-1] if lines else ""
    return f"{said} ({code})" if said and code else said or code
