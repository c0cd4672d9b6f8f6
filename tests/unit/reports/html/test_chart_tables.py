"""What can be read of the charts where no script runs."""

from aqp_perf.core.results.judged_run import JudgedRun
from aqp_perf.reports.html.chart_data import chart_data
from aqp_perf.reports.html.chart_tables import chart_tables
from tests.doubles.hostile_report import hostile_report


def test_percentiles_of_every_operation_are_named_and_have_their_unit(judged: JudgedRun) -> None:
    write, read = chart_tables(chart_data(judged))["percentiles"]

    assert (write.operation, write.title, read.operation) == (0, "write_to_ddb", 1)
    assert write.columns == ("Percentile", "Latency")
    assert {
        ("min", "1 ms"),
        ("p50", "1 ms"),
        ("p99.5", "200 ms"),
        ("max", "200 ms"),
    } <= set(write.rows)


def test_service_times_are_a_column_where_they_differ() -> None:
    (run,) = hostile_report("it").runs

    tables = chart_tables(chart_data(run))

    assert tables["percentiles"][0].columns == ("Percentile", "Latency", "Service time")
    assert tables["service"][0].rows[0] == ("one it", "72.4 ms", "36.2 ms")


def test_shares_are_those_of_the_operations_that_know_them(judged: JudgedRun) -> None:
    (known,) = hostile_report("it").runs

    (table,) = chart_tables(chart_data(known))["shares"]

    assert table.rows[0] == ("one it", "1.7 ms", "3.4 ms", "5.1 ms", "6.8 ms")
    assert chart_tables(chart_data(judged))["shares"][0].rows == ()
