"""Whether a run proves that a limit is kept, or that it is broken: ``--perf-proof``.

A figure of one run is a sample. With proof, PASS needs the bound of its interval to keep the limit,
FAIL needs the other one to break it, and what lies between them is not known.
"""

from math import ceil, isinf, sqrt
from typing import Final, NamedTuple

from aqp_perf.core.measured.operation import OperationResult
from aqp_perf.core.measured.run_result import RunResult
from aqp_perf.core.verdict.bounds import bounds_of, interval_bounds
from aqp_perf.core.verdict.metrics import MetricKind, format_quantity
from aqp_perf.core.verdict.observations import dependence_of, has_interval, samples_needed
from aqp_perf.core.verdict.slices import FEWEST_SLICES
from aqp_perf.core.verdict.thresholds import Threshold

LEAST_PROOF: Final = 0.5
MOST_PROOF: Final = 0.999
_MOST_TIMES: Final = 100
"""More requests than so many times those of the run are not suggested."""


class Proof(NamedTuple):
    """What a run proves about a limit."""

    is_kept: bool | None
    """None: neither that it is kept nor that it is broken."""
    reason: str = ""
    """Why nothing is proven, and how many requests would tell."""


def parse_proof(text: str) -> float:
    """Return the confidence of a proof, 0.95 for ``95%``.

    Raises:
        ValueError: it is no percentage from 50 % to 99.9 %.
    """
    number, percent, rest = text.partition("%")
    try:
        confidence = float(number) / 100
    except ValueError:
        confidence = 0.0
    if not percent or rest or not LEAST_PROOF <= confidence <= MOST_PROOF:
        raise ValueError("write a confidence from 50% to 99.9%, such as 95%")
    return confidence


def takes_proof(rule: Threshold) -> bool:
    """Whether the metric has an interval; that of a ratio never proves a limit of 0."""
    return has_interval(rule) and not (rule.kind is MetricKind.RATIO and not rule.limit)


def prove(run: RunResult, operation: OperationResult, rule: Threshold, confidence: float) -> Proof:
    """Return what a run proves about a limit that takes a proof.

    The interval begins at the better bound and ends at the worse one: what the generator can have
    added is not proven either.

    Args:
        run: what was measured.
        operation: the operation of it that is judged; it has at least one request.
        rule: a limit that takes a proof.
        confidence: of the interval, `LEAST_PROOF` to `MOST_PROOF`.
    """
    found = dependence_of(operation, rule)
    shown = f"not proven at {format_quantity(confidence, MetricKind.RATIO)}"
    if found is None:
        return Proof(None, f"{shown}: requests in {FEWEST_SLICES} slices of time are needed")
    ends = interval_bounds(run, operation, rule, found, confidence)
    if rule.is_met_by(ends.worse(rule)):
        return Proof(is_kept=True)
    if not rule.is_met_by(ends.better(rule)):
        return Proof(is_kept=False)
    bounds = bounds_of(run, operation, rule)
    value, end = bounds.worse(rule), ends.worse(rule)
    if not rule.is_met_by(value):
        value, end = bounds.better(rule), ends.better(rule)
    distance, reach = abs(rule.limit - value), abs(end - value)
    if rule.kind is MetricKind.RATIO:
        # Wilson's interval ends where the limit is so many of the limit's standard errors away.
        reach = found.reach(confidence) * sqrt(
            rule.limit * (1 - rule.limit) * found.effect / operation.requests
        )
    if isinf(reach):  # too few samples enclose the figure
        needed = ceil(samples_needed(rule, confidence) * found.effect)
    elif reach <= distance * sqrt(_MOST_TIMES):
        # Standard errors shrink with the square root of the requests.
        needed = ceil(operation.requests * (reach / distance) ** 2)
    else:
        return Proof(None, f"{shown}: the limit is too close to what was observed")
    return Proof(None, f"{shown}: about {needed:,} requests like these would tell")
