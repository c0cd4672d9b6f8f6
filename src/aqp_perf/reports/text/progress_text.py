"""A load under way, in words: a line for logs, and the figures for a terminal's display."""

from collections import deque
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

from aqp_perf.core.load.durations import format_duration
from aqp_perf.core.measured.operation import OperationResult
from aqp_perf.core.measured.run_progress import Progress
from aqp_perf.core.samples.histogram import LatencyHistogram
from aqp_perf.core.verdict.observations import samples_for
from aqp_perf.core.verdict.verdicts import Judgement, RunVerdict, Verdict
from aqp_perf.reports.figures import figure, table_ms
from aqp_perf.reports.lines import Style, printable

_RATE_S: Final = 10.0
"""Requests are counted over so many seconds: workers on other machines report every three."""


class Rates:
    """Requests per second of late, from one progress to the next."""

    def __init__(self) -> None:
        self._seen: deque[tuple[float, int]] = deque([(0.0, 0)])

    def per_s(self, progress: Progress) -> float:
        """Return how many requests there were a second in the last seconds."""
        seen = self._seen
        if progress.elapsed_s > seen[-1][0]:
            seen.append((progress.elapsed_s, progress.arrivals))
        while len(seen) > 2 and seen[-1][0] - seen[1][0] >= _RATE_S:  # noqa: PLR2004 - the ends
            seen.popleft()
        (first_s, first), (last_s, last) = seen[0], seen[-1]
        return (last - first) / (last_s - first_s) if last_s > first_s else 0.0


class Standing(NamedTuple):
    """The verdict so far, in words; GOOD when every threshold is met, BAD when one is broken."""

    text: str
    style: Style


class View(NamedTuple):
    """Everything that is shown of a run at one moment, as text."""

    time: str
    """Elapsed and in all."""
    load: str
    """Users and requests a second."""
    failures: str
    latency: str
    units: str
    """Empty when nothing was metered."""
    standing: Standing
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
    """Return what is to be shown of a run that is under way.

    Args:
        progress: what the run told last.
        run_time_s: how long it is to last.
        requests_per_s: of late.
        judge: says what the verdict would be if the run ended now.
    """
    run = progress.run
    failures = sum(each.failures for each in run.operations)
    elapsed_s = min(progress.elapsed_s + progress.age_s, run_time_s)
    is_ending = elapsed_s == run_time_s
    elapsed = format_duration(run_time_s if is_ending else int(elapsed_s))
    return View(
        time=f"{elapsed} of {format_duration(run_time_s)}{', ending' if is_ending else ''}",
        load=f"{progress.users} user{'' if progress.users == 1 else 's'}, "
        f"{figure(requests_per_s, 3)} requests/s",
        failures=f"{failures} failure{'' if failures == 1 else 's'}",
        latency=_latency_text(run.operations),
        units=_units_text(progress),
        standing=_standing(progress, judge),
        elapsed_s=elapsed_s,
        rows=tuple(_row(label, each) for label, each in run.labelled.items()),
    )


def progress_line(shown: View) -> str:
    """Return a run that is under way as one line of a log."""
    parts = (shown.time, shown.load, shown.failures, shown.latency, shown.units)
    return f"{', '.join(filter(None, parts))}; {shown.standing.text}"


def _latency_text(operations: tuple[OperationResult, ...]) -> str:
    latency = LatencyHistogram()
    for each in operations:
        latency.merge(each.latency)
    if not latency.count:
        return ""
    return f"p50 {_ms(latency, 0.5)} ms, p99 {_ms(latency, 0.99)} ms"


def _units_text(progress: Progress) -> str:
    metered = progress.run.metered
    if metered is None:
        return ""
    units = {"read": metered.units.read, "write": metered.units.write}
    return ", ".join(f"{figure(count)} {kind} units" for kind, count in units.items() if count)


def _standing(progress: Progress, judge: Callable[[Progress], RunVerdict]) -> Standing:
    """Return what the thresholds say so far; there is no verdict before the end."""
    if not progress.run.requests:
        return Standing("not measuring yet", Style.PLAIN)
    judgements = judge(progress).judgements
    broken = [each for each in judgements if each.verdict is Verdict.FAIL]
    if broken:
        rules = ", ".join(
            each.threshold.rule
            if each.operation is None
            else f"{each.operation}: {each.threshold.rule}"
            for each in broken
        )
        return Standing(printable(f"broken so far: {rules}"), Style.BAD)
    if not judgements:
        return Standing("no threshold is set", Style.PLAIN)
    unjudged = [each for each in judgements if each.verdict is Verdict.NO_DATA]
    text = f"{len(judgements) - len(unjudged)} of {len(judgements)} thresholds met so far"
    if not unjudged:
        return Standing(text, Style.GOOD)
    return Standing(f"{text}, {_unjudged_text(unjudged)}", Style.PLAIN)


def _unjudged_text(unjudged: Sequence[Judgement]) -> str:
    """Return how many thresholds lack samples, and of which most are missing."""
    text = f"{len(unjudged)} cannot be judged yet"
    lacking = [
        (each.samples / samples_for(quantile), each.samples, samples_for(quantile))
        for each in unjudged
        if (quantile := each.threshold.quantile) is not None
    ]
    if not lacking:
        return text
    _, samples, needed = min(lacking)
    return f"{text} ({samples:,} of {needed:,} samples)"


def _row(label: str, operation: OperationResult) -> tuple[str, ...]:
    latency = operation.latency
    return (
        printable(label),
        str(operation.requests),
        str(operation.failures),
        _ms(latency, 0.5),
        _ms(latency, 0.99),
    )


def _ms(latency: LatencyHistogram, q: float) -> str:
    value_ns = latency.quantile_ns(q)
    return table_ms(None if value_ns is None else value_ns / 1_000_000)
