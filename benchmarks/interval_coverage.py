"""How often the printed 95 % interval of one run holds the true value, by simulation.

    python -m benchmarks.interval_coverage [--trials N]

Runs of 100 requests a second for 60 s and of 1,000 a second for 30 s are simulated: latencies are
log-normal around 20 ms, with a p99 of twice the median, and 1 % or 5 % of the requests fail. Either
all requests are independent, or they are alike in tens: ten neighbours have the same latency, and
fail or succeed together. They go through the histogram and the timeline of a real run, and the
interval is that of `observe`. The old interval, which takes all requests for independent, is
printed beside it.

Exits with 1 when an interval of p99 or of a ratio holds the true value in less than 93 % or more
than 97 % of the runs. Takes about ten minutes on two cores.
"""

import argparse
import sys
from functools import partial
from math import exp
from multiprocessing import Pool
from random import Random
from statistics import NormalDist
from typing import Final, NamedTuple

from aqp_perf.core.measured.failure_class import FailureClass
from aqp_perf.core.measured.operation import OperationResult
from aqp_perf.core.samples.histogram import LatencyHistogram
from aqp_perf.core.samples.intervals import ratio_interval
from aqp_perf.core.samples.timeline import Timeline
from aqp_perf.core.verdict.observations import CONFIDENCE, observe
from aqp_perf.core.verdict.thresholds import parse_threshold

LEAST_RATIO: Final = 0.93
MOST_RATIO: Final = 0.97
MEDIAN_MS: Final = 20
SIGMA: Final = 0.3
"""Of the logarithm: the p99 is twice the median."""

_NS: Final = 1_000_000_000
_NS_PER_MS: Final = 1_000_000


class Case(NamedTuple):
    """A kind of run."""

    rate_per_s: int
    duration_s: int
    alike: int
    """Neighbours with one fate."""


CASES: Final = tuple(
    Case(rate_per_s, duration_s, alike)
    for rate_per_s, duration_s in ((100, 60), (1_000, 30))
    for alike in (1, 10)
)
FAILURE_RATIOS: Final = (0.01, 0.05)
QUANTILES: Final = {"median": 0.5, "p90": 0.9, "p95": 0.95, "p99": 0.99}
JUDGED: Final = ("p99", "failure_ratio")
NO_INTERVAL: Final = (0.0, 0.0)

Hits = dict[str, tuple[bool, bool] | None]
"""Figure → whether its interval, and the old one, holds the true value; None: no interval."""


def simulated(case: Case, random: Random, failure_ratio: float) -> OperationResult:
    """Return what a run measured; requests are due at even distances."""
    histogram, timeline, failures = LatencyHistogram(), Timeline(), 0
    latency_ns, failed = 0, False
    requests = case.rate_per_s * case.duration_s
    offset = random.randrange(case.alike)
    for number in range(requests):
        if number == 0 or (number + offset) % case.alike == 0:
            latency_ns = round(MEDIAN_MS * exp(random.gauss(0, SIGMA)) * _NS_PER_MS)
            failed = random.random() < failure_ratio
        histogram.record_ns(latency_ns)
        timeline.record(number * _NS // case.rate_per_s, latency_ns, failed=failed)
        failures += failed
    return OperationResult(
        request_type="simulated",
        name="request",
        duration_s=case.duration_s,
        requests=requests,
        failures=failures,
        failure_classes={FailureClass.TIMEOUT: failures},
        latency=histogram,
        service_time=histogram,
        timeline=timeline,
    )


def trial(case: Case, number: int) -> Hits:
    """Simulate a run for each failure ratio; return which intervals hold the true value."""
    random = Random(repr((case, number)))  # noqa: S311 - a simulation
    hits: Hits = {}
    runs = {ratio: simulated(case, random, ratio) for ratio in FAILURE_RATIOS}
    for ratio, operation in runs.items():
        old = ratio_interval(operation.failures, operation.requests, CONFIDENCE)
        interval = _interval(operation, "failure_ratio < 100%")
        hits[f"failure_ratio {ratio:.0%}"] = _holds(interval, old, ratio)
    run, *_ = runs.values()
    latency, normal = run.latency, NormalDist()
    for metric, q in QUANTILES.items():
        old = latency.quantile_interval_ns(q, CONFIDENCE) or NO_INTERVAL
        truth_ms = MEDIAN_MS * exp(SIGMA * normal.inv_cdf(q))
        interval = _interval(run, f"{metric} < 1 s")
        hits[metric] = _holds(interval, _in_ms(old), truth_ms)
    old = latency.mean_interval_ns(CONFIDENCE) or NO_INTERVAL
    truth_ms = MEDIAN_MS * exp(SIGMA**2 / 2)
    hits["mean"] = _holds(_interval(run, "mean < 1 s"), _in_ms(old), truth_ms)
    return hits


def _interval(operation: OperationResult, rule: str) -> tuple[float, float] | None:
    found = observe(operation, parse_threshold(rule))
    return None if found is None else found.ci95


def _in_ms(interval_ns: tuple[float, float]) -> tuple[float, float]:
    return interval_ns[0] / _NS_PER_MS, interval_ns[1] / _NS_PER_MS


def _holds(
    interval: tuple[float, float] | None, old: tuple[float, float], truth: float
) -> tuple[bool, bool] | None:
    if interval is None:
        return None
    return interval[0] <= truth <= interval[1], old[0] <= truth <= old[1]


def main() -> int:
    """Print the coverage of all cases; return 1 when one is out of range."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--trials", type=int, default=2_000, help="runs of each case (2000)")
    trials: int = parser.parse_args().trials
    if trials < 1:
        parser.error(f"--trials: {trials} is not valid: it must be at least 1")
    reached = True
    print(f"{'rate':>7} {'time':>5} {'alike':>5}  {'figure':17} {'covered':23} {'old':>6} without")
    with Pool() as pool:
        for case in CASES:
            found = pool.map(partial(trial, case), range(trials), chunksize=10)
            for figure in found[0]:
                hits = [one[figure] for one in found]
                judged = [hit for hit in hits if hit is not None]
                covered = sum(new for new, _ in judged)
                low, high = ratio_interval(covered, len(judged), 0.95)
                ratio = covered / len(judged)
                old_ratio = sum(old for _, old in judged) / len(judged)
                is_judged = figure.partition(" ")[0] in JUDGED
                missed = is_judged and not LEAST_RATIO <= ratio <= MOST_RATIO
                reached = reached and not missed
                print(
                    f"{case.rate_per_s:5,}/s {case.duration_s:3} s {case.alike:5}  {figure:17} "
                    f"{ratio:6.1%} [{low:.1%}, {high:.1%}] {old_ratio:6.1%} "
                    f"{1 - len(judged) / len(hits):.1%}{'  MISSED' if missed else ''}",
                    flush=True,
                )
    print(
        f"p99 and ratios covered in {LEAST_RATIO:.0%} to {MOST_RATIO:.0%} of the runs: "
        f"{'yes' if reached else 'NO'}"
    )
    return 0 if reached else 1


if __name__ == "__main__":
    sys.exit(main())
