"""What the charts of a run draw, as JSON that is as small as the eye needs it.

Times are milliseconds with four digits. A quantile q is told by its tail, 1 - q: 0.01 is the p99.
"""

from collections.abc import Iterable, Iterator
from itertools import takewhile
from typing import Final, NotRequired, TypedDict

from aqp_perf.core.measured.operation import OperationResult
from aqp_perf.core.results.judged_run import JudgedRun
from aqp_perf.core.samples.timeline import TimelinePoint, bounds_ns
from aqp_perf.core.verdict.metrics import MetricKind
from aqp_perf.core.verdict.observations import TAIL_SAMPLES, samples_for
from aqp_perf.core.verdict.verdicts import Judgement
from aqp_perf.reports.figures import rounded
from aqp_perf.reports.lines import printable

TAILS: Final = tuple(
    round(tail * 10.0**-decade, 12)
    for decade in range(10)
    for tail in (1, 0.9, 0.8, 0.7, 0.6, 0.5, 0.45, 0.4, 0.35, 0.3, 0.25, 0.2, 0.15)
)
"""The percentiles that are drawn: p0, p10, ... p90, p91, ... p95, p95.5, ..., equally far apart for
the eye."""
STEPS_PER_ROW: Final = 2
"""Eight rows of the heat map for an octave of latencies: more are narrower than a pixel."""

_NS_PER_MS: Final = 1_000_000
_SHORTEST_MS: Final = 0.0005
"""Where a logarithmic axis puts the lower end of the step that begins at 0."""


class Limit(TypedDict):
    """A threshold that has a place in a percentile chart."""

    tail: float
    ms: float
    text: str
    verdict: str


class Percentiles(TypedDict):
    """Latencies at these tails, the largest sample last."""

    tails: list[float]
    sound_tail: float
    """What lies beyond it has too few samples to be judged."""
    latency_ms: list[float | None]
    service_time_ms: NotRequired[list[float | None]]
    """Missing where it is the latency."""


class Slices(TypedDict):
    """An operation over time; all lists but ``edges_ms`` have one entry per slice."""

    slice_s: float
    requests: list[int]
    failures: list[int]
    p50_ms: list[float | None]
    """None with too few samples, as the p99."""
    p99_ms: list[float | None]
    edges_ms: list[float]
    """Where the rows of the heat map begin, and the last one ends."""
    columns: list[list[int]]
    """The lowest row in use, then the requests of that row and those above it."""


class OperationCharts(TypedDict):
    """What the charts of an operation draw; None: nothing."""

    name: str
    limits: list[Limit]
    p99_ms: list[float | None]
    """Of latency and service time."""
    percentiles: Percentiles | None
    timeline: Slices | None
    shares_ms: dict[str, float] | None


class RunCharts(TypedDict):
    """What the charts of a run draw."""

    duration_s: float
    operations: list[OperationCharts]


def chart_data(judged: JudgedRun) -> RunCharts:
    """Return what the charts of a run draw."""
    judgements = judged.verdict.judgements
    return {
        "duration_s": judged.run.duration_s,
        "operations": [
            {
                "name": printable(label),
                "limits": list(_limits(each for each in judgements if each.operation == label)),
                "p99_ms": _p99_ms(operation),
                "percentiles": _percentiles(operation),
                "timeline": _timeline(operation),
                "shares_ms": None
                if operation.time_shares is None
                else {key: rounded(ms) for key, ms in operation.time_shares.means_ms.items()},
            }
            for label, operation in judged.run.labelled.items()
        ],
    }


def _limits(judgements: Iterable[Judgement]) -> Iterator[Limit]:
    """Yield the limits that have a place in a percentile chart."""
    for each in judgements:
        rule = each.threshold
        if rule.kind is MetricKind.LATENCY and rule.quantile is not None:
            yield {
                "tail": round(1 - rule.quantile, 9),
                "ms": rule.limit,
                "text": rule.rule,
                "verdict": str(each.verdict),
            }


def _p99_ms(operation: OperationResult) -> list[float | None]:
    """Return the p99 of latency and service time, judged or not."""
    return _all_ms(each.quantile_ns(0.99) for each in (operation.latency, operation.service_time))


def _percentiles(operation: OperationResult) -> Percentiles | None:
    latency, service_time = operation.latency, operation.service_time
    samples = latency.count
    if not samples:
        return None
    tails = list(takewhile(lambda tail: tail * samples > 1, TAILS))
    quantiles = [*(round(1 - tail, 12) for tail in tails), 1.0]
    # The largest sample stands where one of all lies above: it has no place on a logarithm.
    tails.append(1 / samples)
    percentiles = Percentiles(
        tails=tails,
        sound_tail=TAIL_SAMPLES / samples,
        latency_ms=_all_ms(latency.quantiles_ns(quantiles)),
    )
    if latency != service_time and service_time.count:
        percentiles["service_time_ms"] = _all_ms(service_time.quantiles_ns(quantiles))
    return percentiles


def _timeline(operation: OperationResult) -> Slices | None:
    points = tuple(operation.timeline.points())
    rows = sorted({step // STEPS_PER_ROW for point in points for step in point.steps})
    if not rows:
        return None
    return Slices(
        slice_s=points[0].duration_s,
        requests=[point.requests for point in points],
        failures=[point.failures for point in points],
        p50_ms=[_slice_quantile_ms(point, 0.5) for point in points],
        p99_ms=[_slice_quantile_ms(point, 0.99) for point in points],
        edges_ms=[_edge_ms(row) for row in range(rows[0], rows[-1] + 2)],
        columns=[_column(point, rows[0]) for point in points],
    )


def _column(point: TimelinePoint, first: int) -> list[int]:
    if not point.steps:
        return []
    counts: dict[int, int] = {}
    for step, requests in point.steps.items():
        row = step // STEPS_PER_ROW - first
        counts[row] = counts.get(row, 0) + requests
    lowest = min(counts)
    return [lowest, *(counts.get(row, 0) for row in range(lowest, max(counts) + 1))]


def _edge_ms(row: int) -> float:
    lowest_ns, _ = bounds_ns(row * STEPS_PER_ROW)
    return max(rounded(lowest_ns / _NS_PER_MS), _SHORTEST_MS)


def _slice_quantile_ms(point: TimelinePoint, q: float) -> float | None:
    """Return the middle of the step that holds a quantile; None with too few samples for it."""
    if point.requests < samples_for(q):
        return None
    left = q * point.requests
    for step in sorted(point.steps):
        left -= point.steps[step]
        if left <= 0:
            return rounded(sum(bounds_ns(step)) / 2 / _NS_PER_MS)
    return None


def _all_ms(values_ns: Iterable[int | None]) -> list[float | None]:
    return [None if each is None else rounded(each / _NS_PER_MS) for each in values_ns]
