from fractions import Fraction
from math import ceil, sqrt
from statistics import mean, stdev

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aqp_perf.core.samples.histogram import (
    HIGHEST_BYTES,
    HIGHEST_US,
    LatencyHistogram,
    SizeHistogram,
)

law = settings(max_examples=40)
latencies = st.integers(0, HIGHEST_US * 1000) | st.integers(0, 3_000_000)
samples = st.lists(latencies, min_size=1, max_size=60)
quantiles = st.sampled_from([0.0, 0.07, 0.5, 0.9, 0.95, 0.99, 0.999, 1.0])


def accuracy_ns(exact_ns: float) -> float:
    """Return what the module promises; 0 is read back as 1 µs."""
    return max(exact_ns * 0.001, 500) if exact_ns >= 500 else 1000


@law
@given(st.lists(st.integers(0, HIGHEST_US * 1_000), max_size=60), st.lists(quantiles))
def test_many_quantiles_are_those_of_each_alone(values: list[int], qs: list[float]) -> None:
    histogram = LatencyHistogram.of(values)
    assert histogram.quantiles_ns(qs) == [histogram.quantile_ns(q) for q in qs]


@given(samples, quantiles)
def test_a_quantile_is_within_a_thousandth_of_the_nearest_rank(values: list[int], q: float) -> None:
    exact_ns = sorted(values)[max(ceil(Fraction(str(q)) * len(values)), 1) - 1]

    observed_ns = LatencyHistogram.of(values).quantile_ns(q)

    assert observed_ns == pytest.approx(exact_ns, rel=0, abs=accuracy_ns(exact_ns))


@law
@given(samples)
def test_min_mean_and_max_are_within_a_thousandth(values: list[int]) -> None:
    summary_ms = LatencyHistogram.of(values).summary_ms()

    for name, exact_ns in [("min", min(values)), ("mean", mean(values)), ("max", max(values))]:
        observed_ns = (summary_ms[name] or 0) * 1e6
        # The mean of 0 and 1000 ns carries the error of its parts.
        slack_ns = accuracy_ns(exact_ns) + 500
        assert observed_ns == pytest.approx(exact_ns, rel=0, abs=slack_ns)


@law
@given(samples)
def test_quantiles_are_monotone_from_min_to_max(values: list[int]) -> None:
    histogram = LatencyHistogram.of(values)

    summary_ms = histogram.summary_ms()

    ladder = [histogram.quantile_ns(q) or 0 for q in (0.0, 0.25, 0.5, 0.75, 0.99, 1.0)]

    assert ladder == sorted(ladder)
    assert (summary_ms["min"] or 0) * 1e6 <= ladder[0]
    assert ladder[-1] == pytest.approx((summary_ms["max"] or 0) * 1e6)


@law
@given(samples, samples)
def test_merging_equals_recording_both(some: list[int], more: list[int]) -> None:
    merged = LatencyHistogram.of(some)
    merged.merge(LatencyHistogram.of(more))

    together = LatencyHistogram.of([*some, *more])
    assert merged == together
    assert merged.summary_ms() == together.summary_ms()


@law
@given(st.lists(latencies, max_size=60), st.integers(0, 5))
def test_decode_undoes_encode(values: list[int], out_of_range_count: int) -> None:
    histogram = LatencyHistogram.of([*values, *[-1] * out_of_range_count])

    decoded = LatencyHistogram.decode(
        histogram.encode(), out_of_range_count=histogram.out_of_range_count
    )

    assert decoded == histogram
    assert decoded.summary_ms() == histogram.summary_ms()


def test_merging_into_an_empty_histogram_keeps_the_minimum() -> None:
    merged = LatencyHistogram()
    merged.merge(LatencyHistogram())
    merged.merge(LatencyHistogram.of([7_000]))
    merged.merge(LatencyHistogram())

    assert (merged.summary_ms()["min"], merged.count) == (0.007, 1)


def test_a_decoded_histogram_records_on() -> None:
    histogram = LatencyHistogram.decode(LatencyHistogram.of([1_000, 2_000]).encode())

    histogram.record_ns(3_000)

    assert histogram == LatencyHistogram.of([1_000, 2_000, 3_000])


@pytest.mark.parametrize(
    ("latency_ns", "read_ns"),
    [(0, 1_000), (1, 1_000), (499, 1_000), (1_499, 1_000), (1_500, 2_000), (2_047_000, 2_047_000)],
)
def test_small_latencies_are_rounded_to_microseconds_of_at_least_one(
    latency_ns: int, read_ns: int
) -> None:
    assert LatencyHistogram.of([latency_ns]).quantile_ns(0.5) == read_ns


@pytest.mark.parametrize("latency_ns", [-1_000, -501, HIGHEST_US * 1000 + 500, 10**18])
def test_a_latency_outside_the_range_is_counted_apart(latency_ns: int) -> None:
    histogram = LatencyHistogram.of([latency_ns, 5_000])

    assert (histogram.count, histogram.out_of_range_count) == (1, 1)


