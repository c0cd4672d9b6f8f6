from dataclasses import replace
from datetime import UTC, datetime
from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aqp_perf.core.measured.failure_class import FailureClass
from aqp_perf.core.measured.operation import OperationResult
from aqp_perf.core.measured.run_result import GeneratorHealth, RunResult
from aqp_perf.core.measured.stalls import ClassCounts, FreezeCause, TouchedRequests
from aqp_perf.core.samples.histogram import LatencyHistogram
from aqp_perf.core.verdict.bounds import bounds_of
from aqp_perf.core.verdict.thresholds import parse_threshold
from aqp_perf.core.verdict.verdicts import Judgement, Verdict, judge

MS = 1_000_000


def histogram(*latencies_ms: float) -> LatencyHistogram:
    return LatencyHistogram.of(round(each * MS) for each in latencies_ms)


def run_of(
    latencies_ms: list[float],
    *,
    touched: TouchedRequests | None = None,
    failures: dict[FailureClass, int] | None = None,
    missing: int = 0,
    users: int = 100,
    **health: object,
) -> RunResult:
    latency = histogram(*latencies_ms)
    count = latency.count
    operation = OperationResult(
        request_type="GET",
        name="read",
        duration_s=10.0,
        requests=count,
        failures=sum((failures or {}).values()),
        failure_classes=failures or {},
        latency=latency,
        service_time=latency,
        touched=touched,
        user_classes=("Reader",),
    )
    generator = GeneratorHealth(
        processes=1,
        arrivals_due=count + missing,
        arrivals_sent=count,
        user_classes={"Reader": ClassCounts(due=count + missing, sent=count)},
        peak_per_s=100,
    )
    return RunResult(
        command=("locust",),
        started_at=datetime(2025, 1, 1, tzinfo=UTC),
        duration_s=10.0,
        users=users,
        generator=replace(generator, **health),  # type: ignore[arg-type] # of any field
        operations=(operation,),
    )


def judgement(run: RunResult, text: str) -> Judgement:
    (only,) = judge(run, [parse_threshold(text)]).judgements
    return only


def touched(measured_ms: float, least_ms: float, count: int) -> TouchedRequests:
    measured, least = histogram(*[measured_ms] * count), histogram(*[least_ms] * count)
    return TouchedRequests(
        requests=count,
        latency=measured,
        least_latency=least,
        service_time=measured,
        least_service_time=least,
    )


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        ("median < 50 ms", Verdict.PASS),  # touched requests or not
        ("p99 < 300 ms", Verdict.PASS),
        ("p99 < 100 ms", Verdict.INVALID),  # 200 ms measured, 40 ms at least
        ("p99 < 30 ms", Verdict.FAIL),  # without the freeze, too
        ("max < 100 ms", Verdict.INVALID),
        ("mean < 20 ms", Verdict.INVALID),  # 23.8 ms measured, 20.6 ms … at least
        ("p99 > 30 ms", Verdict.PASS),  # limits from below are mirrored
        ("p99 > 100 ms", Verdict.INVALID),
        ("p99 > 300 ms", Verdict.FAIL),
    ],
)
def test_a_limit_is_kept_or_broken_whatever_the_generator_did(text: str, verdict: Verdict) -> None:
    """980 requests of 20 ms; 20 took 200 ms, of which a freeze may have been 160."""
    run = run_of([20.0] * 980 + [200.0] * 20, touched=touched(200.0, 40.0, 20))
    if text == "mean < 20 ms":
        run = run_of([19.0] * 980 + [200.0] * 20, touched=touched(200.0, 40.0, 20))

    found = judgement(run, text)

    assert (found.verdict, found.touched) == (verdict, 20)


def test_an_undecided_limit_says_between_what_it_lies_and_why() -> None:
    run = run_of([20.0] * 980 + [200.0] * 20, touched=touched(200.0, 40.0, 20))

    found = judge(run, [parse_threshold("p99 < 100 ms")])

    assert found.judgements[0].bounds == pytest.approx((40.0, 200.0), rel=1e-3)
    assert found.invalid_reasons[0] == (
        "read: p99 < 100 ms: target alone 40 ms to 200 ms: stalls touched 20 of 1000 requests"
    )


