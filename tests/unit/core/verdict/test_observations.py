from collections.abc import Iterable
from random import Random

import pytest

from aqp_perf.core.measured.failure_class import FailureClass
from aqp_perf.core.measured.operation import OperationResult
from aqp_perf.core.samples.histogram import LatencyHistogram
from aqp_perf.core.samples.intervals import ratio_interval
from aqp_perf.core.samples.timeline import Timeline
from aqp_perf.core.verdict.observations import (
    dependence_of,
    interval_of_latency,
    observe,
    samples_for,
)
from aqp_perf.core.verdict.thresholds import parse_threshold

MS = 1_000_000
RATE_PER_S = 100


@pytest.mark.parametrize(
    ("q", "samples"), [(0.5, 10), (0.9, 50), (0.95, 100), (0.97, 167), (0.99, 500), (0.999, 5000)]
)
def test_a_percentile_needs_five_samples_above_it(q: float, samples: int) -> None:
    assert samples_for(q) == samples


def operation_of(requests: Iterable[tuple[int, bool]]) -> OperationResult:
    """Return the operation of requests, latency and whether it failed, 100 a second."""
    latency, timeline, count, failures = LatencyHistogram(), Timeline(), 0, 0
    for latency_ns, failed in requests:
        latency.record_ns(latency_ns)
        timeline.record(count * 10**9 // RATE_PER_S, latency_ns, failed=failed)
        count += 1
        failures += failed
    return OperationResult(
        request_type="GET",
        name="read",
        duration_s=count / RATE_PER_S,
        requests=count,
        failures=failures,
        failure_classes={FailureClass.TIMEOUT: failures},
        latency=latency,
        service_time=latency,
        timeline=timeline,
    )


def random_requests(count: int, alike: int) -> list[tuple[int, bool]]:
    """Return requests of which so many neighbours are alike; a tenth fails."""
    random = Random(alike)  # noqa: S311 - a simulation
    fates = [(random.randrange(MS, 100 * MS), random.random() < 0.1) for _ in range(count // alike)]
    return [fate for fate in fates for _ in range(alike)]


INDEPENDENT = operation_of(random_requests(6_000, 1))
IN_TENS = operation_of(random_requests(6_000, 10))


def width(operation: OperationResult, rule: str) -> float:
    found = observe(operation, parse_threshold(rule))
    assert found is not None
    assert found.ci95 is not None
    assert found.ci95[0] <= found.value <= found.ci95[1]
    return found.ci95[1] - found.ci95[0]


@pytest.mark.parametrize("rule", ["median < 1 s", "p90 < 1 s", "mean < 1 s", "failure_ratio < 50%"])
def test_requests_alike_in_tens_are_worth_a_tenth(rule: str) -> None:
    """The interval is wider by the square root of ten."""
    ratio = width(IN_TENS, rule) / width(INDEPENDENT, rule)

    assert ratio == pytest.approx(10**0.5, rel=0.4)


def test_the_interval_of_independent_requests_is_not_wider_than_it_must_be() -> None:
    low, high = ratio_interval(INDEPENDENT.failures, INDEPENDENT.requests, 0.95)

    assert width(INDEPENDENT, "failure_ratio < 50%") == pytest.approx(high - low, rel=0.15)


@pytest.mark.parametrize("rule", ["max < 1 s", "throughput > 1"])
def test_max_and_throughput_have_no_interval(rule: str) -> None:
    found = observe(INDEPENDENT, parse_threshold(rule))

    assert found is not None
    assert found.ci95 is None


@pytest.mark.parametrize("rule", ["median < 1 s", "failure_ratio < 50%"])
def test_too_few_slices_show_no_dependence_and_give_no_interval(rule: str) -> None:
    """At 100 a second, 230 requests are in 19 slices of 1/8 s, and 240 in 20."""
    requests = random_requests(300, 1)
    short, enough = operation_of(requests[:230]), operation_of(requests[:240])

    found = observe(short, parse_threshold(rule))

    assert found is not None
    assert found.ci95 is None
    assert width(enough, rule) > 0


def test_without_a_timeline_there_is_no_interval() -> None:
    old = OperationResult(
        request_type="GET",
        name="read",
        duration_s=10.0,
        requests=1000,
        failures=10,
        latency=INDEPENDENT.latency,
        service_time=INDEPENDENT.latency,
    )

    found = observe(old, parse_threshold("failure_ratio < 5%"))

    assert found is not None
    assert found.ci95 is None


def test_requests_without_a_latency_move_the_upper_end_first() -> None:
    rule = parse_threshold("p99 < 1 s")
    found = dependence_of(INDEPENDENT, rule)
    assert found is not None

    whole = interval_of_latency(INDEPENDENT.latency, rule, found, 0.95)
    few = interval_of_latency(INDEPENDENT.latency, rule, found, 0.95, missing=40)
    many = interval_of_latency(INDEPENDENT.latency, rule, found, 0.95, missing=600)

    assert few[0] >= whole[0]
    assert few[1] > whole[1]
    assert many == (float("inf"), float("inf"))
