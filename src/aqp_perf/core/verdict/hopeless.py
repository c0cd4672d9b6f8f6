"""Abort rules: whether a run that is under way should end early.

A rule acts on what is proven, not on noise: the lower end of a confidence interval must break its
limit, and as the run is looked at again and again, each look takes its part of the risk.
"""

from collections.abc import Sequence
from typing import Final

from aqp_perf.core.measured.operation import OperationResult
from aqp_perf.core.measured.run_result import RunResult
from aqp_perf.core.verdict.bounds import bounds_of, interval_bounds
from aqp_perf.core.verdict.confidence import takes_proof
from aqp_perf.core.verdict.judged_operations import JudgedOperations
from aqp_perf.core.verdict.metrics import MetricKind, format_quantity
from aqp_perf.core.verdict.observations import dependence_of, samples_for
from aqp_perf.core.verdict.thresholds import Threshold

FALSE_STOP_RATIO: Final = 0.05
"""The most of the runs that keep all limits that may be ended, by all looks together."""


class AbortRules:
    """The abort rules of a run, which is looked at from time to time."""

    def __init__(self, rules: Sequence[Threshold]) -> None:
        self._rules: Final = tuple(rules)
        self._looks = 0

    def reason(self, run: RunResult) -> str | None:
        """Look at a run; return why it should end now, or None.

        A rule applies to an operation once that has the rule's number of requests, and the samples
        that its percentile needs. It acts on the least figure, which the generator cannot have
        raised; ``max`` is no estimate, and a limit of 0 on a ratio is broken by one failure.

        Look k has the part 1 / (k (k + 1)) of `FALSE_STOP_RATIO`, so that all looks together have
        the whole of it, however many there are (Bonferroni).

        Args:
            run: what was measured so far.
        """
        operations = JudgedOperations(run)
        looked_at = [
            (name, operation, rule)
            for rule in self._rules
            for name, operation in operations.watched(rule).items()
            if _applies(rule, operation)
        ]
        if not looked_at:
            return None
        self._looks += 1
        risk = FALSE_STOP_RATIO / (self._looks * (self._looks + 1) * len(looked_at))
        for name, operation, rule in looked_at:
            # Both ends of an interval have the same risk, and only one of them stops a run.
            least = _proven(run, operation, rule, 1 - 2 * risk)
            if least is not None:
                observed = format_quantity(float(f"{least:.3g}"), rule.kind)
                return f"{name}: {rule.rule}: it was {observed} after {operation.requests} requests"
        return None


def _applies(rule: Threshold, operation: OperationResult) -> bool:
    needed = 1 if rule.quantile is None else samples_for(rule.quantile)
    samples = operation.requests
    if rule.kind is MetricKind.RATIO:
        _, samples = operation.failures_of(rule.failure_class)
    return bool(samples) and operation.requests >= max(needed, rule.abort_after or 0)


def _proven(
    run: RunResult, operation: OperationResult, rule: Threshold, confidence: float
) -> float | None:
    """Return the least figure of an operation, if it is proven to break a rule; None: it is not."""
    least = bounds_of(run, operation, rule).least
    if not rule.is_met_by(least):  # most looks end here: an interval costs far more
        return None
    if not takes_proof(rule):
        return least
    found = dependence_of(operation, rule)
    if found is None:
        return None
    begin = interval_bounds(run, operation, rule, found, confidence).least
    return least if rule.is_met_by(begin) else None
