import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aqp_perf.core.measured.failure_class import FailureClass
from aqp_perf.core.verdict.metrics import (
    MetricKind,
    canonical_metric,
    failure_class_of,
    format_quantity,
    kind_of,
    parse_limit,
    quantile_of,
    range_of,
    range_text,
)

law = settings(max_examples=60)


@pytest.mark.parametrize(
    ("metric", "kind", "quantile", "failure_class"),
    [
        ("median", MetricKind.LATENCY, 0.5, None),
        ("p99", MetricKind.LATENCY, 0.99, None),
        ("p99.9", MetricKind.LATENCY, 0.999, None),
        ("mean", MetricKind.LATENCY, None, None),
        ("max", MetricKind.LATENCY, None, None),
        ("throughput", MetricKind.THROUGHPUT, None, None),
        ("failure_ratio", MetricKind.RATIO, None, None),
        ("wrong_answer_ratio", MetricKind.RATIO, None, FailureClass.WRONG_ANSWER),
    ],
)
def test_a_metric_says_what_it_measures(
    metric: str, kind: MetricKind, quantile: float | None, failure_class: FailureClass | None
) -> None:
    found = (kind_of(metric), quantile_of(metric), failure_class_of(metric))

    assert found == (kind, quantile, failure_class)


@pytest.mark.parametrize("failure_class", FailureClass)
def test_every_failure_class_has_a_ratio(failure_class: FailureClass) -> None:
    assert failure_class_of(f"{failure_class}_ratio") is failure_class


@pytest.mark.parametrize(
    ("word", "name"),
    [("p50", "median"), ("p50.0", "median"), ("p99.90", "p99.9"), ("p05", "p5"), ("max", "max")],
)
def test_a_metric_has_one_name(word: str, name: str) -> None:
    assert canonical_metric(word) == canonical_metric(name) == name


@law
@given(
    st.sampled_from(["failure_ratio", "p99", "throughput"]),
    st.floats(0, 1) | st.floats(0, 600_000),
)
def test_a_formatted_quantity_is_parsed_to_the_same_value(metric: str, value: float) -> None:
    assert parse_limit(format_quantity(value, kind_of(metric)), metric) == value


@pytest.mark.parametrize(
    ("value", "kind", "text"),
    [
        (999.5, MetricKind.LATENCY, "999.5 ms"),
        (5000.0, MetricKind.LATENCY, "5 s"),
        (1234.5, MetricKind.LATENCY, "1.2345 s"),
        (5000.0, MetricKind.THROUGHPUT, "5000/s"),
    ],
)
def test_long_latencies_are_written_in_seconds(value: float, kind: MetricKind, text: str) -> None:
    assert format_quantity(value, kind) == text


@pytest.mark.parametrize(
    ("kind", "bounds", "text"),
    [
        (MetricKind.RATIO, (0.0, 1.0), "always from 0% to 100%"),
        (MetricKind.LATENCY, (0.001, 600_000.0), "always from 0.001 ms to 600 s"),
        (MetricKind.THROUGHPUT, (0.0, float("inf")), "never below 0/s"),
    ],
)
def test_there_is_nothing_beyond_the_range(
    kind: MetricKind, bounds: tuple[float, float], text: str
) -> None:
    assert (range_of(kind), range_text(kind)) == (bounds, text)
