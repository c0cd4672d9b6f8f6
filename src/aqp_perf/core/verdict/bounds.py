"""Between which two values the figures of a target lie, whatever the load generator did.

A generator can only add to a latency: what was measured is an upper bound, and without the credit
of `core.measured.stalls` it is a lower one. A request that was due and has no latency counts as
failed and as endless in the upper bound, and not at all in the lower one. An unhealthy generator
widens the bounds; it never moves both to one side.
"""

from collections.abc import Iterator
from decimal import Decimal
from math import ceil, inf
from typing import NamedTuple

from aqp_perf.core.measured.failure_class import FailureClass
from aqp_perf.core.measured.operation import OperationResult
from aqp_perf.core.measured.run_result import RunResult
from aqp_perf.core.samples.block_bootstrap import Dependence
from aqp_perf.core.samples.histogram import LatencyHistogram
from aqp_perf.core.verdict.metrics import MetricKind
from aqp_perf.core.verdict.observations import interval_of_latency, interval_of_ratio
from aqp_perf.core.verdict.thresholds import Threshold

MAX_CPU_RATIO = 0.9
"""A process that uses more of its core is saturated: every wake-up may be late."""
_NS_PER_MS = 1_000_000
_MS_PER_S = 1_000
_NS_PER_S = 1_000_000_000
_SPARE_USERS = 2
_SHORTEST_BURST_S = 0.02


class Bounds(NamedTuple):
    """Of a metric, in the unit of its threshold."""

    least: float
    most: float
    """Infinite when too many requests have no latency."""

    def worse(self, rule: Threshold) -> float:
        """Return the bound that is worse for the target."""
        return self.most if rule.is_upper_limit else self.least

    def better(self, rule: Threshold) -> float:
        """Return the bound that is better for the target."""
        return self.least if rule.is_upper_limit else self.most


def missing_requests(run: RunResult, operation: OperationResult) -> int:
    """Return how many requests of an operation, at most, were due and have no latency.

    A user class may send several operations: each of them may have been meant.
    """
    classes = run.generator.user_classes
    return sum(classes[name].missing for name in operation.user_classes if name in classes)


def has_enough_users(run: RunResult, limit_ms: float) -> bool:
    """Return whether a request may wait for a free user only because the target is too slow.

    A target that keeps the limit needs at most peak rate x limit users at once. With as many as the
    observed service times keep busy at the peak, requests still wait, as both vary: twice as many
    are enough.

    Source: J. D. C. Little, "A proof for the queuing formula L = λW", Operations Research
        9(3):383-387, 1961.
    """
    return run.users >= needed_users(run, limit_ms)


def needed_users(run: RunResult, limit_ms: float) -> float:
    """Return how many users are enough, see `has_enough_users`; 0 in a closed model."""
    within_limit = (run.generator.peak_per_s or 0.0) * limit_ms / _MS_PER_S
    return max(within_limit, _SPARE_USERS * busy_users(run))


def busy_users(run: RunResult) -> float:
    """Return how many users the highest rate keeps busy; 0 in a closed model."""
    return (run.generator.peak_per_s or 0.0) * run.mean_service_time_ns / _NS_PER_S


def bounds_of(run: RunResult, operation: OperationResult, rule: Threshold) -> Bounds:
    """Return between which values the metric of a rule lies; there is at least one request."""
    missing = missing_requests(run, operation)
    match rule.kind:
        case MetricKind.RATIO:
            return _ratio_bounds(operation, rule.failure_class, missing)
        case MetricKind.THROUGHPUT:
            return _throughput_bounds(run, operation, missing)
        case MetricKind.LATENCY:
            return _latency_bounds(run, operation, rule, missing)


def interval_bounds(
    run: RunResult,
    operation: OperationResult,
    rule: Threshold,
    found: Dependence,
    confidence: float,
) -> Bounds:
    """Return where the interval of the lower bound begins, and where that of the upper one ends.

    Args:
        run: what was measured.
        operation: the operation of it that is judged; it has at least one request.
        rule: its metric has an interval.
        found: how the requests depend on each other.
        confidence: of the intervals, a probability in (0, 1).
    """
    missing = missing_requests(run, operation)
    if rule.kind is MetricKind.RATIO:
        fewest, all_hits = _ratio_counts(operation, rule.failure_class, missing)
        return Bounds(
            interval_of_ratio(*fewest, found, confidence)[0],
            interval_of_ratio(*all_hits, found, confidence)[1],
        )
    most = interval_of_latency(operation.latency, rule, found, confidence, missing)[1]
    least = min(
        interval_of_latency(times, rule, found, confidence)[0]
        for times in _surest_times(run, operation, rule)
    )
    return Bounds(max(0.0, least - uncredited_lag_ms(run)), most)


