import pytest
from hypothesis import given
from hypothesis import strategies as st

from aqp_perf.core.comparison.rules import COMPARED_METRICS, ComparisonRule
from aqp_perf.errors import InvalidComparisonRule

OPERATIONS = st.none() | st.sampled_from(["write_to_ddb", "select a, b: c where x > ?", "read*"])


@given(
    OPERATIONS,
    st.sampled_from(COMPARED_METRICS),
    st.integers(0, 99_999),
    st.none() | st.integers(0, 1000),
)
def test_a_rule_reads_as_it_is_written(
    operation: str | None, metric: str, percent: int, floor: int | None
) -> None:
    unit = {"failure_ratio": "%", "throughput": "/s"}.get(metric, " ms")
    text = f"{metric} > {percent / 1000}%"
    if floor is not None:
        text += f", {floor / 10}{unit}"
    rule = ComparisonRule.parse(text if operation is None else f"{operation}: {text}")
    assert ComparisonRule.parse(str(rule)) == rule
    assert rule.operation == operation


@pytest.mark.parametrize(
    ("text", "metric", "most_ratio", "floor"),
    [
        ("p99 > 10%", "p99", 0.1, 1.0),
        ("p50>5 %,200us", "median", 0.05, 0.2),
        ("failure_ratio > 50%", "failure_ratio", 0.5, 0.001),
        ("failure_ratio > 50%, 1%", "failure_ratio", 0.5, 0.01),
        ("throughput > 2.5%", "throughput", 0.025, 0.0),
        ("throughput > 0%, 5/s", "throughput", 0.0, 5.0),
        ("failure_ratio > 300%, 0%", "failure_ratio", 3.0, 0.0),
    ],
)
def test_a_rule_says_what_is_too_much(
    text: str, metric: str, most_ratio: float, floor: float
) -> None:
    rule = ComparisonRule.parse(text)
    assert (rule.metric, rule.most_ratio, rule.floor) == (metric, most_ratio, floor)


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("p99 < 10%", "write it like 'p99 > 10%'"),
        ("p99 > 10", "write it like 'p99 > 10%'"),
        ("p99 > -10%", "write it like"),
        ("", "write it like"),
        (": p99 > 10%", "write it like"),
        ("all: p99 > 10%", "all requests together are not compared"),
        ("p99 > 10%, 1 ms, 2 ms", "write it like"),
        ("p99 > 10%, 3/s", "unknown unit '/s' for p99: use ms or s or us"),
        ("p99 > 10%, nan", "the limit 'nan' is not a finite number"),
        ("p99 > 10%, -1 ms", "the floor '-1 ms' is below 0"),
        ("p99 > 10%, 2", "the floor '2' has no unit: write it like '2 ms'"),
        ("failure_ratio > 10%, 0.5", "the floor '0.5' has no unit: write it like '0.5%'"),
        ("throughput > 10%, 5.", "the floor '5.' has no unit: write it like '5./s'"),
        ("throughput > 150%", "throughput cannot fall by more than all of it: write less than"),
        ("throughput > 100%", "throughput cannot fall by more than all of it: write less than"),
        ("throughtput > 10%", "did you mean 'throughput'"),
        ("max > 10%", "max cannot be compared: use one of median, mean, percentiles like p99"),
        ("timeout_ratio > 10%", "timeout_ratio cannot be compared"),
    ],
)
def test_a_wrong_rule_is_refused_with_a_right_one(text: str, hint: str) -> None:
    with pytest.raises(InvalidComparisonRule) as caught:
        ComparisonRule.parse(text)
    assert repr(text) in str(caught.value)
    assert hint in str(caught.value)