@pytest.mark.parametrize(
    ("missing", "text", "most", "verdict"),
    [
        (9, "p99 < 50 ms", 20.0, Verdict.PASS),  # rank 999 of 1009 due
        (11, "p99 < 50 ms", inf, Verdict.INVALID),  # rank 1001 of 1011 due
        (1, "max < 50 ms", inf, Verdict.INVALID),
        (1, "mean < 50 ms", inf, Verdict.INVALID),
        (1, "failure_ratio <= 0", 1 / 1001, Verdict.INVALID),
        (9, "failure_ratio <= 1%", 9 / 1009, Verdict.PASS),
        (1, "throughput >= 100", 100.1, Verdict.PASS),
        (5, "throughput >= 100.2", 100.5, Verdict.INVALID),
        (5, "throughput >= 101", 100.5, Verdict.FAIL),
    ],
)
def test_requests_without_a_latency_are_failed_and_endless_in_the_upper_bound(
    missing: int, text: str, most: float, verdict: Verdict
) -> None:
    run = run_of([20.0] * 1000, missing=missing)

    rule = parse_threshold(text)
    assert bounds_of(run, run.operations[0], rule).most == pytest.approx(most, rel=1e-3)
    assert judgement(run, text).verdict is verdict


def test_answers_that_waited_for_a_free_user_would_have_come_in_time() -> None:
    """1000 due in 10 s, 200 of them answered after the end, 150 of these were sent after it."""
    run = run_of([20.0] * 1000, arrivals_caught_up=150)
    (operation,) = run.operations
    run = replace(run, operations=(replace(operation, answered=800),))

    assert judgement(run, "throughput > 90").verdict is Verdict.INVALID
    assert judgement(run, "throughput > 96").verdict is Verdict.FAIL


def test_failures_in_a_freeze_may_be_the_generators_but_a_wrong_answer_is_not() -> None:
    failures = {FailureClass.TIMEOUT: 20, FailureClass.WRONG_ANSWER: 5}
    in_freeze = replace(touched(200.0, 40.0, 25), failures=failures)
    run = run_of([20.0] * 975 + [200.0] * 25, touched=in_freeze, failures=failures)

    assert judgement(run, "failure_ratio <= 1%").verdict is Verdict.INVALID
    assert judgement(run, "failure_ratio <= 0.4%").verdict is Verdict.FAIL
    assert judgement(run, "timeout_ratio <= 1%").verdict is Verdict.INVALID


@pytest.mark.parametrize(
    ("users", "text", "verdict"),
    [
        (4, "p99 < 400 ms", Verdict.INVALID),  # 100/s of up to 400 ms want 40 users
        (39, "p99 < 400 ms", Verdict.INVALID),
        (40, "p99 < 400 ms", Verdict.FAIL),
        (4, "p99 < 20 ms", Verdict.FAIL),  # the service times break it, too
        (4, "p99 < 3000 ms", Verdict.PASS),
    ],
)
def test_waiting_for_a_free_user_is_the_targets_fault_only_with_enough_users(
    users: int, text: str, verdict: Verdict
) -> None:
    run = run_of([2_000.0] * 1000, users=users)
    (operation,) = run.operations
    run = replace(run, operations=(replace(operation, service_time=histogram(*[25.0] * 1000)),))

    found = judgement(run, text)

    assert found.verdict is verdict
    if verdict is Verdict.INVALID:
        assert f"need 40 users, there were {users}: add users" in found.reason


@pytest.mark.parametrize(("users", "verdict"), [(19, Verdict.INVALID), (20, Verdict.FAIL)])
def test_users_are_enough_only_if_half_of_them_are_idle(users: int, verdict: Verdict) -> None:
    """100/s of 100 ms on average keep 10 busy: 95 % take 52.6 ms, and the others 1 s."""
    run = run_of([300.0] * 1000, users=users)
    (operation,) = run.operations
    service = histogram(*[52.6] * 950, *[1_000.0] * 50)
    run = replace(run, operations=(replace(operation, service_time=service),))

    assert judgement(run, "p90 < 60 ms").verdict is verdict


def test_the_mean_of_all_operations_is_computed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """For each judgement of hundreds of operations, it would take seconds."""
    run = run_of([50.0] * 1000, users=1)
    assert run.mean_service_time_ns
    monkeypatch.delattr(LatencyHistogram, "mean_ns")

    assert judgement(run, "p90 < 60 ms").verdict is Verdict.PASS


