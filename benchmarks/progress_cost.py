"""What it costs a load that it tells its progress every second.

    python -m benchmarks.progress_cost

An nginx that answers at once, 20 users a side, no think time; both sides have one core together,
nginx another. The sides write at the same time, one with ``--perf-progress``, one without, so that
whatever else the machine does meets both. Compared is how many writes each completes per second of
its own CPU time: on a core of its own that is its throughput. As each has half a core, the one
tells its progress every two seconds: once per second of its CPU time. The cost is the median of the
pairs' ratios, printed with its interval. Exits with 1 when it is more than 1 %. Needs nginx; takes
three minutes.
"""

import sys
from dataclasses import replace
from statistics import median
from typing import Final

from aqp_perf.core.data.statements import WRITE_OPERATION
from aqp_perf.core.measured.run_result import RunResult
from aqp_perf.core.samples.intervals import quantile_rank_interval
from aqp_perf.loadgen.command.launcher import LoadRun
from aqp_perf.plugin.session.progress_display import TOLD_EVERY_S
from benchmarks.generator_throughput import BASE, ENVIRONMENT
from benchmarks.nginx import cores, nginx, pinned

PAIRS: Final = 15
SIDES: Final = 2
MOST_RATIO: Final = 0.01


def writes_per_cpu_s(url: str, core: int, *, is_first_telling: bool) -> tuple[float, float]:
    """Return what is written per second of CPU time without and with progress, at once."""
    silent = replace(
        BASE, user_classes={"PartiqlWriteUser": 1}, workload={"endpoint-url": url}, run_time_s=10
    )
    telling = replace(silent, progress_s=SIDES * TOLD_EVERY_S)
    sides = (telling, silent) if is_first_telling else (silent, telling)
    with (
        pinned(core),
        LoadRun(sides[0], environment=ENVIRONMENT) as one,
        LoadRun(sides[1], environment=ENVIRONMENT) as other,
    ):
        found = [_per_cpu_s(each.wait().result) for each in (one, other)]
        has_told = [each.progress() is not None for each in (one, other)]
    assert has_told == [each.progress_s is not None for each in sides]
    return (found[1], found[0]) if is_first_telling else (found[0], found[1])


def _per_cpu_s(result: RunResult) -> float:
    found, cpu_ratio = result.operation(WRITE_OPERATION), result.generator.cpu_ratio_max
    if found.failures or not cpu_ratio:
        sys.exit(f"not a clean run: {found.failure_messages}")
    return found.throughput_per_s / cpu_ratio


def main() -> int:
    """Measure both sides and print them."""
    generator, server = cores()
    with nginx(server) as url:
        pairs = [
            writes_per_cpu_s(url, generator, is_first_telling=bool(number % 2))
            for number in range(PAIRS)
        ]
    costs = sorted(1 - telling / silent for silent, telling in pairs)
    cost = median(costs)
    ranks = quantile_rank_interval(0.5, PAIRS, 0.95)
    assert ranks is not None
    low, high = (costs[rank - 1] for rank in ranks)
    print(f"without progress  {median(each[0] for each in pairs):8,.0f} writes per second of CPU")
    print(f"with progress     {median(each[1] for each in pairs):8,.0f} writes per second of CPU")
    print(
        f"progress costs {cost:.2%} of the throughput (95 %: {low:.2%} to {high:.2%}), "
        f"at most {MOST_RATIO:.0%}"
    )
    return 0 if cost <= MOST_RATIO else 1


if __name__ == "__main__":
    raise SystemExit(main())
