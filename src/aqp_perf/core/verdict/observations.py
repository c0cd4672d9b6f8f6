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
    """A value in the unit of its threshold, and what it is based on."""

    value: float
    samples: int
    ci95: tuple[float, float] | None = None
    """95 % confidence interval; None for max and throughput, and for too few samples."""


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
            return Observation(hits / samples, samples, ratio_interval(hits, samples, CONFIDENCE))
        case MetricKind.THROUGHPUT:
            return Observation(operation.throughput_per_s, operation.requests)
        case MetricKind.LATENCY:
            return _observe_latency(operation.latency, rule)


def _observe_latency(latency: LatencyHistogram, rule: Threshold) -> Observation | None:
    interval_ns: tuple[float, float] | None = None
    if rule.metric == "mean":
        value_ns, interval_ns = latency.mean_ns, latency.mean_interval_ns(CONFIDENCE)
    elif rule.quantile is None:
        value_ns = latency.quantile_ns(1)
    else:
        value_ns = latency.quantile_ns(rule.quantile)
        interval_ns = latency.quantile_interval_ns(rule.quantile, CONFIDENCE)
    if value_ns is None:
        return None
    ci95 = None
    if interval_ns is not None:
        ci95 = interval_ns[0] / _NS_PER_MS, interval_ns[1] / _NS_PER_MS
    return Observation(value_ns / _NS_PER_MS, latency.count, ci95)
