"""The figures that the charts of a run draw, as JSON no larger than the eye needs.

Times are milliseconds with four digits. A quantile q is given by its tail, 1 - q: 0.01 is the p99.
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
from aqp_perf.reports.facts.conditions import freezes_text
from aqp_perf.reports.facts.shown import shown
from aqp_perf.reports.figures import rounded
from aqp_perf.reports.lines import printable

TAILS: Final = tuple(
    round(tail * 10.0**-decade, 12)
    for decade in range(10)
    for tail in (1, 0.9, 0.8, 0.7, 0.6, 0.5, 0.45, 0.4, 0.35, 0.3, 0.25, 0.2, 0.15)
)
"""The percentiles that are drawn: p0, p10, ... p90, p91, ... p95, p95.5, ..., about equally far
apart on the logarithmic axis."""
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
    """A smaller tail has too few samples to be judged."""
    latency_ms: list[float | None]
    service_time_ms: NotRequired[list[float | None]]
    """Missing where it is equal to the latency."""


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
    """The figures of one operation; None where there is nothing to draw."""

    name: str
    limits: list[Limit]
    p99_ms: list[float | None]
    """Of latency and service time."""
    percentiles: Percentiles | None
    timeline: Slices | None
    shares_ms: dict[str, float] | None


class RunCharts(TypedDict):
    """The figures of a run."""

    duration_s: float
    freezes: list[list[float]]
    """When the load generator, or a server of ours, stood still, and for how long, in s."""
    freezes_text: str
    operations: list[OperationCharts]


def chart_data(judged: JudgedRun) -> RunCharts:
    """Return the figures that the charts of a run draw, of the operations that are shown."""
    health = judged.run.generator
    return RunCharts(
        duration_s=judged.run.duration_s,
        freezes=[[rounded(start_s, 6), rounded(length_s)] for start_s, length_s in health.freezes],
        freezes_text=freezes_text(health),
        operations=[
            OperationCharts(
                name=printable(label),
                limits=list(_limits(label, judged.verdict.judgements)),
                p99_ms=_all_ms(
                    times.quantile_ns(0.99) for times in (operation.latency, operation.service_time)
                ),
                percentiles=_percentiles(operation),
                timeline=_timeline(operation),
                shares_ms=None
                if operation.time_shares is None
                else {key: rounded(ms) for key, ms in operation.time_shares.means_ms.items()},
            )
            for label, operation in shown(judged, judged.run.labelled).of.items()
        ],
    )


def _limits(label: str, judgements: Iterable[Judgement]) -> Iterator[Limit]:
    for judgement in judgements:
        rule = judgement.threshold
        is_own = judgement.operation == label and rule.kind is MetricKind.LATENCY
        if is_own and rule.quantile is not None:
            yield Limit(
                tail=round(1 - rule.quantile, 9),
                ms=rule.limit,
                text=rule.rule,
                verdict=str(judgement.verdict),
            )


def _percentiles(operation: OperationResult) -> Percentiles | None:
    latency, service_time = operation.latency, operation.service_time
    samples = latency.count
    if not samples:
        return None
    tails = list(takewhile(lambda tail: tail * samples > 1, TAILS))
    quantiles = [*(round(1 - tail, 12) for tail in tails), 1.0]
    # The tail of the largest sample is 0, which a logarithmic axis lacks: it is drawn at 1 of all.
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
    return [None if value_ns is None else rounded(value_ns / _NS_PER_MS) for value_ns in values_ns]
