"""Abort rules: whether a run that is under way should end early."""

from collections.abc import Mapping, Sequence

from aqp_perf.core.measured.operation import OperationResult
from aqp_perf.core.measured.selectors import matching_operations
from aqp_perf.core.verdict.metrics import format_quantity
from aqp_perf.core.verdict.observations import observe, samples_for
from aqp_perf.core.verdict.thresholds import Threshold


def abort_reason(
    operations: Mapping[str, OperationResult], rules: Sequence[Threshold]
) -> str | None:
    """Return why a run should end now; None when no abort rule is met.

    Args:
        operations: what was measured so far, by label.
        rules: abort rules. A rule applies to an operation once that has the rule's number of
            requests, and the samples that its percentile needs.
    """
    for rule in rules:
        for name in matching_operations(rule.operation, operations):
            operation = operations[name]
            needed = 1 if rule.quantile is None else samples_for(rule.quantile)
            if operation.requests < max(needed, rule.abort_after or 0):
                continue
            found = observe(operation, rule)
            if found is not None and rule.is_met_by(found.value):
                observed = format_quantity(float(f"{found.value:.3g}"), rule.kind)
                return f"{name}: {rule.rule}: it was {observed} after {operation.requests} requests"
    return None
