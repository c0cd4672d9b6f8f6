from datetime import UTC, datetime

from hypothesis import given, settings
from hypothesis import strategies as st

from aqp_perf.core.measured.failure_class import FailureClass
from aqp_perf.core.measured.operation import OperationResult
from aqp_perf.core.measured.operation_parts import AnswerChecks
from aqp_perf.core.measured.run_progress import Progress
from aqp_perf.core.measured.run_result import GeneratorHealth, MeteredUnits, RunResult
from aqp_perf.core.records import from_json, to_json
from aqp_perf.core.samples.histogram import LatencyHistogram
from aqp_perf.core.verdict.thresholds import parse_threshold
from aqp_perf.core.verdict.verdicts import judge

THRESHOLDS = [
    parse_threshold(text)
    for text in ("p99 < 300 ms", "failure_ratio <= 1%", "throughput > 5", "timeout_ratio <= 0.5%")
]


def progress_of(latencies_ns: list[int], timeouts: int) -> Progress:
    latency = LatencyHistogram.of(latencies_ns)
    operation = OperationResult(
        request_type="GET",
        name="read",
        duration_s=4.0,
        requests=len(latencies_ns),
        failures=timeouts,
        failure_classes={FailureClass.TIMEOUT: timeouts},
        warmup_requests=3,
        answered=len(latencies_ns) - timeouts,
        consumed_read_units=2.5,
        answers=AnswerChecks(checked=1),
        latency=latency,
        service_time=latency,
    )
    run = RunResult(
        command=("locust",),
        started_at=datetime(2025, 1, 1, tzinfo=UTC),
        duration_s=4.0,
        users=2,
        generator=GeneratorHealth(processes=1, cpu_ratio_max=0.5),
        operations=(operation,),
        metered=MeteredUnits(read=2.5),
    )
    return Progress(elapsed_s=5.0, users=2, run=run)


@settings(max_examples=50)
@given(st.lists(st.integers(0, 10**12), min_size=1), st.data())
def test_progress_is_judged_as_what_was_measured(
    latencies_ns: list[int], data: st.DataObject
) -> None:
    progress = progress_of(latencies_ns, data.draw(st.integers(0, len(latencies_ns))))

    read = from_json(to_json(progress.without_details()), Progress, "progress")

    assert judge(read.run, THRESHOLDS) == judge(progress.run, THRESHOLDS)
    assert read.run.generator == GeneratorHealth(processes=1), "it is judged at the end"
    assert (read.elapsed_s, read.users, read.arrivals) == (5.0, 2, len(latencies_ns) + 3)
    assert read.run.metered == progress.run.metered
