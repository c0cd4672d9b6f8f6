"""What a metric was in two runs, and between which bounds it truly lies in each.

The figures and their bounds come from the exact histograms. The slices over time are asked for one
thing alone: how much the requests of a run resemble each other, so how many independent ones they
are worth (`perf.core.block_bootstrap`). Slices keep latencies in steps of 6 %, and the quantile is
put at the two edges of the step it lies in, where the slices count exactly: the larger dependence
holds. So the steps spoil nothing.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from math import expm1, hypot, inf, log, sqrt
from typing import Final

from perf.core.block_bootstrap import Dependence, dependence
from perf.core.intervals import score_interval, student_quantile
from perf.core.operation import OperationResult
from perf.core.thresholds import MetricKind, kind_of, quantile_of
from perf.core.timeline import TimelinePoint, bounds_ns
from perf.core.verdicts import samples_for

FEWEST_SLICES: Final = 20
"""With fewer there is no telling how much neighbours resemble each other."""
FEWEST_SAMPLES: Final = 50
"""Requests of a side, whatever the metric."""

_NS_PER_MS: Final = 1_000_000
_LARGEST_EXPONENT: Final = 700.0
"""That of a float."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Side:
    value: float
    """In ms, as a ratio, or per second."""
    bounds: Callable[[float], tuple[float, float]]
    """Standard errors, of Student's kind → what lies as far below and above the value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """One metric of one operation in two runs; in ms, as a ratio from 0 to 1, or per second."""

    metric: str
    worth: float
    """Independent requests that those of the smaller run are worth."""
    freedom: float
    _before: _Side
    _after: _Side

    @property
    def before(self) -> float:
        """What it was."""
        return self._before.value

    @property
    def after(self) -> float:
        """What it is."""
        return self._after.value

    @property
    def worse_by(self) -> float:
        """How much worse it is, in its unit; negative when it is better."""
        change = self.after - self.before
        return -change if self._falls_when_worse else change

    @property
    def change_ratio(self) -> float | None:
        """Change of what it was, 0.1 for 10 % more; None: it was 0."""
        return self.after / self.before - 1 if self.before else None

    def interval(self, z: float) -> tuple[float, float] | None:
        """Return the bounds of the relative change at ``z`` standard errors; None: it was 0.

        Bounds of two values become those of their difference by MOVER, which for latencies is
        taken of their logarithms.

        Source: G. Y. Zou, A. Donner, "Construction of confidence limits about effect measures",
            Statistics in Medicine 27(10):1693-1702, 2008.
        """
        if not self.before:
            return None
        low, high = self._differences(z)
        if self._is_latency:
            return expm1(low), expm1(min(high, _LARGEST_EXPONENT))
        return low / self.before, high / self.before

    def is_worse(self, z: float) -> bool:
        """Tell whether it is worse even at the kindest bound of the difference."""
        low, high = self._differences(z)
        return high < 0 if self._falls_when_worse else low > 0

    @property
    def _falls_when_worse(self) -> bool:
        return kind_of(self.metric) is MetricKind.THROUGHPUT

    @property
    def _is_latency(self) -> bool:
        return kind_of(self.metric) is MetricKind.LATENCY

    def _differences(self, z: float) -> tuple[float, float]:
        reach = student_quantile(z, self.freedom)
        scale = _logarithm if self._is_latency else _itself
        old, new = scale(self.before), scale(self.after)
        old_low, old_high = map(scale, self._before.bounds(reach))
        new_low, new_high = map(scale, self._after.bounds(reach))
        low = new - old - hypot(new - new_low, old_high - old)
        high = new - old + hypot(new_high - new, old - old_low)
        return low, high


def figures_of(metric: str, before: OperationResult, after: OperationResult) -> Figures | str:
    """Return a metric of two runs, or what is missing to tell it."""
    for side, operation in (("the baseline", before), ("the run", after)):
        missing = _missing(metric, operation)
        if missing:
            return f"{side} has {missing}"
    pooled = _dependence(metric, before).pooled(_dependence(metric, after))
    return Figures(
        metric=metric,
        worth=min(before.requests, after.requests) / pooled.effect,
        freedom=pooled.freedom,
        _before=_side(metric, before, pooled.effect),
        _after=_side(metric, after, pooled.effect),
    )


def needed_samples(metric: str) -> int:
    """Return how many independent requests it takes to tell whether a metric has changed."""
    quantile = quantile_of(metric)
    return FEWEST_SAMPLES if quantile is None else max(samples_for(quantile), FEWEST_SAMPLES)


def _missing(metric: str, operation: OperationResult) -> str | None:
    needed = needed_samples(metric)
    if operation.requests < needed:
        return f"{operation.requests} requests: {metric} needs {needed}"
    slices = sum(each.requests > 0 for each in operation.timeline.points())
    if slices < FEWEST_SLICES:
        return f"requests in {slices} slices of time: {FEWEST_SLICES} are needed"
    return None


def _side(metric: str, operation: OperationResult, effect: float) -> _Side:
    quantile, latency = quantile_of(metric), operation.latency
    if quantile is not None:

        def bounds_of_quantile(reach: float) -> tuple[float, float]:
            # Between these shares of all samples lies the true quantile (R. S. Woodruff, 1952).
            low, high = score_interval(quantile, latency.count / effect, reach)
            return _ms(latency.quantile_ns(low)), _ms(latency.quantile_ns(high))

        return _Side(value=_ms(latency.quantile_ns(quantile)), bounds=bounds_of_quantile)
    if metric == "failure_ratio":
        ratio, count = operation.failure_ratio, operation.requests / effect
        return _Side(value=ratio, bounds=lambda reach: score_interval(ratio, count, reach))
    if metric == "mean":
        mean = _ms(latency.mean_ns)
        error = sqrt(_variance(operation) * effect / latency.count) / _NS_PER_MS
        return _Side(value=mean, bounds=lambda reach: (mean - reach * error, mean + reach * error))
    rate, answers = operation.throughput_per_s, operation.requests - operation.failures
    error = rate * sqrt(effect / max(answers, 1))
    return _Side(value=rate, bounds=lambda reach: (rate - reach * error, rate + reach * error))


def _dependence(metric: str, operation: OperationResult) -> Dependence:
    points = list(operation.timeline.points())
    quantile = quantile_of(metric)
    if quantile is not None:
        each_edge = (
            _dependence_of_shares(points, partial(_above, edge))
            for edge in _edges(points, quantile)
        )
        return max(each_edge, key=lambda each: each.effect)
    if metric == "failure_ratio":
        return _dependence_of_shares(points, lambda point: point.failures)
    if metric == "mean":
        mean_ns, variance = _mean_ns(points), _variance(operation)
        sums = [_total_ns(each) - mean_ns * each.requests for each in points]
        return dependence(sums, variance * operation.requests)
    whole = points[:-1]  # the last one may have been cut short by the end of the run
    answers = [each.requests - each.failures for each in whole]
    mean = sum(answers) / len(answers)
    return dependence([each - mean for each in answers], sum(answers))


def _dependence_of_shares(
    points: Sequence[TimelinePoint], hits_of: Callable[[TimelinePoint], int]
) -> Dependence:
    hits = [hits_of(each) for each in points]
    requests = sum(each.requests for each in points)
    share = sum(hits) / requests
    sums = [hit - share * each.requests for hit, each in zip(hits, points, strict=True)]
    return dependence(sums, requests * share * (1 - share))


def _edges(points: Sequence[TimelinePoint], quantile: float) -> list[int]:
    """Return the steps at whose lower edges a quantile is looked at: its own, and the next one."""
    totals: dict[int, int] = {}
    for point in points:
        for step, count in point.steps.items():
            totals[step] = totals.get(step, 0) + count
    beyond = (1 - quantile) * sum(totals.values())
    above = 0
    edges: list[int] = []
    for step in sorted(totals, reverse=True):
        above += totals[step]
        edges.append(step)
        if above >= beyond:
            break
    return edges[-2:]


def _above(edge: int, point: TimelinePoint) -> int:
    return sum(count for step, count in point.steps.items() if step >= edge)


def _total_ns(point: TimelinePoint) -> float:
    return sum(count * sum(bounds_ns(step)) / 2 for step, count in point.steps.items())


def _mean_ns(points: Sequence[TimelinePoint]) -> float:
    return sum(map(_total_ns, points)) / sum(each.requests for each in points)


def _variance(operation: OperationResult) -> float:
    """Return the variance of single latencies, from the steps of the slices, in ns²."""
    points = list(operation.timeline.points())
    mean_ns = _mean_ns(points)
    squares = sum(
        count * (sum(bounds_ns(step)) / 2 - mean_ns) ** 2
        for point in points
        for step, count in point.steps.items()
    )
    return squares / sum(each.requests for each in points)


def _ms(value_ns: float | None) -> float:
    if value_ns is None:
        raise ValueError("there is no latency")
    return value_ns / _NS_PER_MS


def _itself(value: float) -> float:
    return value


def _logarithm(value: float) -> float:
    return log(value) if value > 0 else -inf
