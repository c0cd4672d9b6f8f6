"""How much requests depend on their neighbours in time, by the slices of a timeline.

Slices keep latencies in steps of 6 %. That is too coarse for a quantile but fine enough for its
dependence: at the two edges of the quantile's step the slices count exactly how many requests took
longer. Between them the dependence of one run is interpolated; a comparison takes the larger one.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain, pairwise
from operator import mul, sub
from typing import Final

from aqp_perf.core.measured.operation import OperationResult
from aqp_perf.core.samples.block_bootstrap import Dependence, dependence
from aqp_perf.core.samples.timeline import Timeline, bounds_ns
from aqp_perf.core.verdict.metrics import quantile_of

_RATE_LEVELS: Final = 4
"""With more of them, less is left of the slices to estimate the dependence from."""
FEWEST_SLICES: Final = 20
"""With fewer slices the dependence of neighbours cannot be estimated."""


@dataclass(frozen=True, slots=True)
class Counted:
    """What a metric counts in each slice of a run."""

    sums: Sequence[float]
    exposure: Sequence[float]
    """Of each slice; what is counted is in proportion to it if the slices are alike."""
    independent_variance: float
    """Variance of the total, if all requests were independent."""

    def dependence(self) -> Dependence:
        """Return the dependence of the requests of a run whose slices are alike."""
        deviations = self.deviations_within([range(len(self.sums))])
        return dependence(deviations, self.independent_variance)

    def deviations_within(self, groups: Sequence[Sequence[int]]) -> list[float]:
        """Return the sums less what they would be if the slices of each group were alike."""
        deviations = [0.0] * len(self.sums)
        for group in groups:
            exposure = sum(self.exposure[number] for number in group)
            share = sum(self.sums[number] for number in group) / exposure if exposure else 0.0
            for number in group:
                deviations[number] = self.sums[number] - share * self.exposure[number]
        return deviations

    def padded(self, count: int) -> "Counted":
        """Return the same with empty slices at the end, ``count`` in all."""
        empty = [0.0] * (count - len(self.sums))
        return replace(self, sums=[*self.sums, *empty], exposure=[*self.exposure, *empty])


class SlicedOperation:
    """An operation of one run with the dependence of its requests, by metric."""

    def __init__(self, result: OperationResult) -> None:
        self.result: Final = result
        self.points: Final = tuple(result.timeline.points())
        self.steps: Final = Counter[int]()
        """Requests in each step of latency, over all slices."""
        for point in self.points:
            self.steps.update(point.steps)
        self._steps = sorted(self.steps)
        self._middles_ns = [sum(bounds_ns(step)) / 2 for step in self._steps]
        self._totals = [self.steps[step] for step in self._steps]

    @property
    def are_enough(self) -> bool:
        """Whether requests are in enough slices to see how they depend on each other."""
        return sum(point.requests > 0 for point in self.points) >= FEWEST_SLICES

    @property
    def variance_ns2(self) -> float:
        """Variance of the latencies, as the middles of their steps."""
        mean_ns = self._mean_ns
        squares = [(middle - mean_ns) ** 2 for middle in self._middles_ns]
        variance: float = sum(map(mul, self._totals, squares)) / sum(self._totals)
        return variance

    def dependence(self, metric: str) -> Dependence:
        """Return the dependence in what a metric counts, which is not a quantile."""
        return self.counted(metric).dependence()

    def dependence_beyond(self, step: int) -> Dependence:
        """Return the dependence in whether requests took as long as this step, or longer."""
        return self.counted_beyond(step).dependence()

    def counted(self, metric: str) -> Counted:
        """Return what a metric counts, which is not a quantile."""
        if metric == "failure_ratio":
            return self._hits([point.failures for point in self.points])
        if metric == "mean":
            return self._latencies()
        return self._answers()

    def counted_beyond(self, step: int) -> Counted:
        """Return the requests that took as long as this step, or longer."""
        # A slice has few of the steps of the run: a table of all would cost ten times as much.
        return self._hits(
            [
                sum([count for own, count in point.steps.items() if own >= step])
                for point in self.points
            ]
        )

    @property
    def _mean_ns(self) -> float:
        mean_ns: float = sum(map(mul, self._totals, self._middles_ns)) / sum(self._totals)
        return mean_ns

    @property
    def _requests(self) -> list[int]:
        return [point.requests for point in self.points]

    def _hits(self, hits: Sequence[int]) -> Counted:
        requests = self._requests
        share = sum(hits) / sum(requests)
        return Counted(hits, requests, sum(requests) * share * (1 - share))

    def _latencies(self) -> Counted:
        middles_ns = dict(zip(self._steps, self._middles_ns, strict=True))
        sums = [
            sum([point.steps[step] * middles_ns[step] for step in sorted(point.steps)])
            for point in self.points
        ]
        return Counted(sums, self._requests, self.variance_ns2 * sum(self._totals))

    def _answers(self) -> Counted:
        """Return what throughput counts; independent answers are a Poisson process."""
        whole = self.points[:-1]  # the last one may have been cut short by the end of the run
        answers = [point.requests - point.failures for point in whole]
        return Counted(answers, [1] * len(answers), sum(answers))


def own_dependence(metric: str, operation: SlicedOperation) -> Dependence:
    """Return the dependence of requests in one run, in what a metric counts."""
    quantile = quantile_of(metric)
    if quantile is None:
        return operation.dependence(metric)
    edges = _edges(quantile, operation.steps)
    found, *longer = map(operation.dependence_beyond, edges)
    if not longer:
        return found
    counts, (step, _) = operation.steps, edges
    from_step = sum(count for each, count in counts.items() if each >= step)
    weight = (from_step - (1 - quantile) * counts.total()) / counts[step]
    return found.interpolated(longer[0], weight)


def shared_dependence(metric: str, before: SlicedOperation, after: SlicedOperation) -> Dependence:
    """Return the dependence of requests in two runs, under the hypothesis that they do not differ.

    Then a quantile of both is best estimated from the requests of both together. Its estimate from
    one run may lie elsewhere, as in a slow mode that the other run has too few requests in.
    """
    quantile = quantile_of(metric)
    if quantile is None:
        return before.dependence(metric).pooled(after.dependence(metric))
    return max(
        (
            before.dependence_beyond(step).pooled(after.dependence_beyond(step))
            for step in _edges(quantile, before.steps + after.steps)
        ),
        key=lambda pooled: pooled.effect,
    )


def paired_dependence(metric: str, before: SlicedOperation, after: SlicedOperation) -> Dependence:
    """Return the dependence of requests in two runs whose arrival rate changed in the same way.

    The slices of such a run are not alike, and what a higher rate does to them is no dependence. If
    the runs do not differ, two slices of the same time expect the same, so that only their
    difference is chance. If one is slower, it is so by more at a higher rate, which is no chance
    either: therefore each run is first held against its own mean at this level of the rate.
    """
    before, after = _aligned(before, after), _aligned(after, before)
    quantile = quantile_of(metric)
    count = max(len(before.points), len(after.points))
    if quantile is None:
        pairs = [(before.counted(metric), after.counted(metric))]
    else:
        pairs = [
            (before.counted_beyond(step), after.counted_beyond(step))
            for step in _edges(quantile, before.steps + after.steps)
        ]
    levels = _levels(before, after, count)
    return max(
        (_difference(old.padded(count), new.padded(count), levels) for old, new in pairs),
        key=lambda paired: paired.effect,
    )


def _levels(before: SlicedOperation, after: SlicedOperation, count: int) -> list[list[int]]:
    """Return the numbers of the slices by the level of the arrival rate, as many in each level."""
    requests = [0] * count
    for number, point in chain(enumerate(before.points), enumerate(after.points)):
        requests[number] += point.requests
    order = sorted(range(count), key=requests.__getitem__)
    ends = [level * count // _RATE_LEVELS for level in range(_RATE_LEVELS + 1)]
    return [order[start:end] for start, end in pairwise(ends)]


def _difference(before: Counted, after: Counted, levels: Sequence[Sequence[int]]) -> Dependence:
    old, new = (run.deviations_within(levels) for run in (before, after))
    return dependence(
        list(map(sub, new, old)),
        before.independent_variance + after.independent_variance,
        means=len(levels),
    )


def _aligned(sliced: SlicedOperation, other: SlicedOperation) -> SlicedOperation:
    """Return an operation with slices no narrower than those of another."""
    width_ns = other.result.timeline.slice_ns
    if sliced.result.timeline.slice_ns >= width_ns:
        return sliced
    timeline = Timeline(slice_ns=width_ns)
    timeline.merge(sliced.result.timeline)
    return SlicedOperation(replace(sliced.result, timeline=timeline))


def _edges(quantile: float, counts: Mapping[int, int]) -> list[int]:
    """Return the steps whose lower edges enclose a quantile: its own, and the next in use."""
    left = (1 - quantile) * sum(counts.values())
    longer: int | None = None
    for step in sorted(counts, reverse=True):
        left -= counts[step]
        if left <= 0:
            return [step] if longer is None else [step, longer]
        longer = step
    raise ValueError("there are no requests")
