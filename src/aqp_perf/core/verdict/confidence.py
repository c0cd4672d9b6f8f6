"""Whether a run proves that a limit is kept, or that it is broken: ``--perf-proof``.

A figure of one run is a sample. With proof, PASS needs the bound of its interval to keep the limit,
FAIL needs the other one to break it, and what lies between them is not known.
"""

import re
from decimal import Decimal
from math import ceil, isinf, sqrt
from typing import Final

from aqp_perf.core.measured.operation import OperationResult
from aqp_perf.core.measured.run_result import RunResult
from aqp_perf.core.samples.block_bootstrap import ENDLESS_FREEDOM, Dependence
from aqp_perf.core.verdict.bounds import bounds_of, interval_bounds
from aqp_perf.core.verdict.metrics import MetricKind, format_quantity
from aqp_perf.core.verdict.observations import (
    CONFIDENCE,
    dependence_of,
    has_interval,
    samples_needed,
)
from aqp_perf.core.verdict.slices import FEWEST_SLICES
from aqp_perf.core.verdict.thresholds import Threshold

LEAST_PROOF: Final = 0.5
MOST_PROOF: Final = 0.999
_INDEPENDENT: Final = Dependence(variance=0.0, independent_variance=0.0, freedom=ENDLESS_FREEDOM)
_NUMBER: Final = re.compile(r"[0-9]+(?:\.[0-9]+)?")
_MOST_TIMES: Final = 100
"""More requests than so many times those of the run are not suggested."""


def parse_proof(text: str) -> float | None:
    """Return the confidence of a proof, 0.95 for ``95%``; None for ``off``.

    Raises:
        ValueError: it is no percentage from 50 % to 99.9 %.
    """
    if text == "off":
        return None
    number, percent, rest = text.partition("%")
    confidence = float(Decimal(number) / 100) if _NUMBER.fullmatch(number) else 0.0
    if not percent or rest or not LEAST_PROOF <= confidence <= MOST_PROOF:
        raise ValueError("write 'off', or a confidence from 50% to 99.9%, such as 95%")
    return confidence


def proof_text(confidence: float | None) -> str:
    """Return text that `parse_proof` reads as this confidence."""
    return "off" if confidence is None else format_quantity(confidence, MetricKind.RATIO)


def takes_proof(rule: Threshold) -> bool:
    """Whether the metric has an interval; that of a ratio never proves a limit of 0."""
    return has_interval(rule) and not (rule.kind is MetricKind.RATIO and not rule.limit)


def is_broken_anyhow(run: RunResult, operation: OperationResult, rule: Threshold) -> bool:
    """Whether a limit on a ratio is broken even by the better end of its 95 % interval.

    Then it is broken with fewer requests, too, than could show that it is kept.
    """
    if rule.kind is not MetricKind.RATIO:
        return False
    found = dependence_of(operation, rule) or _INDEPENDENT
    ends = interval_bounds(run, operation, rule, found, CONFIDENCE)
    return not rule.is_met_by(ends.better(rule))


def unproven_reason(
    run: RunResult, operation: OperationResult, rule: Threshold, confidence: float
) -> str:
    """Return why a run proves neither that a limit is kept nor that it is broken; empty: it does.

    The interval begins at the better bound and ends at the worse one: what the generator can have
    added is not proven either.

    Args:
        run: what was measured.
        operation: the operation of it that is judged; it has at least one request.
        rule: a limit that takes a proof, and that both bounds of the figure keep or break.
        confidence: of the interval, `LEAST_PROOF` to `MOST_PROOF`.
    """
    found = dependence_of(operation, rule)
    shown = f"not proven at {proof_text(confidence)}"
    if found is None:
        return f"{shown}: requests in {FEWEST_SLICES} slices of time are needed"
    bounds = bounds_of(run, operation, rule)
    ends = interval_bounds(run, operation, rule, found, confidence)
    is_met = rule.is_met_by(bounds.worse(rule))
    value, end = (one.worse(rule) if is_met else one.better(rule) for one in (bounds, ends))
    if rule.is_met_by(end) == is_met:
        return ""
    reach, distance = abs(end - value), abs(rule.limit - value)
    if rule.kind is MetricKind.RATIO:
        # Wilson's interval ends where the limit is so many of the limit's standard errors away.
        error = sqrt(rule.limit * (1 - rule.limit) * found.effect / operation.requests)
        reach = found.reach(confidence) * error
    if isinf(reach) or not end:  # too few samples enclose the figure
        needed = ceil(samples_needed(rule, confidence) * found.effect)
    elif reach <= distance * sqrt(_MOST_TIMES):
        # Standard errors shrink with the square root of the requests.
        needed = ceil(operation.requests * (reach / distance) ** 2)
    else:
        return f"{shown}: the limit is too close to what was observed"
    return f"{shown}: about {needed:,} requests like these would tell"
