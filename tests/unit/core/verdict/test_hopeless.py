from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from random import Random

import pytest

from aqp_perf.core.measured.failure_class import FailureClass
from aqp_perf.core.measured.operation import OperationResult
from aqp_perf.core.measured.run_result import GeneratorHealth, RunResult
from aqp_perf.core.measured.stalls import TouchedRequests
from aqp_perf.core.samples.histogram import LatencyHistogram
from aqp_perf.core.samples.timeline import Timeline
from aqp_perf.core.verdict.hopeless import AbortRules
from aqp_perf.core.verdict.thresholds import parse_threshold

MS = 1_000_000
RATE_PER_S = 40
"""Each look, twice a second, sees twenty more requests."""


def looks_at(
    requests: Iterable[tuple[int, bool]], rate_per_s: int = RATE_PER_S
) -> Iterator[RunResult]:
    """Yield a run after each half second; requests are latencies, and whether they failed."""
    latency, timeline, count, failures = LatencyHistogram(), Timeline(), 0, 0
    for latency_ns, failed in requests:
        latency.record_ns(latency_ns)
        timeline.record(count * 10**9 // rate_per_s, latency_ns, failed=failed)
        count += 1
        failures += failed
        if count * 2 % rate_per_s:
            continue
        operation = OperationResult(
            request_type="partiQL",
            name="write",
            duration_s=count / rate_per_s,
            requests=count,
            failures=failures,
            failure_classes={FailureClass.TIMEOUT: failures} if failures else {},
            latency=latency,
            service_time=latency,
            timeline=timeline,
        )
        yield RunResult(
            command=(),
            started_at=datetime(2025, 1, 1, tzinfo=UTC),
            duration_s=operation.duration_s,
            users=10,
            generator=GeneratorHealth(processes=1),
            operations=(operation,),
        )


def stop(rule: str, requests: Iterable[tuple[int, bool]]) -> str | None:
    """Return why a run is ended, looking at it until then or until its end."""
    rules = AbortRules([parse_threshold(rule)])
    return next(filter(None, map(rules.reason, looks_at(requests))), None)


def failing(count: int, *, every: int) -> list[tuple[int, bool]]:
    return [(MS, number % every == 0) for number in range(count)]


@pytest.mark.parametrize(
    ("rule", "requests", "reason"),
    [
        (
            "abort: failure_ratio > 50%",
            failing(200, every=1),
            "write: failure_ratio > 50%: it was 100% after 100 requests",
        ),
        ("abort: failure_ratio > 50%", failing(99, every=1), None),
        ("abort: failure_ratio > 50% after 200", failing(199, every=1), None),
        (
            "abort: wri*: timeout_ratio >= 40% after 200",
            failing(400, every=1),
            "write: timeout_ratio >= 40%: it was 100% after 200 requests",
        ),
        ("abort: throttled_ratio > 0", failing(200, every=1), None),
        ("abort: read: failure_ratio > 50%", failing(200, every=1), None),
        ("abort: p99 > 0.5 ms", failing(499, every=500), None),
        (
            "abort: p99 > 0.5 ms",
            failing(600, every=500),
            "write: p99 > 0.5 ms: it was 1 ms after 500 requests",
        ),
        (
            "abort: max > 0.5 ms",
            failing(200, every=500),
            "write: max > 0.5 ms: it was 1 ms after 100 requests",
        ),
        (
            "abort: failure_ratio > 0",
            failing(200, every=500),
            "write: failure_ratio > 0%: it was 1% after 100 requests",
        ),
    ],
)
def test_an_abort_rule_needs_enough_requests(
    rule: str, requests: list[tuple[int, bool]], reason: str | None
) -> None:
    assert stop(rule, requests) == reason


def random_failures(ratio: float, count: int, seed: int) -> Iterator[tuple[int, bool]]:
    random = Random(seed)  # noqa: S311 - a simulation
    for _ in range(count):
        yield MS, random.random() < ratio


def test_noise_ends_no_run() -> None:
    """Half of the failures that the rule allows; the point passes it in a fifth of the runs."""
    stopped = sum(
        stop("abort: failure_ratio > 1%", random_failures(0.005, 2_400, seed)) is not None
        for seed in range(100)
    )

    assert stopped == 0


@pytest.mark.parametrize("seed", range(10))
def test_a_hopeless_run_ends_within_the_first_looks(seed: int) -> None:
    """Half of all fail: it is proven as soon as there are requests in twenty slices of time."""
    assert stop("abort: failure_ratio > 1%", random_failures(0.5, 140, seed)) is not None


@pytest.mark.parametrize("rule", ["abort: failure_ratio > 50%", "abort: p90 > 0.5 ms"])
def test_what_the_generator_can_have_caused_ends_no_run(rule: str) -> None:
    rules = AbortRules([parse_threshold(rule)])
    for run in looks_at(failing(200, every=1)):
        (operation,) = run.operations
        touched = TouchedRequests(
            requests=operation.requests,
            failures=operation.failure_classes,
            latency=operation.latency,
            least_latency=LatencyHistogram.of([MS // 4] * operation.requests),
            service_time=operation.latency,
            least_service_time=operation.latency,
        )
        assert rules.reason(replace(run, operations=(replace(operation, touched=touched),))) is None


@pytest.mark.parametrize(
    ("rule", "reason"),
    [
        ("abort: failure_ratio > 50%", None),
        (
            "abort: all: failure_ratio > 50%",
            "all: failure_ratio > 50%: it was 100% after 120 requests",
        ),
    ],
)
def test_a_rule_on_all_looks_at_the_requests_of_all_operations(
    rule: str, reason: str | None
) -> None:
    """Of two operations with 60 requests each, neither has the 100 that the rule waits for."""
    rules, reasons = AbortRules([parse_threshold(rule)]), []
    for run in looks_at(failing(60, every=1), rate_per_s=20):
        (write,) = run.operations
        both = replace(run, operations=(write, replace(write, name="read")))
        reasons.append(rules.reason(both))

    assert reasons[-1] == reason
    assert set(reasons[:4]) == {None}


def test_a_ratio_of_wrong_answers_without_a_check_ends_no_run() -> None:
    assert stop("abort: all: wrong_answer_ratio > 0 after 1", failing(200, every=2)) is None
    assert stop("abort: wrong_answer_ratio > 0 after 1", failing(200, every=2)) is None