def test_ten_minutes_are_inside_the_range() -> None:
    histogram = LatencyHistogram.of([HIGHEST_US * 1000])

    assert (histogram.count, histogram.out_of_range_count) == (1, 0)


def test_an_empty_histogram_has_no_figures() -> None:
    histogram = LatencyHistogram()

    assert histogram.count == 0
    assert histogram.quantile_ns(0.5) is None
    assert histogram.quantile_interval_ns(0.5) is None
    assert histogram.mean_interval_ns() is None
    assert set(histogram.summary_ms().values()) == {None}


def test_a_summary_is_in_milliseconds() -> None:
    """A hundred latencies of 1 to 100 µs, which the histogram keeps exactly."""
    summary = LatencyHistogram.of(range(1_000, 101_000, 1_000)).summary_ms()

    assert summary == {
        "min": 0.001,
        "mean": pytest.approx(0.0505),
        "p50": 0.05,
        "p90": 0.09,
        "p95": 0.095,
        "p99": 0.099,
        "p99_9": 0.1,
        "max": 0.1,
    }


@pytest.mark.parametrize("q", [-0.1, 1.1, float("nan")])
def test_a_quantile_outside_0_to_1_is_refused(q: float) -> None:
    histogram = LatencyHistogram.of([1_000])

    with pytest.raises(ValueError, match="lies in"):
        histogram.quantile_ns(q)
    with pytest.raises(ValueError, match="lies in"):
        histogram.quantile_interval_ns(q)


@law
@given(samples, st.sampled_from([0.05, 0.5, 0.9]), st.sampled_from([0.5, 0.95]))
def test_an_interval_contains_its_quantile(values: list[int], q: float, confidence: float) -> None:
    histogram = LatencyHistogram.of(values)

    interval = histogram.quantile_interval_ns(q, confidence)

    if interval is not None:
        assert interval[0] <= (histogram.quantile_ns(q) or 0) <= interval[1]


def test_an_interval_consists_of_the_samples_at_its_ranks() -> None:
    """Ten samples: the median lies between the second and the ninth."""
    histogram = LatencyHistogram.of(range(1_000, 11_000, 1_000))

    assert histogram.quantile_interval_ns(0.5) == (2_000, 9_000)


def test_a_mean_has_an_interval_from_thirty_samples_on() -> None:
    values = [1_000 * value for value in range(1, 31)]
    reach_ns = 1.959964 * stdev(values) / sqrt(30)

    assert LatencyHistogram.of(values[:29]).mean_interval_ns() is None
    assert LatencyHistogram.of(values).mean_interval_ns() == pytest.approx(
        (15_500 - reach_ns, 15_500 + reach_ns)
    )


@law
@given(samples, latencies)
def test_what_samples_are_above_a_limit_adds_up(values: list[int], limit_ns: int) -> None:
    exact_ns = sum(max(0, value - limit_ns) for value in values)
    slack_ns = sum(accuracy_ns(value) + 500 for value in values)
    observed_ns = LatencyHistogram.of(values).excess_ns(limit_ns)
    assert observed_ns == pytest.approx(exact_ns, rel=0, abs=slack_ns)


def test_a_histogram_is_shown_by_its_size() -> None:
    assert repr(LatencyHistogram.of([1_000])) == "<LatencyHistogram of 1 samples>"


@law
@given(st.lists(st.integers(0, HIGHEST_BYTES), min_size=1, max_size=60), quantiles)
def test_a_size_is_within_a_thousandth_of_the_nearest_rank(sizes: list[int], q: float) -> None:
    exact_bytes = max(sorted(sizes)[max(ceil(Fraction(str(q)) * len(sizes)), 1) - 1], 1)

    summary = SizeHistogram.of(sizes).summary_bytes()

    names = {0.5: "p50", 0.9: "p90", 0.95: "p95", 0.99: "p99", 0.999: "p99_9", 1.0: "max"}
    if q in names:
        assert summary[names[q]] == pytest.approx(exact_bytes, rel=0.001)
    assert summary["min"] == pytest.approx(max(min(sizes), 1), rel=0.001)
    assert summary["mean"] == pytest.approx(mean(max(size, 1) for size in sizes), rel=0.001)


def test_latencies_and_sizes_are_never_equal() -> None:
    latencies: object = LatencyHistogram()
    assert latencies != SizeHistogram()
    assert SizeHistogram.of([7, 9]) == SizeHistogram.of([9, 7])


@pytest.mark.parametrize("size_bytes", [-1, HIGHEST_BYTES + 1])
def test_a_size_out_of_range_is_counted_apart(size_bytes: int) -> None:
    histogram = SizeHistogram.of([5, size_bytes])

    assert (histogram.count, histogram.out_of_range_count) == (1, 1)
