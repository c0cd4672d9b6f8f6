"""A running load in words: a line for logs, and the figures for a terminal's display."""

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from typing import Final, NamedTuple

from aqp_perf.core.load.durations import format_duration
from aqp_perf.core.measured.run_progress import Progress
from aqp_perf.core.measured.run_result import MeteredUnits
from aqp_perf.core.samples.histogram import LatencyHistogram
from aqp_perf.core.verdict.observations import samples_for
from aqp_perf.core.verdict.verdicts import Judgement, RunVerdict, Verdict
from aqp_perf.reports.figures import counted, figure, table_ms
from aqp_perf.reports.lines import Line, Style, printable

_RATE_S: Final = 10.0
"""Window of the request rate: workers on other machines report every three seconds."""

_MOST_BROKEN: Final = 20
"""Broken thresholds that a line names."""


class Rates:
    """The request rate of the last seconds, from one progress to the next."""

    def __init__(self) -> None:
        self._seen: deque[tuple[float, int]] = deque([(0.0, 0)])

    def per_s(self, progress: Progress) -> float:
        """Return the requests per second of the last ten seconds."""
        seen = self._seen
        if progress.elapsed_s > seen[-1][0]:
            seen.append((progress.elapsed_s, progress.arrivals))
        while len(seen) > 2 and seen[-1][0] - seen[1][0] >= _RATE_S:  # noqa: PLR2004 - the ends
            seen.popleft()
        (first_s, first), (last_s, last) = seen[0], seen[-1]
        return (last - first) / (last_s - first_s) if last_s > first_s else 0.0


class View(NamedTuple):
    """What is shown of a run at one moment, as text."""

    time: str
    """Elapsed and in all."""
    figures: str
    """Users, requests per second, failures, latency, and capacity units where metered."""
    verdict: Line
    """The thresholds so far: GOOD when every one is met, BAD when one is broken."""
    elapsed_s: float
    rows: tuple[tuple[str, ...], ...]
    """Of every operation: name, requests, failures, p50, p99."""


def view(
    progress: Progress,
    *,
    run_time_s: float,
    requests_per_s: float,
    judge: Callable[[Progress], RunVerdict],
) -> View:
    """Return what is to be shown of a running load; ``judge`` returns the verdict so far."""
    run = progress.run
    elapsed_s = min(progress.elapsed_s + progress.age_s, run_time_s)
    is_ending = elapsed_s == run_time_s
    elapsed = format_duration(run_time_s if is_ending else int(elapsed_s))
    p50, p99 = _latency_texts(operation.latency for operation in run.operations)
    figures = (
        counted(progress.users, "user"),
        f"{figure(requests_per_s, 3)} requests/s",
        counted(sum(operation.failures for operation in run.operations), "failure"),
        f"p50 {p50} ms, p99 {p99} ms" if run.requests else "",
        _units_text(run.metered),
    )
    return View(
        time=f"{elapsed} of {format_duration(run_time_s)}{', ending' if is_ending else ''}",
        figures=", ".join(filter(None, figures)),
        verdict=_verdict_so_far(progress, judge),
        elapsed_s=elapsed_s,
        rows=tuple(
            (
                printable(label),
                str(operation.requests),
                str(operation.failures),
                *_latency_texts([operation.latency]),
            )
            for label, operation in run.labelled.items()
        ),
    )


def progress_line(shown: View) -> str:
    """Return a running load as one line of a log."""
    return f"{shown.time}, {shown.figures}; {shown.verdict.text}"


def _units_text(metered: MeteredUnits | None) -> str:
    if metered is None:
        return ""
    units = {"read": metered.units.read, "write": metered.units.write}
    return ", ".join(f"{figure(count)} {kind} units" for kind, count in units.items() if count)


def _latency_texts(parts: Iterable[LatencyHistogram]) -> tuple[str, str]:
    """Return p50 and p99 in ms."""
    latency = LatencyHistogram()
    for part in parts:
        latency.merge(part)
    p50_ns, p99_ns = latency.quantiles_ns([0.5, 0.99])
    return _ms(p50_ns), _ms(p99_ns)


def _ms(value_ns: int | None) -> str:
    return table_ms(None if value_ns is None else value_ns / 1_000_000)


def _verdict_so_far(progress: Progress, judge: Callable[[Progress], RunVerdict]) -> Line:
    if not progress.run.requests:
        return Line("not measuring yet", Style.PLAIN)
    judgements = judge(progress).judgements
    broken = [
        f"{'' if it.operation is None else f'{it.operation}: '}{it.threshold.rule}"
        for it in judgements
        if it.verdict is Verdict.FAIL
    ]
    if broken:
        more = len(broken) - _MOST_BROKEN
        named = ", ".join(broken[:_MOST_BROKEN]) + (f" and {more} more" if more > 0 else "")
        return Line(printable(f"broken so far: {named}"), Style.BAD)
    if not judgements:
        return Line("no threshold is set", Style.PLAIN)
    verdicts = [judgement.verdict for judgement in judgements]
    met, undecided = verdicts.count(Verdict.PASS), verdicts.count(Verdict.INVALID)
    text = f"{met} of {len(judgements)} thresholds met so far"
    text += f", {undecided} undecided" if undecided else ""
    unjudged = [judgement for judgement in judgements if judgement.verdict is Verdict.NO_DATA]
    if unjudged:
        return Line(f"{text}, {_unjudged_text(unjudged)}", Style.PLAIN)
    return Line(text, Style.PLAIN if undecided else Style.GOOD)


def _unjudged_text(unjudged: Sequence[Judgement]) -> str:
    """Return how many thresholds lack samples, and of which most are missing."""
    text = f"{len(unjudged)} cannot be judged yet"
    lacking = [
        (judgement.samples / needed, judgement.samples, needed)
        for judgement in unjudged
        if (quantile := judgement.threshold.quantile) is not None
        for needed in [max(samples_for(quantile), judgement.threshold.min_samples or 0)]
    ]
    if not lacking:
        return text
    _, samples, needed = min(lacking)
    return f"{text} ({samples:,} of {needed:,} samples)"
