"""The observed value of a metric, its confidence interval, and the samples that it needs."""

from decimal import Decimal
from math import ceil
from typing import Final, NamedTuple

from aqp_perf.core.measured.operation import OperationResult
from aqp_perf.core.samples.histogram import LatencyHistogram
from aqp_perf.core.samples.intervals import ratio_interval
from aqp_perf.core.verdict.metrics import MetricKind
from aqp_perf.core.verdict.thresholds import Threshold

CONFIDENCE: Final = 0.95
TAIL_SAMPLES: Final = 5
"""A percentile is judged only with at least this many samples above it."""
_NS_PER_MS: Final = 1_000_000


class Observation(NamedTuple):
    """A value in the unit of its threshold, with its 95 % interval if it has one."""

    value: float
    ci95: tuple[float, float] | None = None


def samples_for(q: float) -> int:
    """Return the smallest n with n x (1 - q) >= 5: the samples that the q-quantile needs."""
    return ceil(TAIL_SAMPLES / (1 - Decimal(repr(q))))


def observe(operation: OperationResult, rule: Threshold) -> Observation | None:
    """Return the observed value of a rule's metric; None when there is no sample."""
    if not operation.requests:
        return None
    match rule.kind:
        case MetricKind.RATIO:
            hits, samples = operation.failures_of(rule.failure_class)
            if not samples:
                return None
            return Observation(hits / samples, ratio_interval(hits, samples, CONFIDENCE))
        case MetricKind.THROUGHPUT:
            return Observation(operation.throughput_per_s)
        case MetricKind.LATENCY:
            return _observe_latency(operation.latency, rule)


def _observe_latency(latency: LatencyHistogram, rule: Threshold) -> Observation | None:
    value_ns: float | None
    interval_ns: tuple[float, float] | None
    if rule.quantile is not None:
        value_ns = latency.quantile_ns(rule.quantile)
        interval_ns = latency.quantile_interval_ns(rule.quantile, CONFIDENCE)
    elif rule.metric == "mean":
        value_ns, interval_ns = latency.mean_ns, latency.mean_interval_ns(CONFIDENCE)
    else:
        value_ns, interval_ns = latency.max_ns, None
    if value_ns is None:
        return None
    if interval_ns is None:
        return Observation(value_ns / _NS_PER_MS)
    low_ns, high_ns = interval_ns
    return Observation(value_ns / _NS_PER_MS, (low_ns / _NS_PER_MS, high_ns / _NS_PER_MS))
