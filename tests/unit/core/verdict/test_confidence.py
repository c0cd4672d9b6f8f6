from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from aqp_perf.core.measured.failure_class import FailureClass
from aqp_perf.core.measured.operation import OperationResult
from aqp_perf.core.measured.run_result import GeneratorHealth, RunResult
from aqp_perf.core.measured.stalls import TouchedRequests
from aqp_perf.core.samples.histogram import LatencyHistogram
from aqp_perf.core.samples.timeline import Timeline
from aqp_perf.core.verdict.confidence import parse_proof, proof_text
from aqp_perf.core.verdict.thresholds import parse_threshold
from aqp_perf.core.verdict.verdicts import Judgement, Verdict, judge

MS = 1_000_000


def run_of(latencies_ms: Sequence[int], failures: int = 0) -> RunResult:
    """Return a run of 100 requests a second; failures are as far apart as can be."""
    latency, timeline, count = LatencyHistogram(), Timeline(), len(latencies_ms)
    for number, latency_ms in enumerate(latencies_ms):
        latency.record_ns(latency_ms * MS)
        failed = (number + 1) * failures // count > number * failures // count
        timeline.record(number * 10**7, latency_ms * MS, failed=failed)
    operation = OperationResult(
        request_type="GET",
        name="read",
        duration_s=count / 100,
        requests=count,
        failures=failures,
        failure_classes={FailureClass.TIMEOUT: failures} if failures else {},
        latency=latency,
        service_time=latency,
        timeline=timeline,
    )
    return RunResult(
        command=(),
        started_at=datetime(2025, 1, 1, tzinfo=UTC),
        duration_s=operation.duration_s,
        users=10,
        generator=GeneratorHealth(processes=1),
        operations=(operation,),
    )


def judged(run: RunResult, rule: str, proof: float | None = None) -> Judgement:
    (only,) = judge(run, [parse_threshold(rule)], proof=proof).judgements
    return only


@pytest.mark.parametrize(
    ("text", "confidence"),
    [("off", None), ("95%", 0.95), ("50%", 0.5), ("99.9%", 0.999), ("80.5%", 0.805)],
)
def test_a_proof_is_written_as_a_percentage(text: str, confidence: float | None) -> None:
    assert parse_proof(text) == pytest.approx(confidence)
    assert proof_text(parse_proof(text)) == text


@pytest.mark.parametrize(
    "text", ["", "on", "95", "0.95", "49.9%", "99.91%", "100%", "-95%", "nan%", "1e2%", "95%%"]
)
def test_another_confidence_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="write 'off', or a confidence from 50% to"):
        parse_proof(text)


@pytest.mark.parametrize(
    ("requests", "failures", "rule", "verdict", "reason"),
    [
        (999, 0, "failure_ratio <= 0.1%", "no data", "needs 1000 samples: 1 missing"),
        (1000, 0, "failure_ratio <= 0.1%", "pass", ""),
        (99, 0, "timeout_ratio < 1%", "no data", "timeout_ratio < 1% needs 100 samples: 1 missing"),
        # The intervals of one and of two failures begin at 0.35 % and at 1.1 %.
        (50, 1, "failure_ratio <= 1%", "no data", "needs 100 samples: 50 missing"),
        (50, 2, "failure_ratio <= 1%", "fail", ""),
        (1, 1, "failure_ratio <= 1%", "fail", ""),
        (1, 0, "failure_ratio <= 0", "pass", ""),
        (1, 1, "failure_ratio <= 0", "fail", ""),
        (1, 1, "failure_ratio > 1%", "pass", ""),
    ],
)
def test_a_limit_on_a_ratio_needs_requests_to_be_kept(
    requests: int, failures: int, rule: str, verdict: str, reason: str
) -> None:
    only = judged(run_of([20] * requests, failures), rule)

    assert only.verdict == verdict
    assert reason in only.reason


HALF_SLOW = run_of([10, 30] * 3_000)


