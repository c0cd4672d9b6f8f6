import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aqp_perf.core.verdict.metrics import MetricKind
from aqp_perf.reports.figures import figure, observed_figure, table_ms


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
    ],
)
def test_an_observed_figure_carries_unit_and_interval(
    value: float, interval: tuple[float, float] | None, kind: MetricKind, shown: str
) -> None:
    assert observed_figure(value, interval, kind) == shown


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
    assert observed_figure(value, None, MetricKind.LATENCY, limit) == shown
