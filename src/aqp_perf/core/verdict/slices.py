"""How much requests depend on their neighbours in time, by the slices of a timeline.

Slices keep latencies in steps of 6 %. That is too coarse for a quantile but fine enough for its
dependence: at the two edges of the quantile's step the slices count exactly how many requests took
longer, and the larger dependence of the two counts.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Mapping, Sequence
from operator import mul
from typing import Final

from aqp_perf.core.measured.operation import OperationResult
from aqp_perf.core.samples.block_bootstrap import Dependence, dependence
from aqp_perf.core.samples.timeline import bounds_ns
from aqp_perf.core.verdict.metrics import quantile_of

FEWEST_SLICES: Final = 20
"""With fewer slices the dependence of neighbours cannot be estimated."""


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
        self._rows = [[point.steps.get(step, 0) for step in self._steps] for point in self.points]
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
        if metric == "failure_ratio":
            return self._dependence_of_shares([point.failures for point in self.points])
        if metric == "mean":
            return self._dependence_of_latencies()
        return self._dependence_of_answers()

    def dependence_beyond(self, step: int) -> Dependence:
        """Return the dependence in whether requests took as long as this step, or longer."""
        place = bisect_left(self._steps, step)
        return self._dependence_of_shares([sum(row[place:]) for row in self._rows])

    @property
    def _mean_ns(self) -> float:
        mean_ns: float = sum(map(mul, self._totals, self._middles_ns)) / sum(self._totals)
        return mean_ns

    def _dependence_of_shares(self, hits: Sequence[int]) -> Dependence:
        requests = sum(point.requests for point in self.points)
        share = sum(hits) / requests
        sums = [hit - share * point.requests for hit, point in zip(hits, self.points, strict=True)]
        return dependence(sums, requests * share * (1 - share))

    def _dependence_of_latencies(self) -> Dependence:
        mean_ns, requests = self._mean_ns, sum(self._totals)
        sums = [
            sum(map(mul, row, self._middles_ns)) - mean_ns * point.requests
            for row, point in zip(self._rows, self.points, strict=True)
        ]
        return dependence(sums, self.variance_ns2 * requests)

    def _dependence_of_answers(self) -> Dependence:
        """Return the dependence of throughput; independent answers are a Poisson process."""
        whole = self.points[:-1]  # the last one may have been cut short by the end of the run
        answers = [point.requests - point.failures for point in whole]
        mean = sum(answers) / len(answers)
        return dependence([count - mean for count in answers], sum(answers))


def own_dependence(metric: str, operation: SlicedOperation) -> Dependence:
    """Return the dependence of requests in one run, in what a metric counts."""
    quantile = quantile_of(metric)
    if quantile is None:
        return operation.dependence(metric)
    return max(
        map(operation.dependence_beyond, _edges(quantile, operation.steps)),
        key=lambda found: found.effect,
    )


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
