"""How often a comparison with a baseline is wrong: false alarms, and regressions not found.

    python -m benchmarks.gate_errors [--trials N]

Two runs of 100 requests a second are simulated, and compared by ``median > 10%``, ``p99 > 10%``
and ``mean > 10%`` together. Where nothing has changed, a FAIL of any rule is a false alarm. Where
the second run is 15 % slower, a regression is found when its p99 FAILs. Latencies are

- log-normal around 20 ms, a p99 of twice the median; the logarithm is autoregressive: neighbours
  have a correlation of 0.5;
- bimodal: 10 ms and 60 ms, and which of them holds for ten slow requests in a row (on average), a
  tenth of all. Only the slow ones get slower, so the tail alone does.

Both are simulated in stages, too: ``50..200/s`` and then ``200/s``, where a latency grows with the
square root of the rate. Such runs are compared slice by slice.

Two more may never be mistaken for a regression, and are too wild for small ones to be found in:
bursts, a mode of 1 % in rows of 20, so that the p99 lies now in one mode and now in the other; and
waves, log-normal with a correlation of 0.98, so that 50 neighbours are alike.

Exits with 1 when more than 1 % of comparisons are false alarms, whatever the size, or less than
95 % of the regressions of the first two are found with 10,000 requests a side, in stages 90 %. Of
30,000 requests there are a third as many trials, and of the two wild ones none. Takes about eight
minutes on two cores.
"""

import argparse
import sys
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from functools import partial
from math import ceil, exp, sqrt
from multiprocessing import Pool
from random import Random
from typing import Final, NamedTuple

from aqp_perf.core.comparison.compare import compare
from aqp_perf.core.comparison.rules import ComparisonRule
from aqp_perf.core.load.pacing import OpenModel, Stage
from aqp_perf.core.measured.operation import OperationResult
from aqp_perf.core.measured.run_result import GeneratorHealth, RunResult
from aqp_perf.core.samples.histogram import LatencyHistogram
from aqp_perf.core.samples.intervals import ratio_interval
from aqp_perf.core.samples.timeline import Timeline
from aqp_perf.core.verdict.verdicts import Verdict

RULES: Final = tuple(map(ComparisonRule.parse, ("median > 10%", "p99 > 10%", "mean > 10%")))
SIZES: Final = (1_000, 3_000, 10_000, 30_000)
JUDGED_SIZE: Final = 10_000
SLOWER: Final = 1.15
MOST_FALSE_RATIO: Final = 0.01
LEAST_FOUND_RATIO: Final = 0.95
LEAST_FOUND_STAGED: Final = 0.9
RATE_PER_S: Final = 100

_NS: Final = 1_000_000_000
_NS_PER_MS: Final = 1_000_000

STAGES: Final = OpenModel(
    (
        Stage(from_per_s=50, to_per_s=200, duration_s=60),
        Stage(from_per_s=200, to_per_s=200, duration_s=12.5),
    )
)
"""10,000 arrivals; of other sizes the stages are shorter or longer."""

Latencies = Callable[[Random, int, float], Iterator[float]]
"""Randomness, count and factor of slowness → latencies in ms."""


def log_normal(random: Random, count: int, slower: float, *, likeness: float) -> Iterator[float]:
    """Yield latencies whose logarithm is an autoregressive series."""
    fresh = sqrt(1 - likeness * likeness)
    level = random.gauss(0, 1)
    for _ in range(count):
        level = likeness * level + fresh * random.gauss(0, 1)
        yield 20 * slower * exp(0.3 * level)


def bimodal(
    random: Random, count: int, slower: float, *, slow_ratio: float, stay: float
) -> Iterator[float]:
    """Yield latencies of two modes, of which the slow one lasts for ``stay`` requests."""
    leave = 1 / stay
    enter = leave * slow_ratio / (1 - slow_ratio)
    is_slow = random.random() < slow_ratio
    for _ in range(count):
        is_slow = random.random() >= leave if is_slow else random.random() < enter
        yield (60 * slower if is_slow else 10) * exp(0.15 * random.gauss(0, 1))


MODELS: Final[dict[str, Latencies]] = {
    "log-normal": partial(log_normal, likeness=0.5),
    "bimodal": partial(bimodal, slow_ratio=0.1, stay=10),
    "bursts": partial(bimodal, slow_ratio=0.01, stay=20),
    "waves": partial(log_normal, likeness=0.98),
}
JUDGED_MODELS: Final = ("log-normal", "bimodal")
"""Those in which a slower p99 must be found, and that are simulated in stages, too."""


class Trial(NamedTuple):
    """Two runs to simulate; the same ones for the same trial on every machine."""

    model: str
    is_staged: bool
    requests: int
    slower: float
    number: int


class Outcome(NamedTuple):
    """What the comparison said."""

    is_alarm: bool
    """Whether any rule FAILed."""
    is_p99_found: bool
    is_undecided: bool
    """Whether none FAILed, and one had NO DATA."""


