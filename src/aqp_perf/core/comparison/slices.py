"""How much the requests of an operation resemble their neighbours, by its slices over time.

Slices keep latencies in steps of 6 %, which is too coarse for a quantile and fine enough here: a
quantile is put at the two edges of the step it lies in, where the slices count exactly how many
requests took longer, and the larger dependence of the two holds.
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


class SlicedOperation:
    """An operation of one run, ready to be asked for the dependence of any metric."""

    def __init__(self, result: OperationResult) -> None:
        self.result: Final = result
        self.points: Final = tuple(result.timeline.points())
        self.steps: Final = Counter[int]()
        """Requests in each step of latency, over all slices."""
        for each in self.points:
            self.steps.update(each.steps)
        self._steps = sorted(self.steps)
        self._middles_ns = [sum(bounds_ns(step)) / 2 for step in self._steps]
        self._rows = [[each.steps.get(step, 0) for step in self._steps] for each in self.points]
        self._totals = [self.steps[step] for step in self._steps]

    @property
    def variance_ns2(self) -> float:
        """The variance of single latencies, by the steps."""
        mean_ns = self._mean_ns
        squares = [(middle - mean_ns) ** 2 for middle in self._middles_ns]
        variance: float = sum(map(mul, self._totals, squares)) / sum(self._totals)
        return variance

    def dependence(self, metric: str) -> Dependence:
        """Return how much requests resemble each other in what a metric counts.

        Args:
            metric: one that runs can be compared by, no quantile.
        """
        if metric == "failure_ratio":
            return self._dependence_of_shares([each.failures for each in self.points])
        if metric == "mean":
            return self._dependence_of_latencies()
        return self._dependence_of_answers()

    def dependence_beyond(self, step: int) -> Dependence:
        """Return how much requests resemble each other in whether they took so long."""
        place = bisect_left(self._steps, step)
        return self._dependence_of_shares([sum(row[place:]) for row in self._rows])

    @property
    def _mean_ns(self) -> float:
        mean_ns: float = sum(map(mul, self._totals, self._middles_ns)) / sum(self._totals)
        return mean_ns

    def _dependence_of_shares(self, hits: Sequence[int]) -> Dependence:
        requests = sum(each.requests for each in self.points)
        share = sum(hits) / requests
        sums = [hit - share * each.requests for hit, each in zip(hits, self.points, strict=True)]
        return dependence(sums, requests * share * (1 - share))

    def _dependence_of_latencies(self) -> Dependence:
        mean_ns, requests = self._mean_ns, sum(self._totals)
        sums = [
            sum(map(mul, row, self._middles_ns)) - mean_ns * each.requests
            for row, each in zip(self._rows, self.points, strict=True)
        ]
        return dependence(sums, self.variance_ns2 * requests)

    def _dependence_of_answers(self) -> Dependence:
        """Return that of throughput, where independent answers would come at random."""
        whole = self.points[:-1]  # the last one may have been cut short by the end of the run
        answers = [each.requests - each.failures for each in whole]
        mean = sum(answers) / len(answers)
        return dependence([each - mean for each in answers], sum(answers))


def shared_dependence(metric: str, before: SlicedOperation, after: SlicedOperation) -> Dependence:
    """Return how much the requests of two runs that do not differ resemble each other.

    If they do not differ, what a quantile of both truly is lies where that of all their requests
    does. Where each shows its own may be another place: in a slow mode, say, of which one run had
    too few to show.

    Args:
        metric: one that runs can be compared by.
        before: one of them.
        after: the other.
    """
    quantile = quantile_of(metric)
    if quantile is None:
        return before.dependence(metric).pooled(after.dependence(metric))
    return max(
        (
            before.dependence_beyond(step).pooled(after.dependence_beyond(step))
            for step in _edges(quantile, before.steps + after.steps)
        ),
        key=lambda each: each.effect,
    )


def _edges(quantile: float, counts: Mapping[int, int]) -> list[int]:
    """Return the steps between whose lower edges a quantile is: its own, and the next in use."""
    left = (1 - quantile) * sum(counts.values())
    longer: int | None = None
    for step in sorted(counts, reverse=True):
        left -= counts[step]
        if left <= 0:
            return [step] if longer is None else [step, longer]
        longer = step
    raise ValueError("there are no requests")
