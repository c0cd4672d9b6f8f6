"""Size and speed of the HTML report of a long run.

    python -m benchmarks.html_report

Makes the result of ten hours with twenty operations: every slice and every histogram full, as far
as a target can fill them. Writes its report and opens it in a headless Chromium, to the moment
when every chart is drawn. Exits with 1 when the file is above 5 MB, takes above 3 s to write, or
above 2 s to open; takes the middle of three. Needs Chromium (`apt-get install chromium`).
"""

import argparse
import sys
import time
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from statistics import median
from tempfile import TemporaryDirectory
from typing import Final

from aqp_perf.core.measured.failure_class import FailureClass
from aqp_perf.core.measured.operation import OperationResult
from aqp_perf.core.measured.operation_parts import TimeShares
from aqp_perf.core.measured.run_result import GeneratorHealth, RunResult
from aqp_perf.core.measured.stalls import MOST_FREEZES, FreezeCause
from aqp_perf.core.results.judged_run import JudgedRun, ResultsFile, TargetInfo
from aqp_perf.core.samples.histogram import LatencyHistogram
from aqp_perf.core.samples.timeline import Timeline
from aqp_perf.core.verdict.thresholds import parse_threshold
from aqp_perf.core.verdict.verdicts import judge
from aqp_perf.files import write_whole
from aqp_perf.reports.html import render_html
from tests.doubles.chromium import chromium

OPERATIONS: Final = 20
HOURS: Final = 10
REQUESTS: Final = 100_000
"""Of an operation: more add to the counts, not to what is counted."""
MOST_BYTES: Final = 5_000_000
MOST_WRITE_S: Final = 3.0
MOST_OPEN_S: Final = 2.0
ROUNDS: Final = 3

_DURATION_S: Final = HOURS * 3_600
_NS: Final = 1_000_000_000


def long_run() -> ResultsFile:
    """Return the report of one run, ten hours long."""
    rng = Random(1)  # noqa: S311 - no secret
    run = RunResult(
        command=("locust", "-f", "perf/locustfile.py", "--headless", "-t", f"{HOURS}h"),
        started_at=datetime(2025, 1, 1, tzinfo=UTC),
        duration_s=_DURATION_S,
        users=1_000,
        generator=GeneratorHealth(
            processes=4,
            cpu_ratio_max=0.6,
            loop_lag_p99_ms=0.4,
            frozen_s=0.1 * MOST_FREEZES,
            freezes=tuple((150.0 * number, 0.1) for number in range(MOST_FREEZES)),
            freeze_causes={FreezeCause.OTHER_WORK: 0.1 * MOST_FREEZES},
        ),
        operations=tuple(_operation(number, rng) for number in range(OPERATIONS)),
    )
    thresholds = [parse_threshold(text) for text in ("p99 < 300 ms", "failure_ratio <= 1%")]
    judged = JudgedRun(
        test="perf/test_soak.py::test_ten_hours",
        target=TargetInfo(kind="moto", endpoint="http://127.0.0.1:5000", label="not AWS"),
        profile={"name": "soak", "run_time_s": _DURATION_S},
        seed=1,
        run=run,
        verdict=judge(run, thresholds),
    )
    return ResultsFile(started_at=run.started_at, environment={"python": "3.11"}, runs=(judged,))


def _operation(number: int, rng: Random) -> OperationResult:
    latency, service_time, timeline = LatencyHistogram(), LatencyHistogram(), Timeline()
    failures = 0
    for _ in range(REQUESTS):
        service_ns = round(rng.lognormvariate(16.0 + number / 20, 1.2))
        latency_ns = service_ns + round(rng.expovariate(1 / 2e6))
        failed = rng.random() < 1 / 200
        latency.record_ns(latency_ns)
        service_time.record_ns(service_ns)
        timeline.record(round(rng.random() * _DURATION_S * _NS), latency_ns, failed=failed)
        failures += failed
    return OperationResult(
        request_type="GET",
        name=f"GET /a/rather/long/name/as/those/of/queries/are/{number}?group=status&of=pk",
        duration_s=_DURATION_S,
        requests=REQUESTS,
        failures=failures,
        failure_classes=Counter({FailureClass.SERVER_ERROR: failures}),
        failure_messages={"HTTP 500": failures},
        latency=latency,
        service_time=service_time,
        time_shares=TimeShares(
            answers=REQUESTS,
            waiting_ns=2_000_000 * REQUESTS,
            client_and_network_ns=3_000_000 * REQUESTS,
            aggregate_ns=4_000_000 * REQUESTS,
            retrieve_ns=5_000_000 * REQUESTS,
        ),
        timeline=timeline,
    )


def written(path: Path, report: ResultsFile) -> float:
    """Write the report and return how many seconds that took."""
    began = time.perf_counter()
    write_whole(path, render_html(report))
    return time.perf_counter() - began


def opened(path: Path) -> float:
    """Return the seconds from the start of navigation until all charts were drawn."""
    with chromium() as browser:
        page = browser.new_page()
        page.goto(path.as_uri())
        page.wait_for_selector("[data-ready]")
        # Two frames: what is drawn is on the screen.
        drawn_ms: float = page.evaluate(
            "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame("
            "() => done(performance.now()))))"
        )
        charts = page.locator('[data-drawn="yes"] canvas').count()
        assert charts == page.locator(".chart").count(), f"{charts} charts drawn"
        marked_ms: float = page.evaluate(
            "() => performance.getEntriesByName('charts-drawn')[0].startTime"
        )
    print(f"charts drawn after {marked_ms / 1_000:.2f} s, shown after {drawn_ms / 1_000:.2f} s")
    return marked_ms / 1_000


def main() -> int:
    """Measure and print size and times; with ``--help`` only say what that is."""
    argparse.ArgumentParser(
        prog="python -m benchmarks.html_report",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    ).parse_args()
    report = long_run()
    buckets = [len(list(each.latency._buckets())) for each in report.runs[0].run.operations]  # noqa: SLF001 - how full
    print(f"{OPERATIONS} operations, {HOURS} h, {median(buckets):.0f} buckets in a histogram")
    with TemporaryDirectory() as folder:
        path = Path(folder) / "report.html"
        cpu_began = time.process_time()
        write_s = median(written(path, report) for _ in range(ROUNDS))
        write_cpu_s = (time.process_time() - cpu_began) / ROUNDS
        size_bytes = path.stat().st_size
        open_s = median(opened(path) for _ in range(ROUNDS))
    print(f"to write it took {write_cpu_s:.2f} s of CPU")
    misses = 0
    for title, value, most, unit in (
        ("size", size_bytes / 1e6, MOST_BYTES / 1e6, "MB"),
        ("write", write_s, MOST_WRITE_S, "s"),
        ("open", open_s, MOST_OPEN_S, "s"),
    ):
        misses += value > most
        print(f"{title:6} {value:6.2f} {unit}, at most {most:g}")
    return 1 if misses else 0


if __name__ == "__main__":
    sys.exit(main())