@pytest.mark.parametrize(
    ("run", "rule", "verdict"),
    [
        (HALF_SLOW, "p90 < 100 ms", "pass"),
        (HALF_SLOW, "p90 < 20 ms", "fail"),
        (HALF_SLOW, "p90 > 20 ms", "pass"),
        (HALF_SLOW, "mean < 30 ms", "pass"),
        (HALF_SLOW, "mean < 19 ms", "fail"),
        (HALF_SLOW, "mean < 20.1 ms", "no data"),
        (HALF_SLOW, "mean > 20.1 ms", "no data"),
        (HALF_SLOW, "median < 20 ms", "no data"),  # which of two modes it is in is a chance
        (run_of([20] * 400), "failure_ratio <= 1%", "pass"),
        (run_of([20] * 300), "failure_ratio <= 1%", "no data"),
        (run_of([20] * 4_000, 60), "failure_ratio <= 1%", "fail"),
        (run_of([20] * 4_000, 45), "failure_ratio <= 1%", "no data"),
        (run_of([20] * 4_000, 20), "failure_ratio <= 1%", "pass"),
        (run_of([20] * 4_000, 35), "failure_ratio <= 1%", "no data"),
    ],
)
def test_a_proof_needs_the_interval_on_one_side_of_the_limit(
    run: RunResult, rule: str, verdict: str
) -> None:
    assert judged(run, rule, proof=0.95).verdict == verdict


@pytest.mark.parametrize(
    "rule", ["failure_ratio <= 0", "max < 21 ms", "throughput > 99", "failure_ratio > 0"]
)
def test_what_has_no_interval_is_judged_as_without_proof(rule: str) -> None:
    run = run_of([20] * 400)

    assert judged(run, rule, proof=0.999) == judged(run, rule)


@pytest.mark.parametrize(
    ("run", "rule", "reason"),
    [
        (
            run_of([20] * 300),
            "failure_ratio <= 1%",
            "not proven at 95%: about 381 requests like these would tell",
        ),
        (
            run_of([20] * 100),
            "failure_ratio <= 1%",
            "not proven at 95%: requests in 20 slices of time are needed",
        ),
        (
            run_of([20] * 4_000, 40),
            "failure_ratio <= 1%",
            "not proven at 95%: the limit is too close to what was observed",
        ),
    ],
)
def test_what_is_not_proven_says_what_would_tell(run: RunResult, rule: str, reason: str) -> None:
    assert judged(run, rule, proof=0.95).reason == reason


def test_so_many_requests_as_are_suggested_tell() -> None:
    run = run_of([20] * 4_000, 35)
    reason = judged(run, "failure_ratio <= 1%", proof=0.95).reason
    needed = int(reason.split("about ")[1].split()[0].replace(",", ""))

    longer = run_of([20] * (needed + 400), (needed + 400) * 35 // 4_000)

    assert needed > 4_000
    assert judged(longer, "failure_ratio <= 1%", proof=0.95).verdict is Verdict.PASS


def test_a_higher_confidence_proves_less() -> None:
    run = run_of([20] * 4_000, 30)
    verdicts = [judged(run, "failure_ratio <= 1%", proof=proof).verdict for proof in (0.5, 0.999)]

    assert verdicts == ["pass", "no data"]


def test_what_the_generator_can_have_added_is_not_proven() -> None:
    """All requests were touched, and may have taken 10 ms."""
    run = run_of([20] * 4_000)
    (operation,) = run.operations
    least = LatencyHistogram.of([10 * MS] * 4_000)
    touched = TouchedRequests(
        requests=4_000,
        latency=operation.latency,
        least_latency=least,
        service_time=operation.latency,
        least_service_time=least,
    )
    widened = replace(run, operations=(replace(operation, touched=touched),))

    verdicts = [judged(widened, f"p90 < {limit} ms", 0.95).verdict for limit in (9, 15, 21)]

    assert verdicts == ["fail", "invalid", "pass"]


def test_with_too_few_users_the_service_times_must_prove_it() -> None:
    """A target of 10 ms keeps ten users busy at 1,000 a second: requests waited for one of two."""
    run = run_of([20] * 4_000)
    (operation,) = run.operations
    service_time = LatencyHistogram.of([10 * MS] * 4_000)
    few = replace(
        run,
        users=2,
        generator=replace(run.generator, peak_per_s=1_000),
        operations=(replace(operation, service_time=service_time),),
    )

    verdicts = [judged(few, f"p90 < {limit} ms", 0.95).verdict for limit in (9, 15)]

    assert verdicts == ["fail", "invalid"]
