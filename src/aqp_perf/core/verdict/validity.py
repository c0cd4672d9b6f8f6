"""Whether a run measured its target at all.

A saturated generator makes any target look slow, and one that sends too little makes any target
look fast: such a run neither passes nor fails.
"""

from collections.abc import Iterator, Sequence
from math import ceil
from typing import Final

from aqp_perf.core.measured.failure_class import FailureClass
from aqp_perf.core.measured.operation import OperationResult
from aqp_perf.core.measured.run_result import RunResult
from aqp_perf.core.verdict.metrics import MetricKind
from aqp_perf.core.verdict.thresholds import Threshold

MAX_CPU_RATIO: Final = 0.9
MAX_LAG_RATIO: Final = 0.1
NEGLIGIBLE_LAG_MS: Final = 1.0
MIN_SENT_RATIO: Final = 0.99

_BUSY_RATIO: Final = 0.5
"""When fewer of the users are busy, more users do not help."""
_UNANSWERED: Final = (FailureClass.TIMEOUT, FailureClass.AMBIGUOUS, FailureClass.CONNECTION)
_NS_PER_MS: Final = 1_000_000
_NS_PER_S: Final = 1_000_000_000


def invalid_reasons(run: RunResult, thresholds: Sequence[Threshold]) -> tuple[str, ...]:
    """Return why the run did not measure the target: what was found, and what to do.

    The generator's own reasons come first; no reasons when the measurement is sound.
    """
    found = [*run.invalid_reasons]
    if run.interrupted:
        found.append(f"interrupted after {run.duration_s:.1f} s: run it to its end")
    found += _generator_reasons(run, thresholds)
    for label, operation in run.labelled.items():
        reasons = (*_count_reasons(operation), *_empty_reasons(operation))
        found += (f"{label}: {reason}" for reason in reasons)
    return tuple(dict.fromkeys(found))  # a run read from a report carries its reasons already


def _generator_reasons(run: RunResult, thresholds: Sequence[Threshold]) -> Iterator[str]:
    health = run.generator
    cpu, lag_ms = health.cpu_ratio_max, health.loop_lag_p99_ms
    if cpu is not None and cpu > MAX_CPU_RATIO:
        yield (
            f"the load generator used {cpu:.0%} of a core (more than {MAX_CPU_RATIO:.0%}): "
            "add processes or send less"
        )
    limits_ms = [
        threshold.limit
        for threshold in thresholds
        if threshold.kind is MetricKind.LATENCY and (threshold.is_upper_limit or threshold.aborts)
    ]
    if lag_ms is not None and limits_ms:
        tightest_ms = min(limits_ms)
        if lag_ms > max(MAX_LAG_RATIO * tightest_ms, NEGLIGIBLE_LAG_MS):
            yield (
                f"the load generator woke up {lag_ms:.1f} ms late (p99 of its event loop), more "
                f"than {MAX_LAG_RATIO:.0%} of the tightest latency limit of {tightest_ms:g} ms: "
                "add processes, send less, or keep other work off its machine"
            )
    yield from _arrival_reasons(run)


def _arrival_reasons(run: RunResult) -> Iterator[str]:
    health = run.generator
    due, sent = health.arrivals_due, health.arrivals_sent
    # An aborted run ends while users wait for answers, so it sends less than is due.
    if due is None or sent is None or run.aborted is not None:
        return
    if sent < MIN_SENT_RATIO * due:
        yield f"requests due {due}, sent {sent}: {_remedy(run, due)}"
        return
    # A burst at the end may hide that there were too few users: Little's law does not.
    late = health.arrivals_caught_up or 0
    if late > (1 - MIN_SENT_RATIO) * due and _busy_users(run, due) > run.users:
        yield f"requests due {due}, {late} of them sent after the end: {_remedy(run, due)}"


def _busy_users(run: RunResult, due: int) -> float:
    """Return how many users the rate keeps busy; 0 without any answer.

    Source: J. D. C. Little, "A proof for the queuing formula L = λW", Operations Research
        9(3):383-387, 1961.
    """
    mean_ns = _mean_service_time_ns(run)
    return due / run.duration_s * mean_ns / _NS_PER_S if run.duration_s else 0.0


def _mean_service_time_ns(run: RunResult) -> float:
    times = [operation.service_time for operation in run.operations]
    count = sum(histogram.count for histogram in times)
    total_ns = sum((histogram.mean_ns or 0.0) * histogram.count for histogram in times)
    return total_ns / count if count else 0.0


def _remedy(run: RunResult, due: int) -> str:
    """Return what to do so that all requests that are due can be sent."""
    unanswered = sum(
        operation.failure_classes.get(failure_class, 0)
        for operation in run.operations
        for failure_class in _UNANSWERED
    )
    if unanswered > run.requests / 2:
        return f"{unanswered} of {run.requests} got no answer: see whether the target is up"
    busy = _busy_users(run, due)
    if not busy:
        return "add users or processes"
    if busy < run.users * _BUSY_RATIO:
        return "add processes"
    rate_per_s, mean_ms = due / run.duration_s, _mean_service_time_ns(run) / _NS_PER_MS
    return (
        f"add users ({rate_per_s:.0f}/s of {mean_ms:.3g} ms each keep {busy:.1f} busy, there were "
        f"{run.users}: try {ceil(busy / _BUSY_RATIO)}) or processes; if neither helps, the target "
        "does not carry this rate"
    )


def _count_reasons(operation: OperationResult) -> Iterator[str]:
    histograms = {"latencies": operation.latency, "service times": operation.service_time}
    for name, histogram in histograms.items():
        outside = histogram.out_of_range_count
        if outside:
            yield f"{outside} {name} outside 0 to 10 minutes: check the clock and the time-outs"
        if histogram.count + outside != operation.requests:
            yield (
                f"{operation.requests} requests, but {histogram.count + outside} {name}: "
                "a worker or a part of its report was lost"
            )
    classified = sum(operation.failure_classes.values())
    if classified != operation.failures:
        yield (
            f"{operation.failures} failures, but {classified} with a class: "
            "a worker or a part of its report was lost"
        )


def _empty_reasons(operation: OperationResult) -> Iterator[str]:
    """Yield a reason when every answer was empty; where answers are checked, they are wrong."""
    sizes = operation.answer_sizes
    if operation.is_unverified and sizes is not None and sizes.answers and sizes.items == 0:
        yield (
            f"all of its {sizes.answers} answers were empty: seed the table, or read one that "
            "holds what it asks for"
        )