def uncredited_lag_ms(run: RunResult) -> float:
    """Return by how much more a request may have been late, that no freeze touched.

    A saturated process is late at both ends of a request.
    """
    health = run.generator
    lag_ms = health.loop_lag_p99_ms or 0.0
    return lag_ms * 2 if (health.cpu_ratio_max or 0.0) > MAX_CPU_RATIO else lag_ms


def _ratio_bounds(
    operation: OperationResult, failure_class: FailureClass | None, missing: int
) -> Bounds:
    least, most = (
        hits / samples for hits, samples in _ratio_counts(operation, failure_class, missing)
    )
    return Bounds(least, most)


def _ratio_counts(
    operation: OperationResult, failure_class: FailureClass | None, missing: int
) -> tuple[tuple[int, int], tuple[int, int]]:
    """Return the hits and samples of the lower bound, and those of the upper one."""
    hits, samples = operation.failures_of(failure_class)
    if failure_class is FailureClass.WRONG_ANSWER:  # proven by the answer, not by a clock
        return (hits, samples), (hits, samples)
    by_class = {} if operation.touched is None else operation.touched.failures
    touched = sum(
        count
        for touched_class, count in by_class.items()
        if touched_class is not FailureClass.WRONG_ANSWER and failure_class in {None, touched_class}
    )
    return (hits - touched, samples), (hits + missing, samples + missing)


def _throughput_bounds(run: RunResult, operation: OperationResult, missing: int) -> Bounds:
    measured_per_s, health = operation.throughput_per_s, run.generator
    stood_still_s = health.frozen_s + health.servers_waited_s
    running_s = max(operation.duration_s - stood_still_s, 0.0)
    is_saturated = (health.cpu_ratio_max or 0.0) > MAX_CPU_RATIO
    if not running_s or (is_saturated and health.arrivals_due is None):
        return Bounds(measured_per_s, inf)
    answered = measured_per_s * operation.duration_s
    # Requests that waited for a free user until after the end would have been answered in time.
    late = max(0.0, operation.requests - operation.failures - answered)
    waited = min(late, health.arrivals_caught_up or 0)
    return Bounds(measured_per_s, (answered + missing + waited) / running_s)


def _latency_bounds(
    run: RunResult, operation: OperationResult, rule: Threshold, missing: int
) -> Bounds:
    most = _figure_ms(operation.latency, rule, missing)
    least = min(_figure_ms(times, rule) for times in _surest_times(run, operation, rule))
    return Bounds(max(0.0, least - uncredited_lag_ms(run)), most)


def _surest_times(
    run: RunResult, operation: OperationResult, rule: Threshold
) -> Iterator[LatencyHistogram]:
    """Yield the times that the target surely took; the lower bound is the least of their figures.

    With too few users for the limit, what requests waited for a free one is not the target's.
    """
    delayed = _delayed_elsewhere(run, operation)
    yield operation.least_latency.without_longest(delayed)
    if not has_enough_users(run, rule.limit):
        yield operation.least_service_time.without_longest(delayed)


def _delayed_elsewhere(run: RunResult, operation: OperationResult) -> int:
    """Return how many requests may have queued behind the burst of another frozen process.

    A process credits its own requests. Of those of the others only their number is known: as many
    as come in the freezes and in their aftermath of the same length, on average.
    """
    health = run.generator
    if health.processes < 2 or not run.duration_s:  # noqa: PLR2004 - one has no others
        return 0
    within_s = end_s = 0.0
    for start_s, length_s in health.freezes:
        if length_s >= _SHORTEST_BURST_S:
            until_s = start_s + 2 * length_s
            within_s += max(0.0, until_s - max(start_s, end_s))
            end_s = max(end_s, until_s)
    return ceil(min(1.0, within_s / run.duration_s) * operation.requests)


def _figure_ms(histogram: LatencyHistogram, rule: Threshold, missing: int = 0) -> float:
    """Return a figure of latencies in ms; ``missing`` more of them are endless."""
    if not histogram.count:
        return inf if missing else 0.0
    if rule.metric == "mean":
        return inf if missing else (histogram.mean_ns or 0.0) / _NS_PER_MS
    quantile = 1.0 if rule.quantile is None else rule.quantile
    rank = ceil(Decimal(repr(quantile)) * (histogram.count + missing))
    latency_ns = histogram.at_rank_ns(max(rank, 1))
    return inf if latency_ns is None else latency_ns / _NS_PER_MS
