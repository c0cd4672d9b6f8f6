"""The figures of the small charts as tables, which need no script."""

from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

from aqp_perf.core.verdict.metrics import MetricKind
from aqp_perf.reports.facts.operations import SHARES
from aqp_perf.reports.figures import figure, quantity_text
from aqp_perf.reports.html.chart_data import OperationCharts, Percentiles, RunCharts

_PERCENTILE_DIGITS: Final = 12


class ChartTable(NamedTuple):
    """The table of a chart."""

    operation: int | None
    """Index of its operation; None for a table of all operations."""
    title: str
    columns: tuple[str, ...]
    """All but the first have numbers."""
    rows: tuple[tuple[str, ...], ...]


def chart_tables(run: RunCharts) -> Mapping[str, tuple[ChartTable, ...]]:
    """Return the tables by chart; those of the other charts are made by the script."""
    return {
        "percentiles": tuple(_percentile_tables(run["operations"])),
        "service": (_service_times(run["operations"]),),
        "shares": (_shares(run["operations"]),),
    }


def _percentile_tables(operations: list[OperationCharts]) -> Iterator[ChartTable]:
    for index, operation in enumerate(operations):
        percentiles = operation["percentiles"]
        if percentiles is None:
            continue
        times = {"Latency": percentiles["latency_ms"]}
        if "service_time_ms" in percentiles:
            times["Service time"] = percentiles["service_time_ms"]
        names = _percentile_names(percentiles)
        rows = zip(names, *(map(_ms, values) for values in times.values()), strict=True)
        yield ChartTable(index, operation["name"], ("Percentile", *times), tuple(rows))


def _percentile_names(percentiles: Percentiles) -> Iterator[str]:
    *tails, _ = percentiles["tails"]
    for tail in tails:
        yield f"p{figure(100 * (1 - tail), _PERCENTILE_DIGITS)}" if tail < 1 else "min"
    yield "max"


def _service_times(operations: list[OperationCharts]) -> ChartTable:
    rows = ((operation["name"], *map(_ms, operation["p99_ms"])) for operation in operations)
    columns = ("Operation", "Latency, p99", "Service time, p99")
    return ChartTable(None, "Service time against latency", columns, tuple(rows))


def _shares(operations: list[OperationCharts]) -> ChartTable:
    known = ((operation["name"], operation["shares_ms"]) for operation in operations)
    rows = ((name, *(_ms(ms[key]) for key in SHARES)) for name, ms in known if ms is not None)
    return ChartTable(None, "Means", ("Operation", *SHARES.values()), tuple(rows))


def _ms(value: float | None) -> str:
    return quantity_text(value, MetricKind.LATENCY)
