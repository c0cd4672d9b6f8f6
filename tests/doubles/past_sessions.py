"""Past sessions with runs of a given latency."""

from datetime import UTC, datetime, timedelta

from aqp_perf.core.measured.operation import OperationResult
from aqp_perf.core.measured.run_result import GeneratorHealth, RunResult
from aqp_perf.core.results.judged_run import JudgedRun, ResultsFile, TargetInfo
from aqp_perf.core.results.run_fingerprint import RunFingerprint
from aqp_perf.core.samples.histogram import LatencyHistogram
from aqp_perf.core.verdict.verdicts import RunVerdict, Verdict

FIRST_NIGHT = datetime(2026, 11, 1, 2, 0, tzinfo=UTC)
MOTO = TargetInfo(kind="moto", endpoint="http://127.0.0.1:1", label="not AWS")
FINGERPRINT = RunFingerprint(
    target={"kind": "moto"},
    profile={"users": "50"},
    data={"seed": "1", "partitions": "20"},
    versions={"python": "3.11"},
    machine={"cores": "2"},
)


def past_run(
    latency_ms: float = 10.0,
    *,
    test: str = "test_it.py::test_write",
    requests: int = 10,
    verdict: Verdict = Verdict.PASS,
    target: TargetInfo = MOTO,
) -> JudgedRun:
    """Return a run whose requests all took ``latency_ms``."""
    latency = LatencyHistogram.of([round(latency_ms * 1_000_000)] * requests)
    operation = OperationResult(
        request_type="partiQL",
        name="write_to_ddb",
        duration_s=10.0,
        requests=requests,
        failures=0,
        latency=latency,
        service_time=latency,
    )
    run = RunResult(
        command=("locust",),
        started_at=FIRST_NIGHT,
        duration_s=10.0,
        users=50,
        generator=GeneratorHealth(processes=1),
        operations=(operation,),
    )
    return JudgedRun(
        test=test,
        target=target,
        profile={},
        fingerprint=FINGERPRINT,
        seed=1,
        run=run,
        verdict=RunVerdict(verdict=verdict, judgements=(), invalid_reasons=()),
    )


def past_session(night: int, *runs: JudgedRun, commit: str = "") -> ResultsFile:
    """Return the session of a night, counted from 0."""
    return ResultsFile(
        started_at=FIRST_NIGHT + timedelta(days=night),
        environment={"commit": commit or f"{night:07x}".ljust(40, "0")},
        runs=runs,
    )