def simulated(latencies_ms: Iterator[float]) -> RunResult:
    """Return the run that has measured these latencies at a constant rate."""
    return _run_of((number / RATE_PER_S, each) for number, each in enumerate(latencies_ms))


def simulated_in_stages(latencies_ms: Iterator[float], requests: int) -> RunResult:
    """Return the run that has measured so many latencies in `STAGES`, longer at a higher rate."""
    longer = requests / STAGES.arrivals_within(STAGES.staged_s)

    def arrivals() -> Iterator[tuple[float, float]]:
        for number, latency_ms in enumerate(latencies_ms):
            due_s = STAGES.time_of(number / longer)
            rate_per_s = 50 + 150 * min(due_s / STAGES.stages[0].duration_s, 1.0)
            yield due_s * longer, latency_ms * sqrt(rate_per_s / RATE_PER_S)

    return _run_of(arrivals())


def _run_of(arrivals: Iterable[tuple[float, float]]) -> RunResult:
    """Return the run that has measured these latencies in ms, each with when it was due in s."""
    histogram, timeline, count, due_s = LatencyHistogram(), Timeline(), 0, 0.0
    for count, (due_s, latency_ms) in enumerate(arrivals, start=1):  # noqa: B007 - used below
        latency_ns = round(latency_ms * _NS_PER_MS)
        histogram.record_ns(latency_ns)
        timeline.record(round(due_s * _NS), latency_ns, failed=False)
    operation = OperationResult(
        request_type="simulated",
        name="request",
        duration_s=due_s,
        requests=count,
        failures=0,
        latency=histogram,
        service_time=histogram,
        timeline=timeline,
    )
    return RunResult(
        command=(),
        started_at=datetime.fromtimestamp(0, UTC),
        duration_s=operation.duration_s,
        users=1,
        generator=GeneratorHealth(processes=1),
        operations=(operation,),
    )


def outcome_of(trial: Trial) -> Outcome:
    """Simulate a trial and compare its runs."""
    random, latencies = Random(repr(trial)), MODELS[trial.model]  # noqa: S311 - a simulation
    series = (latencies(random, trial.requests, slower) for slower in (1.0, trial.slower))
    before, after = (
        simulated_in_stages(each, trial.requests) if trial.is_staged else simulated(each)
        for each in series
    )
    judgements = compare(before, after, RULES, is_staged=trial.is_staged).judgements
    failed = {each.rule.metric for each in judgements if each.verdict is Verdict.FAIL}
    undecided = any(each.verdict is Verdict.NO_DATA for each in judgements)
    return Outcome(bool(failed), "p99" in failed, undecided and not failed)


def shown(hits: int, trials: int) -> str:
    """Return a ratio with its 95 % interval."""
    low, high = ratio_interval(hits, trials, 0.95)
    return f"{hits / trials:6.1%} [{low:.1%}, {high:.1%}]"


def main() -> int:
    """Print the error rates of all models and sizes; return 1 when a limit is missed."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--trials", type=int, default=1_000, help="without a change (1000)")
    trials: int = parser.parse_args().trials
    if trials < 1:
        parser.error(f"--trials: {trials} is not valid: it must be at least 1")
    reached = True
    print(f"{'latencies':17} {'a side':>7}  {'false alarms':22} {'slower p99 found':24} undecided")
    with Pool() as pool:
        shapes = [(model, False) for model in MODELS]
        shapes += [(model, True) for model in JUDGED_MODELS]
        for model, is_staged in shapes:
            name = f"{model}, staged" if is_staged else model
            for count in SIZES if model in JUDGED_MODELS else SIZES[:-1]:
                size = trials if count <= JUDGED_SIZE else ceil(trials / 3)
                same, slower = (
                    [Trial(model, is_staged, count, factor, number) for number in range(ceil(some))]
                    for factor, some in ((1.0, size), (SLOWER, size * 0.3))
                )
                without = pool.map(outcome_of, same, chunksize=5)
                with_change = pool.map(outcome_of, slower, chunksize=5)
                alarms = sum(each.is_alarm for each in without)
                found = sum(each.is_p99_found for each in with_change)
                undecided = sum(each.is_undecided for each in (*without, *with_change))
                least = LEAST_FOUND_STAGED if is_staged else LEAST_FOUND_RATIO
                missed = alarms > MOST_FALSE_RATIO * len(same) or (
                    model in JUDGED_MODELS and count == JUDGED_SIZE and found < least * len(slower)
                )
                reached = reached and not missed
                print(
                    f"{name:17} {count:7,}  {shown(alarms, len(same)):22} "
                    f"{shown(found, len(slower)):24} {undecided / (len(same) + len(slower)):6.1%}"
                    f"{'  MISSED' if missed else ''}",
                    flush=True,
                )
    print(
        f"at most {MOST_FALSE_RATIO:.0%} false alarms, and with {JUDGED_SIZE:,} a side at least "
        f"{LEAST_FOUND_RATIO:.0%} found, in stages {LEAST_FOUND_STAGED:.0%}: "
        f"{'yes' if reached else 'NO'}"
    )
    return 0 if reached else 1


if __name__ == "__main__":
    sys.exit(main())
