"""The observed value of a metric, its confidence interval, and the samples that it needs."""

from decimal import Decimal
from math import ceil, inf
from statistics import NormalDist
from typing import Final, NamedTuple

from aqp_perf.core.measured.operation import OperationResult
from aqp_perf.core.samples.block_bootstrap import Dependence
from aqp_perf.core.samples.histogram import SAMPLES_FOR_A_MEAN, LatencyHistogram
from aqp_perf.core.samples.intervals import (
    samples_for_interval,
    score_interval,
    worth_ranks,
)
from aqp_perf.core.verdict.metrics import MetricKind
from aqp_perf.core.verdict.slices import FEWEST_SLICES, SlicedOperation, own_dependence
from aqp_perf.core.verdict.thresholds import Threshold

CONFIDENCE: Final = 0.95
TAIL_SAMPLES: Final = 5
"""A percentile is judged only with at least this many samples above it."""
_NS_PER_MS: Final = 1_000_000
_SURE: Final = 1 - 1e-12
"""The highest confidence of an interval of ranks; rounding makes it no certainty."""

Interval = tuple[float, float]
"""Bounds in the unit of a threshold."""


class Observation(NamedTuple):
    """A value in the unit of its threshold, and what it is based on."""

    value: float
    samples: int
    ci95: Interval | None = None
    """95 % confidence interval; None for max and throughput, and for too few samples or slices."""


def samples_for(q: float) -> int:
    """Return the smallest n with n x (1 - q) >= 5: the samples that the q-quantile needs."""
    return ceil(TAIL_SAMPLES / (1 - Decimal(repr(q))))


def samples_needed(rule: Threshold, confidence: float | None = None) -> int:
    """Return the fewest independent requests that can judge a rule.

    A ratio is at most x only if one failure in 1/x requests may be seen. With a ``confidence`` it
    is the fewest that can prove the rule at its best, as without any failure.
    """
    if rule.kind is MetricKind.RATIO:
        return _samples_for_ratio(rule, confidence)
    least = 1 if rule.quantile is None else samples_for(rule.quantile)
    if confidence is None or not has_interval(rule):
        return least
    if rule.quantile is None:
        return SAMPLES_FOR_A_MEAN
    return max(least, samples_for_interval(rule.quantile, confidence))


def _samples_for_ratio(rule: Threshold, confidence: float | None) -> int:
    if not rule.limit:
        return 1
    least = ceil(1 / Decimal(repr(rule.limit))) if rule.is_upper_limit else 1
    if confidence is None:
        return least
    # Wilson's interval of no hit, or of hits alone, ends at the limit.
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    odds = (1 - rule.limit) / rule.limit
    return max(least, ceil(z * z * (odds if rule.is_upper_limit else 1 / odds)))


def observe(operation: OperationResult, rule: Threshold) -> Observation | None:
    """Return the observed value of a rule's metric; None when there is no sample."""
    if not operation.requests:
        return None
    found = dependence_of(operation, rule)
    match rule.kind:
        case MetricKind.RATIO:
            hits, samples = operation.failures_of(rule.failure_class)
            if not samples:
                return None
            ci95 = None if found is None else interval_of_ratio(hits, samples, found, CONFIDENCE)
            return Observation(hits / samples, samples, ci95)
        case MetricKind.THROUGHPUT:
            return Observation(operation.throughput_per_s, operation.requests)
        case MetricKind.LATENCY:
            latency = operation.latency
            if rule.metric == "mean":
                value_ns = latency.mean_ns
            else:
                value_ns = latency.quantile_ns(1 if rule.quantile is None else rule.quantile)
            if value_ns is None:
                return None
            ci95 = None if found is None else interval_of_latency(latency, rule, found, CONFIDENCE)
            if ci95 is not None and not 0 < ci95[0] <= ci95[1] < inf:  # an end lies outside
                ci95 = None
            return Observation(value_ns / _NS_PER_MS, latency.count, ci95)


def has_interval(rule: Threshold) -> bool:
    """Whether the metric of a rule has an interval: max and throughput have none."""
    return rule.kind is not MetricKind.THROUGHPUT and rule.metric != "max"


def dependence_of(operation: OperationResult, rule: Threshold) -> Dependence | None:
    """Return how much requests depend on their neighbours, in what the metric of a rule counts.

    The ratio of one class of failures has the dependence of all failures.

    Returns:
        None: the metric has no interval, or the timeline has too few slices to see a dependence.
    """
    if not has_interval(rule) or len(operation.timeline.slices) < FEWEST_SLICES:
        return None
    sliced = SlicedOperation(operation)
    if not sliced.are_enough:
        return None
    metric = "failure_ratio" if rule.kind is MetricKind.RATIO else rule.metric
    return own_dependence(metric, sliced)


def interval_of_ratio(hits: int, samples: int, found: Dependence, confidence: float) -> Interval:
    """Return the interval of a ratio of ``hits`` among ``samples`` > 0 dependent requests."""
    return score_interval(hits / samples, samples / found.effect, found.reach(confidence))


def interval_of_latency(
    latency: LatencyHistogram,
    rule: Threshold,
    found: Dependence,
    confidence: float,
    missing: int = 0,
) -> Interval:
    """Return the interval of the mean or a percentile, in ms.

    Args:
        latency: of dependent requests.
        rule: its metric is the mean, the median or a percentile.
        found: how they depend on each other.
        confidence: probability in (0, 1).
        missing: further requests, whose latencies are endless.

    Returns:
        Bounds from 0 to infinity, which stand for an end that too few samples enclose.
    """
    # The confidence at which the normal quantile is as far away as Student's at this one.
    widened = min(2 * NormalDist().cdf(found.reach(confidence)) - 1, _SURE)
    if rule.quantile is None:
        bounds_ns = latency.mean_interval_ns(widened, effect=found.effect)
        if bounds_ns is None:
            return 0.0, inf
        return bounds_ns[0] / _NS_PER_MS, inf if missing else bounds_ns[1] / _NS_PER_MS
    count = latency.count + missing
    if not count:
        return 0.0, inf
    low, high = worth_ranks(rule.quantile, count, widened, found.effect)
    low_ns = latency.at_rank_ns(low) if low else 0
    high_ns = latency.at_rank_ns(high)
    return (
        inf if low_ns is None else low_ns / _NS_PER_MS,
        inf if high_ns is None else high_ns / _NS_PER_MS,
    )
