"""A metric in two runs, with confidence intervals.

Figures and intervals come from the exact histograms. The slices over time only tell how many
independent requests those of a run are worth; see `slices`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from math import expm1, hypot, inf, log, sqrt
from typing import Final

from aqp_perf.core.measured.operation import OperationResult
from aqp_perf.core.records import MOST_FIGURE
from aqp_perf.core.samples.intervals import LARGEST_EXPONENT, score_interval, student_quantile
from aqp_perf.core.verdict.metrics import MetricKind, kind_of, quantile_of
from aqp_perf.core.verdict.observations import samples_for
from aqp_perf.core.verdict.slices import (
    FEWEST_SLICES,
    SlicedOperation,
    paired_dependence,
    shared_dependence,
)

FEWEST_SAMPLES: Final = 100
"""Requests of each run, whatever the metric."""

_NS_PER_MS: Final = 1_000_000


_Bounds = Callable[[float], tuple[float, float]]
"""Number of standard errors → the bounds that far below and above a figure."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """One metric of one operation in two runs: ms, a ratio from 0 to 1, or per second."""

    metric: str
    before: float
    after: float
    worth: float
    """Number of independent requests that those of the smaller run are worth."""
    freedom: float
    """Degrees of freedom."""
    _bounds_before: _Bounds
    _bounds_after: _Bounds

    @property
    def change_ratio(self) -> float | None:
        """Relative change, 0.1 for 10 % more; None: it was 0."""
        return self.after / self.before - 1 if self.before else None

    def interval(self, z: float) -> tuple[float, float] | None:
        """Return the bounds of the relative change at ``z`` standard errors; None: it was 0.

        Bounds of two values become those of their difference by MOVER, which for latencies is
        taken of their logarithms. The bounds are at most what a record can hold.

        Source: G. Y. Zou, A. Donner, "Construction of confidence limits about effect measures",
            Statistics in Medicine 27(10):1693-1702, 2008.
        """
        if not self.before:
            return None
        low, high = self._differences(z)
        if self._is_latency:
            low, high = expm1(low), expm1(min(high, LARGEST_EXPONENT))
        else:
            low, high = low / self.before, high / self.before
        return max(low, -MOST_FIGURE), min(high, MOST_FIGURE)

    def is_worse(self, z: float) -> bool:
        """Return whether it is worse by more than ``z`` standard errors."""
        low, high = self._differences(z)
        return high < 0 if falls_when_worse(self.metric) else low > 0

    @property
    def _is_latency(self) -> bool:
        return kind_of(self.metric) is MetricKind.LATENCY

    def _differences(self, z: float) -> tuple[float, float]:
        reach = student_quantile(z, self.freedom)
        scale = _logarithm if self._is_latency else _itself
        old, new = scale(self.before), scale(self.after)
        old_low, old_high = map(scale, self._bounds_before(reach))
        new_low, new_high = map(scale, self._bounds_after(reach))
        low = new - old - hypot(new - new_low, old_high - old)
        high = new - old + hypot(new_high - new, old - old_low)
        return low, high


def figures_of(
    metric: str, before: SlicedOperation, after: SlicedOperation, *, is_staged: bool = False
) -> Figures | str:
    """Return a metric of two runs, or why it cannot be compared.

    ``is_staged`` says that the arrival rate changed over time, and in both runs alike.
    """
    for side, operation in (("the baseline", before), ("the run", after)):
        missing = _missing(metric, operation)
        if missing:
            return f"{side} has {missing}"
    dependence_of = paired_dependence if is_staged else shared_dependence
    pooled = dependence_of(metric, before, after)
    value_before, value_after = (value_of(metric, each.result) for each in (before, after))
    if value_after > MOST_FIGURE * value_before > 0:
        return f"{metric} of the baseline is too small to compare with: {value_before:g}"
    return Figures(
        metric=metric,
        before=value_before,
        after=value_after,
        worth=min(samples_of(metric, each.result) for each in (before, after)) / pooled.effect,
        freedom=pooled.freedom,
        _bounds_before=_bounds(metric, before, pooled.effect),
        _bounds_after=_bounds(metric, after, pooled.effect),
    )


def falls_when_worse(metric: str) -> bool:
    """Return whether a lower value is for the worse."""
    return kind_of(metric) is MetricKind.THROUGHPUT


def needed_samples(metric: str) -> int:
    """Return how many independent requests a comparison of a metric needs."""
    quantile = quantile_of(metric)
    return FEWEST_SAMPLES if quantile is None else max(samples_for(quantile), FEWEST_SAMPLES)


def samples_of(metric: str, operation: OperationResult) -> int:
    """Return how many requests a metric is made of: latencies have none without a response time."""
    is_latency = kind_of(metric) is MetricKind.LATENCY
    return operation.latency.count if is_latency else operation.requests


def value_of(metric: str, operation: OperationResult) -> float:
    """Return a metric of one run that has samples: ms, a ratio from 0 to 1, or per second."""
    quantile = quantile_of(metric)
    if quantile is not None:
        return _ms(operation.latency.quantile_ns(quantile))
    if metric == "failure_ratio":
        return operation.failure_ratio
    return _ms(operation.latency.mean_ns) if metric == "mean" else operation.throughput_per_s


def _missing(metric: str, operation: SlicedOperation) -> str | None:
    needed, samples = needed_samples(metric), samples_of(metric, operation.result)
    if samples < needed:
        return f"{samples} requests: {metric} needs {needed}"
    slices = sum(point.requests > 0 for point in operation.points)
    if slices < FEWEST_SLICES:
        return f"requests in {slices} slices of time: {FEWEST_SLICES} are needed"
    return None


def _bounds(metric: str, sliced: SlicedOperation, effect: float) -> _Bounds:
    """Return the bounds of a metric of one run, ``effect`` requests of which are worth one."""
    operation, value = sliced.result, value_of(metric, sliced.result)
    quantile, latency = quantile_of(metric), operation.latency
    if quantile is not None:

        def bounds_of_quantile(reach: float) -> tuple[float, float]:
            # Between these shares of all samples lies the true quantile (R. S. Woodruff, 1952).
            low, high = score_interval(quantile, latency.count / effect, reach)
            return _ms(latency.quantile_ns(low)), _ms(latency.quantile_ns(high))

        return bounds_of_quantile
    if metric == "failure_ratio":
        count = operation.requests / effect
        return lambda reach: score_interval(value, count, reach)
    if metric == "mean":
        error = sqrt(sliced.variance_ns2 * effect / latency.count) / _NS_PER_MS
    else:
        answers = operation.requests - operation.failures
        error = value * sqrt(effect / max(answers, 1))
    return lambda reach: (value - reach * error, value + reach * error)


def _ms(value_ns: float | None) -> float:
    if value_ns is None:
        raise ValueError("there is no latency")
    return value_ns / _NS_PER_MS


def _itself(value: float) -> float:
    return value


def _logarithm(value: float) -> float:
    return log(value) if value > 0 else -inf
