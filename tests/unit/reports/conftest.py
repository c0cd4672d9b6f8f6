"""One judged run that shows everything a report can show."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from aqp_perf.core.aws.prices import US_EAST_1, Tariff
from aqp_perf.core.load.cost import CostEstimate, RunCost
from aqp_perf.core.measured.failure_class import FailureClass
from aqp_perf.core.measured.operation import OperationResult
from aqp_perf.core.measured.run_result import GeneratorHealth, RunResult
from aqp_perf.core.results.judged_run import JudgedRun, TargetInfo
from aqp_perf.core.samples.histogram import LatencyHistogram
from aqp_perf.core.samples.timeline import Timeline
from aqp_perf.core.verdict.thresholds import parse_threshold
from aqp_perf.core.verdict.verdicts import judge

ZIPCODE = (
    "select zipcode,pk,sum(amount) as total from performance_test_table where pk=? group by zipcode"
)
THRESHOLDS = (
    "p99 < 300 ms",
    "write_to_ddb: failure_ratio <= 0.1%",
    "write_to_ddb: max < 150 ms",
    "delete: median < 5 ms",
)


def spread(latencies_ns: list[int], failures: int = 0) -> Timeline:
    """Return the timeline of requests over 10 s, whose failures are far apart."""
    timeline, count = Timeline(), len(latencies_ns)
    failed = {number * count // failures for number in range(failures)}
    for number in range(count):
        timeline.record(number * 10**10 // count, latencies_ns[number], failed=number in failed)
    return timeline


@pytest.fixture
def cost() -> RunCost:
    """What a run on AWS cost."""
    parts = {"seeding": Decimal("0.000625"), "load": Decimal("0.375")}
    return RunCost(
        estimate=CostEstimate(parts=parts, tariff=Tariff(prices=US_EAST_1).label),
        spent_parts={"load": Decimal("0.35")},
        is_partly_estimated=False,
        limit=Decimal(5),
    )


@pytest.fixture
def judged() -> JudgedRun:
    writes_ns = [200_000_000 if number % 100 == 0 else 1_000_000 for number in range(1000)]
    writes = LatencyHistogram.of(writes_ns)
    reads = LatencyHistogram.of([50_000_000] * 20)
    run = RunResult(
        command=("locust", "-f", "perf/locustfile.py", "PartiqlWriteUser", "--host", "a b"),
        started_at=datetime(2025, 1, 1, tzinfo=UTC),
        duration_s=10.0,
        users=10,
        generator=GeneratorHealth(
            processes=1,
            cpu_ratio_max=0.415,
            loop_lag_p99_ms=0.8,
            arrivals_due=1020,
            arrivals_sent=1020,
        ),
        operations=(
            OperationResult(
                request_type="partiQL",
                name="write_to_ddb",
                duration_s=10.0,
                requests=1000,
                failures=2,
                failure_classes={FailureClass.THROTTLED: 1, FailureClass.TIMEOUT: 1},
                failure_messages={"no answer in 5 s": 1, "ThrottlingException\x1b[2J": 1},
                consumed_write_units=998.0,
                latency=writes,
                service_time=writes,
                timeline=spread(writes_ns, failures=2),
            ),
            OperationResult(
                request_type="GET",
                name=ZIPCODE,
                duration_s=10.0,
                requests=20,
                failures=0,
                latency=reads,
                service_time=reads,
            ),
        ),
    )
    return JudgedRun(
        test="perf/test_mix.py::test_mix",
        target=TargetInfo(kind="moto", endpoint="http://127.0.0.1:5000", label="not AWS"),
        profile={"users": 10, "pacing": "102/s"},
        seed=1,
        run=run,
        verdict=judge(run, [parse_threshold(text) for text in THRESHOLDS]),
    )
