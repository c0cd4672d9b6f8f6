import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aqp_perf.core.measured.operation import OperationResult
from aqp_perf.core.measured.stalls import FreezeCause
from aqp_perf.core.results.judged_run import JudgedRun
from aqp_perf.core.samples.histogram import LatencyHistogram
from aqp_perf.core.samples.timeline import Timeline
from aqp_perf.reports.html.chart_data import TAILS, _column, _percentiles, _timeline, chart_data

latencies_ns = st.lists(st.integers(1_000, 10**11), min_size=1, max_size=200)
requests = st.lists(
    st.tuples(st.integers(0, 10**11), st.integers(1_000, 10**11), st.booleans()),
    min_size=1,
    max_size=200,
)


def operation(latency: LatencyHistogram, timeline: Timeline) -> OperationResult:
    return OperationResult(
        request_type="GET",
        name="it",
        duration_s=100.0,
        requests=latency.count,
        failures=0,
        latency=latency,
        service_time=latency,
        timeline=timeline,
    )


@given(latencies_ns)
def test_a_percentile_is_drawn_where_the_histogram_has_it(values: list[int]) -> None:
    histogram = LatencyHistogram.of(values)

    drawn = _percentiles(operation(histogram, Timeline()))

    assert drawn is not None
    tails, latencies = drawn["tails"], drawn["latency_ms"]
    for tail, latency_ms in zip(tails[:-1], latencies[:-1], strict=True):
        exact_ns = histogram.quantile_ns(round(1 - tail, 12))
        assert latency_ms == pytest.approx((exact_ns or 0) / 1e6, rel=1e-3)
    assert tails[-1] == 1 / len(values)
    assert latencies[-1] == pytest.approx((histogram.quantile_ns(1) or 0) / 1e6, rel=1e-3)


def test_named_percentiles_are_among_those_drawn() -> None:
    assert {0.5, 0.1, 0.05, 0.01, 0.001, 0.0001} <= set(TAILS)
    assert list(TAILS) == sorted(TAILS, reverse=True)


@given(requests)
def test_a_heat_map_has_every_request_in_the_row_of_its_latency(
    values: list[tuple[int, int, bool]],
) -> None:
    timeline = Timeline()
    for due_ns, latency_ns, failed in values:
        timeline.record(due_ns, latency_ns, failed=failed)

    drawn = _timeline(operation(LatencyHistogram(), timeline))

    assert drawn is not None
    edges, columns = drawn["edges_ms"], drawn["columns"]
    assert sorted(edges) == edges
    counts: dict[int, int] = {}
    for column in columns:
        for row, count in enumerate(column[1:], column[0] if column else 0):
            counts[row] = counts.get(row, 0) + count
    assert sum(counts.values()) == len(values)
    for row in (row for row, count in counts.items() if count):
        inside = (edges[row] * 0.999 <= ns / 1e6 <= edges[row + 1] * 1.001 for _, ns, _ in values)
        assert any(inside)


def test_a_slice_without_requests_has_an_empty_column() -> None:
    timeline = Timeline()
    timeline.record(10**9, 1_000_000, failed=False)

    first, *_, last = (_column(point, 0) for point in timeline.points())

    assert first == []
    assert last[1:] == [1]


def test_a_percentile_of_a_slice_takes_as_many_samples_as_one_that_is_judged() -> None:
    timeline = Timeline()
    for number in range(499):
        timeline.record(0, 1_000_000 * number, failed=False)
    few = _timeline(operation(LatencyHistogram(), timeline))
    timeline.record(0, 1_000_000, failed=False)
    enough = _timeline(operation(LatencyHistogram(), timeline))

    assert few is not None
    assert enough is not None
    assert few["p99_ms"] == [None]
    assert enough["p99_ms"] == [pytest.approx(494, rel=0.06)]


def test_a_limit_stands_at_its_percentile(judged: JudgedRun) -> None:
    write, read = chart_data(judged)["operations"]

    assert write["limits"] == [
        {"tail": 0.01, "ms": 300.0, "text": "p99 < 300 ms", "verdict": "pass"}
    ]
    assert [limit["text"] for limit in read["limits"]] == ["p99 < 300 ms"]


def test_equal_service_times_are_not_drawn_twice(judged: JudgedRun) -> None:
    data = json.dumps(chart_data(judged), allow_nan=False)

    assert "latency_ms" in data
    assert "service_time_ms" not in data


def test_an_operation_without_a_request_has_nothing_to_draw() -> None:
    nothing = operation(LatencyHistogram(), Timeline())

    assert _percentiles(nothing) is None
    assert _timeline(nothing) is None


def test_charts_know_when_the_generator_stood_still(judged: JudgedRun) -> None:
    health = replace(
        judged.run.generator,
        freezes=((1.23456789, 0.1234567),),
        freeze_causes={FreezeCause.STOPPED: 0.1},
    )

    charts = chart_data(replace(judged, run=replace(judged.run, generator=health)))

    assert charts["freezes"] == [[1.23457, 0.1235]]
    assert charts["freezes_text"] == f"generator stood still ({FreezeCause.STOPPED})"
