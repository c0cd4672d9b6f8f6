"""How much the requests of an operation resemble their neighbours, by its slices over time.

Slices keep latencies in steps of 6 %, which is too coarse for a quantile and fine enough here: a
quantile is put at the two edges of the step it lies in, where the slices count exactly how many
requests took longer, and the larger dependence of the two holds.
"""

from collections.abc import Sequence
from itertools import accumulate
from operator import mul
from typing import Final

from perf.core.block_bootstrap import Dependence, dependence
from perf.core.operation import OperationResult
from perf.core.thresholds import quantile_of
from perf.core.timeline import bounds_ns


class SlicedOperation:
    """An operation of one run, ready to be asked for the dependence of any metric."""

    def __init__(self, result: OperationResult) -> None:
        self.result: Final = result
        self.points: Final = tuple(result.timeline.points())
        self._steps = sorted({step for each in self.points for step in each.steps})
        self._middles_ns = [sum(bounds_ns(step)) / 2 for step in self._steps]
        self._rows = [[each.steps.get(step, 0) for step in self._steps] for each in self.points]
        self._totals = [sum(column) for column in zip(*self._rows, strict=True)]

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
            metric: one that runs can be compared by.
        """
        quantile = quantile_of(metric)
        if quantile is not None:
            edges = (
                self._dependence_of_shares([sum(row[edge:]) for row in self._rows])
                for edge in self._edges(quantile)
            )
            return max(edges, key=lambda each: each.effect)
        if metric == "failure_ratio":
            return self._dependence_of_shares([each.failures for each in self.points])
        if metric == "mean":
            return self._dependence_of_latencies()
        return self._dependence_of_answers()

    @property
    def _mean_ns(self) -> float:
        mean_ns: float = sum(map(mul, self._totals, self._middles_ns)) / sum(self._totals)
        return mean_ns

    def _edges(self, quantile: float) -> list[int]:
        """Return the places of two steps: that of the quantile, and the next longer one in use."""
        beyond = (1 - quantile) * sum(self._totals)
        above = list(accumulate(reversed(self._totals)))
        back = next((place for place, count in enumerate(above) if count >= beyond), len(above) - 1)
        own = len(above) - 1 - back
        return [own, own + 1] if back else [own]

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
