import pytest

from aqp_perf.core.measured.failure_class import FailureClass
from aqp_perf.core.measured.operation import OperationResult
from aqp_perf.core.samples.histogram import LatencyHistogram
from aqp_perf.core.verdict.hopeless import abort_reason
from aqp_perf.core.verdict.thresholds import parse_threshold


@pytest.mark.parametrize(
    ("rule", "requests", "failures", "reason"),
    [
        (
            "abort: failure_ratio > 50%",
            100,
            51,
            "write: failure_ratio > 50%: it was 51% after 100 requests",
        ),
        ("abort: failure_ratio > 50%", 99, 99, None),
        ("abort: failure_ratio > 50% after 200", 199, 199, None),
        (
            "abort: failure_ratio > 50% after 20",
            20,
            20,
            "write: failure_ratio > 50%: it was 100% after 20 requests",
        ),
        ("abort: failure_ratio > 50%", 100, 50, None),
        (
            "abort: wri*: timeout_ratio >= 50%",
            100,
            50,
            "write: timeout_ratio >= 50%: it was 50% after 100 requests",
        ),
        ("abort: read: failure_ratio > 50%", 100, 100, None),
        ("abort: p99 > 0.5 ms", 499, 0, None),
        ("abort: p99 > 0.5 ms", 500, 0, "write: p99 > 0.5 ms: it was 1 ms after 500 requests"),
    ],
)
def test_an_abort_rule_needs_enough_requests(
    rule: str, requests: int, failures: int, reason: str | None
) -> None:
    latency = LatencyHistogram.of([1_000_000] * requests)
    operation = OperationResult(
        request_type="partiQL",
        name="write",
        duration_s=10.0,
        requests=requests,
        failures=failures,
        failure_classes={FailureClass.TIMEOUT: failures},
        latency=latency,
        service_time=latency,
    )

    assert abort_reason({"write": operation}, [parse_threshold(rule)]) == reason
