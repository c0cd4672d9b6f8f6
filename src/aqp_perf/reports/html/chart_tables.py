"""The figures behind the charts that have few of them, as tables that need no script."""

from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

from aqp_perf.core.verdict.metrics import MetricKind
from aqp_perf.reports.figures import figure, observed_figure
from aqp_perf.reports.html.chart_data import OperationCharts, Percentiles, RunCharts
from aqp_perf.reports.html.facts import UNKNOWN

SHARES: Final = {
    "waiting": "waiting to be sent",
    "client_and_network": "client and network",
    "aggregate": "AQP",
    "retrieve": "DynamoDB",
}
"""Key of a share → what it is, in the order in which they are drawn."""

_PERCENTILE_DIGITS: Final = 12


class ChartTable(NamedTuple):
    """What a chart draws."""

    operation: int | None
    """Index of the only operation that it is about."""
    title: str
    columns: tuple[str, ...]
    """All but the first have numbers."""
    rows: tuple[tuple[str, ...], ...]


def chart_tables(run: RunCharts) -> Mapping[str, tuple[ChartTable, ...]]:
    """Return the tables of each chart that has them here; the others are the script's."""
    return {
        "percentiles": tuple(_percentile_tables(run["operations"])),
        "service": (_service_times(run["operations"]),),
        "shares": (_shares(run["operations"]),),
    }


def _percentile_tables(operations: list[OperationCharts]) -> Iterator[ChartTable]:
    for index, each in enumerate(operations):
        if each["percentiles"] is not None:
            times = {"Latency": each["percentiles"]["latency_ms"]}
            if "service_time_ms" in each["percentiles"]:
                times["Service time"] = each["percentiles"]["service_time_ms"]
            names = _percentile_names(each["percentiles"])
            rows = zip(names, *(map(_ms, values) for values in times.values()), strict=True)
            yield ChartTable(index, each["name"], ("Percentile", *times), tuple(rows))


def _percentile_names(percentiles: Percentiles) -> Iterator[str]:
    *tails, _ = percentiles["tails"]
    for each in tails:
        yield f"p{figure(100 * (1 - each), _PERCENTILE_DIGITS)}" if each < 1 else "min"
    yield "max"


def _service_times(operations: list[OperationCharts]) -> ChartTable:
    rows = ((each["name"], *map(_ms, each["p99_ms"])) for each in operations)
    columns = ("Operation", "Latency, p99", "Service time, p99")
    return ChartTable(None, "Service time against latency", columns, tuple(rows))


def _shares(operations: list[OperationCharts]) -> ChartTable:
    known = ((each["name"], each["shares_ms"]) for each in operations)
    rows = ((name, *(_ms(ms[key]) for key in SHARES)) for name, ms in known if ms is not None)
    return ChartTable(None, "Means", ("Operation", *SHARES.values()), tuple(rows))


def _ms(value: float | None) -> str:
    return UNKNOWN if value is None else observed_figure(value, None, MetricKind.LATENCY)
