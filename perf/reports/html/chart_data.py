"""What the charts of a run draw, as JSON that is as small as the eye needs it.

Times are milliseconds with four digits. A quantile q is told by its tail, 1 - q: 0.01 is the p99.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import takewhile
from typing import Final

from perf.core.histogram import LatencyHistogram
from perf.core.operation import OperationResult
from perf.core.report import JudgedRun
from perf.core.thresholds import MetricKind
from perf.core.timeline import TimelinePoint, bounds_ns
from perf.core.verdicts import TAIL_SAMPLES, Judgement, samples_for
from perf.reports.lines import printable

TAILS: Final = tuple(
    round(tail * 10.0**-decade, 12)
    for decade in range(10)
    for tail in (1, 0.9, 0.8, 0.7, 0.6, 0.5, 0.45, 0.4, 0.35, 0.3, 0.25, 0.2, 0.15)
)
"""The percentiles that are drawn: p0, p10, ... p90, p91, ... p95, p95.5, ..., equally far apart for
the eye."""
STEPS_PER_ROW: Final = 2
"""Eight rows of the heat map for an octave of latencies: more are narrower than a pixel."""

_SLICE_QUANTILES: Final = {"p50_ms": 0.5, "p99_ms": 0.99}
_NS_PER_MS: Final = 1_000_000
_DIGITS: Final = 4
_SHORTEST_MS: Final = 0.0005
"""Where a logarithmic axis puts the lower end of the step that begins at 0."""


def chart_data(judged: JudgedRun) -> dict[str, object]:
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
                else {key: _short(ms) for key, ms in operation.time_shares.means_ms.items()},
            }
            for label, operation in judged.run.labelled.items()
        ],
    }


def _limits(judgements: Iterable[Judgement]) -> Iterator[dict[str, object]]:
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


def _percentiles(operation: OperationResult) -> dict[str, object] | None:
    latency, service_time = operation.latency, operation.service_time
    samples = latency.count
    if not samples:
        return None
    tails = list(takewhile(lambda tail: tail * samples > 1, TAILS))
    quantiles = [*(round(1 - tail, 12) for tail in tails), 1.0]
    # The largest sample stands where one of all lies above: it has no place on a logarithm.
    tails.append(1 / samples)
    drawn = {"latency_ms": _drawn(latency, quantiles)}
    if latency != service_time and service_time.count:
        drawn["service_time_ms"] = _drawn(service_time, quantiles)
    return {"tails": tails, "sound_tail": TAIL_SAMPLES / samples, **drawn}


def _drawn(histogram: LatencyHistogram, quantiles: Sequence[float]) -> list[float | None]:
    return _all_ms(histogram.quantiles_ns(quantiles))


def _timeline(operation: OperationResult) -> dict[str, object] | None:
    """Return the slices; each cell column is its lowest row and the counts from there up."""
    points = tuple(operation.timeline.points())
    if not points:
        return None
    rows = sorted({step // STEPS_PER_ROW for point in points for step in point.steps})
    first = rows[0] if rows else 0
    edges = range(first, rows[-1] + 2) if rows else ()
    return {
        "slice_s": points[0].duration_s,
        "requests": [point.requests for point in points],
        "failures": [point.failures for point in points],
        "edges_ms": [_edge_ms(row) for row in edges],
        "columns": [_column(point, first) for point in points],
        **{
            name: [_slice_quantile_ms(point, q) for point in points]
            for name, q in _SLICE_QUANTILES.items()
        },
    }


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
    return max(_short(lowest_ns / _NS_PER_MS), _SHORTEST_MS)


def _slice_quantile_ms(point: TimelinePoint, q: float) -> float | None:
    """Return the middle of the step that holds a quantile; None with too few samples for it."""
    if point.requests < samples_for(q):
        return None
    left = q * point.requests
    for step in sorted(point.steps):
        left -= point.steps[step]
        if left <= 0:
            return _short(sum(bounds_ns(step)) / 2 / _NS_PER_MS)
    return None


def _all_ms(values_ns: Iterable[int | None]) -> list[float | None]:
    return [None if each is None else _short(each / _NS_PER_MS) for each in values_ns]


def _short(number: float) -> float:
    return float(f"{number:.{_DIGITS}g}")
