"""In a closed model, the share of the time in which an arrival would have waited too long."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from aqp_perf.core.measured.operation import OperationResult
from aqp_perf.core.measured.run_result import GeneratorHealth, RunResult
from aqp_perf.core.samples.histogram import LatencyHistogram
from aqp_perf.core.verdict.hidden_waits import HiddenWaits, hidden_waits
from aqp_perf.core.verdict.thresholds import parse_threshold
from aqp_perf.core.verdict.verdicts import judge

MS = 1_000_000


def operation(name: str, latencies_ms: Sequence[int]) -> OperationResult:
    latency = LatencyHistogram.of([ms * MS for ms in latencies_ms])
    return OperationResult(
        request_type="GET",
        name=name,
        duration_s=10.0,
        requests=len(latencies_ms),
        failures=0,
        latency=latency,
        service_time=latency,
    )


def run_of(users: int, *operations: OperationResult) -> RunResult:
    return RunResult(
        command=("locust",),
        started_at=datetime(2025, 1, 1, tzinfo=UTC),
        duration_s=10.0,
        users=users,
        generator=GeneratorHealth(processes=1),
        operations=operations,
    )


def waits(run: RunResult, *thresholds: str) -> HiddenWaits | None:
    rules = [parse_threshold(text) for text in thresholds]
    return hidden_waits(run, judge(run, rules).judgements)


def test_one_request_that_hangs_is_one_sample_and_much_of_the_time() -> None:
    """2 users, 10 s: of one request of 4 s the first 3.7 s are above 300 ms."""
    run = run_of(2, operation("read", [10] * 1_600 + [4_000]))

    found = waits(run, "p99 < 300 ms")
    assert run.operations[0].latency_ms["p99"] == pytest.approx(10, rel=0.001)
    assert found is not None
    assert found.ratio == pytest.approx(3.7 / 20, rel=0.001)
    assert found.limits_ms == (300.0,)


def test_a_run_without_long_requests_hides_nothing() -> None:
    assert waits(run_of(2, operation("read", [10] * 600)), "p99 < 300 ms") == (0.0, (300.0,))


def test_each_operation_has_its_own_limit() -> None:
    run = run_of(1, operation("read", [1_000] * 2), operation("write", [500] * 4))

    found = waits(run, "read: p90 < 800 ms", "write: p90 < 400 ms")
    assert found is not None
    assert found.ratio == pytest.approx((2 * 0.2 + 4 * 0.1) / 10, rel=0.001)
    assert found.limits_ms == (400.0, 800.0)


def test_the_limit_on_all_is_that_of_operations_without_their_own() -> None:
    run = run_of(1, operation("read", [1_000] * 2), operation("write", [500] * 4))

    found = waits(run, "all: p95 < 300 ms", "read: p90 < 800 ms")
    assert found is not None
    assert found.ratio == pytest.approx((2 * 0.2 + 4 * 0.2) / 10, rel=0.001)
    assert found.limits_ms == (300.0, 800.0)


def test_the_highest_percentile_counts_and_of_its_limits_the_strictest() -> None:
    run = run_of(1, operation("read", [1_000]))

    found = waits(run, "median < 10 ms", "p99 < 900 ms", "p99 < 700 ms", "mean < 1 ms", "max < 5 s")
    assert found is not None
    assert found.limits_ms == (700.0,)
    assert found.ratio == pytest.approx(0.03, rel=0.001)


def test_requests_that_outlast_the_window_make_no_more_than_all_of_the_time() -> None:
    found = waits(run_of(1, operation("read", [30_000])), "p99 < 1 s")
    assert found is not None
    assert found.ratio == 1.0


@pytest.mark.parametrize("rule", ["failure_ratio < 1%", "max < 1 s", "mean < 1 s", "p99 > 1 ms"])
def test_without_an_upper_limit_on_a_percentile_there_is_no_share(rule: str) -> None:
    assert waits(run_of(1, operation("read", [10])), rule) is None


def test_an_open_model_hides_no_wait() -> None:
    run = run_of(1, operation("read", [10]))
    opened = replace(run, generator=GeneratorHealth(processes=1, arrivals_due=1, arrivals_sent=1))
    assert waits(opened, "p99 < 1 s") is None


def test_a_run_that_ended_before_its_window_has_no_share() -> None:
    run = replace(run_of(1, operation("read", [10])), duration_s=0.0)
    assert waits(run, "p99 < 1 s") is None
