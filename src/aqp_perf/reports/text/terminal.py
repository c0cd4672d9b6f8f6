"""A run on the screen: Locust's table with exact percentiles, its failures, its verdict."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Final

from aqp_perf.core.measured.merged_operations import merge_operations
from aqp_perf.core.measured.operation import OperationResult
from aqp_perf.core.measured.run_result import RunResult
from aqp_perf.core.results.judged_run import JudgedRun
from aqp_perf.reports.figures import figure, table_ms
from aqp_perf.reports.lines import Line, Style, align, cut_middle, printable, wrapped
from aqp_perf.reports.text.comparison_block import comparison_block
from aqp_perf.reports.text.proof_lines import proof_lines
from aqp_perf.reports.text.time_lines import time_lines
from aqp_perf.reports.text.verdict_block import origin_lines, verdict_block

_HEADER: Final = (
    *("Type", "Name", "# reqs", "# fails", "Avg", "Min", "Max", "Med", "p95", "p99"),
    *("req/s", "fails/s"),
)
_SIDES: Final = "<<" + ">" * (len(_HEADER) - 2)
_NAME: Final = _HEADER.index("Name")
_SHORTEST_NAME: Final = 8
_TIMES: Final = ("mean", "min", "max", "p50", "p95", "p99")
_SHOWN_MS: Final = 0.1
_KEPT_RATIO: Final = 0.002
"""Two values of a histogram that differ by more are not one value, rounded twice."""
_MOST_MESSAGES: Final = 10
"""Messages shown per operation; the report file has all of them."""


def render_run(judged: JudgedRun, width: int = 100) -> list[Line]:
    """Return everything a person sees of one run, at most ``width`` wide where text can be cut."""
    return [Line(printable(judged.test), Style.TITLE), *run_block(judged, width)]


def run_block(judged: JudgedRun, width: int = 100) -> list[Line]:
    """Return a run without the name of its test: the verdict first, then what led to it.

    Times in the table are latencies in milliseconds of all requests, failed ones included. Where
    requests waited to be sent, the time from then on stands below.
    """
    run = judged.run
    return [
        *verdict_block(judged, width),
        *comparison_block(judged, width),
        *(Line(text) for text in wrapped(_conditions(run), width)),
        *(Line(text) for text in _table(run, width)),
        *(
            line
            for label, operation in run.labelled.items()
            for line in time_lines(label, operation, width)
        ),
        *_failure_lines(run, width),
        *proof_lines(judged, width),
        *origin_lines(judged),
    ]


def failure_text(judged: JudgedRun, width: int = 100) -> str:
    """Return the message of a run that did not pass: all of its block."""
    return "\n".join(line.text for line in run_block(judged, width))


def _conditions(run: RunResult) -> str:
    health = run.generator
    parts = [
        f"{run.users} user{'' if run.users == 1 else 's'}",
        f"{health.processes} load generator process{'' if health.processes == 1 else 'es'}",
        f"measured for {figure(run.duration_s, 3)} s",
    ]
    if health.cpu_ratio_max is not None:
        parts.append(f"generator CPU {health.cpu_ratio_max:.0%}")
    if health.loop_lag_p99_ms is not None:
        parts.append(f"loop lag p99 {table_ms(health.loop_lag_p99_ms)} ms")
    if health.arrivals_due is not None and health.arrivals_sent is not None:
        parts.append(f"{health.arrivals_sent} of {health.arrivals_due} due requests sent in time")
    if (health.connections_opened or 0) > run.users:
        parts.append(f"{health.connections_opened} connections opened: the target closes them")
    if health.pool_waits:
        parts.append(f"{health.pool_waits} requests waited for a free connection")
    return ", ".join(parts)


def _table(run: RunResult, width: int) -> list[str]:
    rows = [row for each in run.operations for row in _rows(each)]
    if len(run.operations) > 1:
        rows.append(_cells(_aggregate(run)))
    # The name takes what the figures leave, so that a hundred columns hold any query.
    bare = align([_HEADER, *((*row[:_NAME], "", *row[_NAME + 1 :]) for row in rows)], _SIDES, " ")
    room = max(width - len(bare[0]) + len("Name"), _SHORTEST_NAME)
    short = ((*row[:_NAME], cut_middle(row[_NAME], room), *row[_NAME + 1 :]) for row in rows)
    header, *body = align([_HEADER, *short], _SIDES, " ")
    return [header, "-" * len(header), *body]


def _rows(operation: OperationResult) -> Iterator[tuple[str, ...]]:
    yield _cells(operation)
    latency, service_time = operation.latency_ms, operation.service_time_ms
    if any(_differ(latency[key], service_time[key]) for key in _TIMES):
        yield (*("", "  service time", "", ""), *_times(service_time), *("", ""))


def _differ(one_ms: float | None, other_ms: float | None) -> bool:
    """Tell whether two times differ by more than the table shows and histograms keep."""
    if one_ms is None or other_ms is None:
        return False
    return abs(one_ms - other_ms) > max(_SHOWN_MS, _KEPT_RATIO * one_ms)


def _times(summary_ms: Mapping[str, float | None]) -> tuple[str, ...]:
    return tuple(table_ms(summary_ms[key]) for key in _TIMES)


def _cells(operation: OperationResult) -> tuple[str, ...]:
    seconds = operation.duration_s or 1.0  # no requests then: the rates are 0 either way
    return (
        printable(operation.request_type),
        printable(operation.name),
        str(operation.requests),
        f"{operation.failures} ({operation.failure_ratio:.2%})",
        *_times(operation.latency_ms),
        f"{operation.requests / seconds:.2f}",
        f"{operation.failures / seconds:.2f}",
    )


def _aggregate(run: RunResult) -> OperationResult:
    alike = (replace(each, request_type="", name="Aggregated") for each in run.operations)
    (aggregate,) = merge_operations(alike)
    return aggregate


def _failure_lines(run: RunResult, width: int) -> Iterator[Line]:
    for label, operation in run.labelled.items():
        if not operation.failures:
            continue
        classes = (f"{count} {each}" for each, count in operation.failure_classes.items() if count)
        title = f"{label} failed {operation.failures} times: {', '.join(classes)}"
        for text in wrapped(title, width):
            yield Line(text, Style.BAD)
        messages = sorted(operation.failure_messages.items(), key=lambda item: -item[1])
        shown = messages[:_MOST_MESSAGES]
        for text in align([(str(count), printable(message)) for message, count in shown], "><"):
            yield Line(cut_middle(f"  {text}", width))
        if len(messages) > len(shown):
            yield Line(f"  {len(messages) - len(shown)} more messages are in the report file")
