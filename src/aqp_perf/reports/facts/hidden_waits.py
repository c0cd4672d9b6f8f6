"""What a closed model hides of the waits, in one sentence."""

from aqp_perf.core.results.judged_run import JudgedRun
from aqp_perf.core.verdict.hidden_waits import hidden_waits
from aqp_perf.core.verdict.metrics import MetricKind, format_quantity
from aqp_perf.reports.figures import quantity_text


def hidden_wait_text(judged: JudgedRun) -> str | None:
    """Return how often an arrival would have met a long wait; None: see `hidden_waits`."""
    found = hidden_waits(judged.run, judged.verdict.judgements)
    if found is None:
        return None
    one, *others = (format_quantity(limit, MetricKind.LATENCY) for limit in found.limits_ms)
    limit = "the limit of its operation" if others else one
    share = quantity_text(found.ratio, MetricKind.RATIO)
    return (
        "closed model: an arrival at a random instant would have met a wait above "
        f"{limit} in {share} of the time"
    )