@pytest.mark.parametrize(("processes", "verdict"), [(1, Verdict.FAIL), (2, Verdict.INVALID)])
def test_a_freeze_of_one_process_may_delay_requests_of_another(
    processes: int, verdict: Verdict
) -> None:
    """Freezes of 0.2 s and their aftermath are 4 % of the time; as many requests were slow."""
    run = run_of([20.0] * 960 + [200.0] * 40, processes=processes, freezes=((2.0, 0.2), (2.1, 0.1)))

    assert judgement(run, "p99 < 50 ms").verdict is verdict
    assert judgement(run, "median < 15 ms").verdict is Verdict.FAIL


@pytest.mark.parametrize(
    ("health", "verdict"),
    [
        ({}, Verdict.FAIL),
        ({"freeze_causes": {FreezeCause.SERVER: 5.0}, "arrivals_due": None}, Verdict.INVALID),
        ({"cpu_ratio_max": 0.95, "arrivals_due": None}, Verdict.INVALID),
    ],
)
def test_throughput_is_the_targets_only_where_generator_and_servers_ran(
    health: dict[str, object], verdict: Verdict
) -> None:
    run = run_of([20.0] * 1000)
    run = replace(run, generator=replace(run.generator, **health))  # type: ignore[arg-type] # of any field

    assert judgement(run, "throughput > 150").verdict is verdict


@given(
    latencies_ms=st.lists(st.floats(1.0, 500.0), min_size=1, max_size=50),
    credit_ms=st.floats(0.0, 600.0),
    missing=st.integers(0, 5),
    text=st.sampled_from(
        ["median < 50", "p90 < 50", "max < 50", "mean < 50", "failure_ratio < 5%", "throughput > 3"]
    ),
)
def test_what_was_measured_lies_between_the_bounds(
    latencies_ms: list[float], credit_ms: float, missing: int, text: str
) -> None:
    least = [max(each - credit_ms, 0.0) for each in latencies_ms]
    part = TouchedRequests(
        requests=len(latencies_ms),
        latency=histogram(*latencies_ms),
        least_latency=histogram(*least),
        service_time=histogram(*latencies_ms),
        least_service_time=histogram(*least),
    )
    run = run_of(latencies_ms, touched=part, missing=missing)
    rule = parse_threshold(text)

    least_bound, most_bound = bounds_of(run, run.operations[0], rule)

    observed = judgement(run, text).observed
    assert observed is not None
    assert least_bound <= observed * 1.001
    assert most_bound >= observed * 0.999


def test_a_run_is_undecided_only_where_bounds_alone_made_it_invalid() -> None:
    run = run_of([20.0] * 980 + [200.0] * 20, touched=touched(200.0, 40.0, 20))
    late = replace(
        run, generator=replace(run.generator, frozen_s=9.0, freezes=((0.0, 9.0),)), duration_s=10.0
    )
    untrusted = replace(run, invalid_reasons=("a worker was lost",))
    rules = [parse_threshold("p99 < 100 ms")]

    assert judge(run, rules).is_undecided
    assert not judge(late, rules).is_undecided
    assert not judge(untrusted, rules).is_undecided
    assert not judge(run, [parse_threshold("p99 < 300 ms")]).is_undecided
    assert not judge(run, [parse_threshold("p99 < 30 ms")]).is_undecided


@pytest.mark.parametrize(
    ("health", "text"),
    [
        (
            {"frozen_s": 0.5, "freezes": ((1.0, 0.3),), "freeze_causes": {FreezeCause.STOPPED: 1}},
            f"the load generator stood still for 500 ms, 300 ms at once ({FreezeCause.STOPPED})",
        ),
        (
            {
                "frozen_s": 0.5,
                "freezes": ((1.0, 0.3),),
                "freeze_causes": {FreezeCause.OTHER_WORK: 0.5, FreezeCause.SERVER: 1.25},
            },
            (
                "the load generator stood still for 500 ms, 300 ms at once "
                f"({FreezeCause.OTHER_WORK}), our target or AQP waited 1.2 s for a core"
            ),
        ),
        ({}, "the load generator stood still just before the measurement"),
    ],
)
def test_a_note_says_who_stood_still(health: dict[str, object], text: str) -> None:
    run = run_of([20.0] * 980 + [200.0] * 20, touched=touched(200.0, 40.0, 20))
    run = replace(run, generator=replace(run.generator, **health))  # type: ignore[arg-type] # of any field

    (note,) = judge(run, [parse_threshold("p99 < 300 ms")]).notes

    assert note == f"stalls touched 20 of 1000 requests: {text}"
    (*_, reason) = judge(run, [parse_threshold("p99 < 100 ms")]).invalid_reasons
    assert reason.startswith(f"{note}: ")  # what to do, where it decided
