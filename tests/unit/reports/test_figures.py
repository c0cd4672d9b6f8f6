import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aqp_perf.core.verdict.metrics import MetricKind
from aqp_perf.reports.figures import (
    counted,
    figure,
    part_text,
    quantity_text,
    range_text,
    table_ms,
)


@pytest.mark.parametrize(
    ("value_ms", "shown"),
    [(None, "-"), (0.04, "0.0"), (0.4, "0.4"), (99.94, "99.9"), (99.96, "100"), (12345.6, "12346")],
)
def test_table_cells_have_one_decimal_below_a_hundred(value_ms: float | None, shown: str) -> None:
    assert table_ms(value_ms) == shown


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (0.0, "0"),
        (300.0, "300"),
        (300.031, "300.03"),
        (0.00001234567, "0.000012346"),
        (99999.6, "100000"),
        (123456.7, "123457"),
    ],
)
def test_a_figure_has_five_digits_and_no_exponent(value: float, shown: str) -> None:
    assert figure(value) == shown


@settings(max_examples=50)
@given(st.floats(0, 1e12))
def test_a_figure_is_within_half_a_digit(value: float) -> None:
    assert float(figure(value)) == pytest.approx(value, rel=0.00005)


@pytest.mark.parametrize(
    ("value", "interval", "kind", "shown"),
    [
        (12.3456, (11.81234, 13.1), MetricKind.LATENCY, "12.3 ms [11.8, 13.1]"),
        (126.27, None, MetricKind.LATENCY, "126 ms"),
        (1234.5, (980.0, 2000.0), MetricKind.LATENCY, "1.23 s [0.98, 2]"),
        (0.0092, (0.0048, 0.0174), MetricKind.RATIO, "0.92% [0.48, 1.74]"),
        (50.0, None, MetricKind.THROUGHPUT, "50/s"),
        (None, None, MetricKind.LATENCY, "-"),
    ],
)
def test_a_quantity_has_its_unit_and_its_interval(
    value: float | None, interval: tuple[float, float] | None, kind: MetricKind, shown: str
) -> None:
    assert quantity_text(value, kind, interval) == shown


@pytest.mark.parametrize(
    ("value", "limit", "shown"),
    [
        (300.03, 300.0, "300.03 ms"),
        (300.5, 300.0, "300.5 ms"),
        (300.0, 300.0, "300 ms"),
        (302.4, 300.0, "302 ms"),
        (5012.0, 5000.0, "5.01 s"),
        (5000.6, 5000.0, "5.001 s"),
        (300.0000001, 300.0, "300 ms"),  # no clock tells them apart
    ],
)
def test_a_figure_does_not_look_like_the_limit_that_it_misses(
    value: float, limit: float, shown: str
) -> None:
    assert quantity_text(value, MetricKind.LATENCY, limit=limit) == shown


@pytest.mark.parametrize(
    ("count", "total", "shown"),
    [(2, 1000, "2 (0.20%)"), (0, 0, "0 (0.00%)"), (1200, 1200, "1,200 (100.00%)")],
)
def test_a_part_is_shown_with_its_percentage(count: int, total: int, shown: str) -> None:
    assert part_text(count, total) == shown


def test_a_count_of_one_has_a_singular() -> None:
    assert [counted(count, "user") for count in (0, 1, 1200)] == [
        "0 users",
        "1 user",
        "1,200 users",
    ]


@pytest.mark.parametrize(
    ("least", "most", "kind", "limit", "shown"),
    [
        (12.34, 159.2, MetricKind.LATENCY, 300, "12.3 to 159 ms"),
        (12.34, 1590.0, MetricKind.LATENCY, 300, "12.3 ms to 1.59 s"),
        (12.34, None, MetricKind.LATENCY, 300, "at least 12.3 ms"),
        (12.34, 300.04, MetricKind.LATENCY, 300, "12.3 to 300.04 ms"),
        (0.0, 0.02, MetricKind.RATIO, 0.01, "0 to 2%"),
        (99.0, 105.0, MetricKind.THROUGHPUT, 50, "99 to 105/s"),
        (12.34, 12.341, MetricKind.LATENCY, 300, "12.3 ms"),
    ],
)
def test_two_bounds_share_their_unit(
    least: float, most: float | None, kind: MetricKind, limit: float, shown: str
) -> None:
    assert range_text(least, most, kind, limit) == shown
