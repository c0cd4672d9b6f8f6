"""What a closed model hides: waits of those who do not wait for the last answer to ask again.

A user of a closed model sends nothing while it waits, so one long request is one sample. People who
came meanwhile would all have waited. One who comes to a user that is ``t`` into a request of length
``L`` waits for ``L - t``: longer than a limit in the first ``L - limit`` of it.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

from aqp_perf.core.measured.run_result import RunResult
from aqp_perf.core.measured.selectors import ALL
from aqp_perf.core.verdict.metrics import MetricKind
from aqp_perf.core.verdict.verdicts import Judgement

_NS: Final = 1_000_000_000
_NS_PER_MS: Final = 1_000_000


class HiddenWaits(NamedTuple):
    """How often a wait above the limit would have been met at a random instant."""

    ratio: float
    """Share of the users' time."""
    limits_ms: tuple[float, ...]
    """The limits of the operations, without repetition, in ascending order."""


def hidden_waits(run: RunResult, judgements: Sequence[Judgement]) -> HiddenWaits | None:
    """Return the share of the time of the users in which an arrival would have waited too long.

    That is the sum of (latency - limit) over all requests above their limit, divided by users x
    time. The limit of an operation is that of its highest percentile; without a limit of its own it
    is that on all requests together.

    Returns:
        None in an open model, which hides no wait, and without an upper limit on a percentile.
    """
    user_s = run.users * run.duration_s
    limits_ms = _limits_ms(judgements)
    labelled = run.labelled
    if ALL in limits_ms:
        limits_ms = dict.fromkeys(labelled, limits_ms.pop(ALL)) | limits_ms
    if run.generator.arrivals_due is not None or not user_s or not limits_ms:
        return None
    above_s = sum(
        labelled[label].latency.excess_ns(round(limit_ms * _NS_PER_MS)) / _NS
        for label, limit_ms in limits_ms.items()
        if label in labelled
    )
    # Requests that were under way when the window ended count with their whole latency.
    return HiddenWaits(min(above_s / user_s, 1.0), tuple(sorted({*limits_ms.values()})))


def _limits_ms(judgements: Sequence[Judgement]) -> dict[str, float]:
    """Return the limit on the highest percentile of each operation, by its label."""
    highest: dict[str, tuple[float, float]] = {}
    for judgement in judgements:
        rule, label = judgement.threshold, judgement.operation
        is_latency = rule.kind is MetricKind.LATENCY and rule.is_upper_limit
        if label is not None and is_latency and rule.quantile is not None:
            # Of two limits on one percentile the stricter one counts.
            found = (rule.quantile, -rule.limit)
            highest[label] = max(found, highest.get(label, found))
    return {label: -negated for label, (_, negated) in highest.items()}
