"""What it costs a load that it tells its progress every second.

    python -m benchmarks.progress_cost

An nginx that answers at once, 20 users, no think time; the generator has one core, nginx another.
Writes with and without ``--progress`` take turns, a pair after a pair in changing order. What is
compared is how many requests the generator completes per second of its own CPU time: on a core of
its own that is its throughput, and neighbours on the machine disturb it least. The cost is the
median of the pairs' ratios, printed with its interval. Exits with 1 when it is more than 1 %. Needs
nginx; takes five minutes.
"""

import sys
from dataclasses import replace
from statistics import median
from typing import Final

from benchmarks.generator_throughput import BASE, ENVIRONMENT
from benchmarks.nginx import cores, nginx, pinned
from perf.core.intervals import quantile_rank_interval
from perf.core.statements import WRITE_OPERATION
from perf.loadgen.launcher import LoadRun
from perf.plugin.progress import TOLD_EVERY_S

PAIRS: Final = 15
MOST_RATIO: Final = 0.01


def writes_per_cpu_s(url: str, core: int, progress_s: float | None) -> float:
    """Return what we write per second of the generator's CPU time."""
    spec = replace(
        BASE,
        user_classes={"PartiqlWriteUser": 1},
        workload={"endpoint-url": url},
        progress_s=progress_s,
    )
    with pinned(core), LoadRun(spec, environment=ENVIRONMENT) as run:
        result = run.wait().result
        assert (run.progress() is None) == (progress_s is None)
    found, cpu_ratio = result.operation(WRITE_OPERATION), result.generator.cpu_ratio_max
    if found.failures or not cpu_ratio:
        sys.exit(f"not a clean run: {found.failure_messages}")
    return found.throughput_per_s / cpu_ratio


def main() -> int:
    """Measure both sides and print them."""
    generator, server = cores()
    silent: list[float] = []
    telling: list[float] = []
    with nginx(server) as url:
        for number in range(PAIRS):
            sides = [(silent, None), (telling, TOLD_EVERY_S)]
            for figures, progress_s in sides[:: -1 if number % 2 else 1]:
                figures.append(writes_per_cpu_s(url, generator, progress_s))
    costs = sorted(1 - told / untold for told, untold in zip(telling, silent, strict=True))
    cost = median(costs)
    ranks = quantile_rank_interval(0.5, PAIRS, 0.95)
    assert ranks is not None
    low, high = (costs[rank - 1] for rank in ranks)
    print(f"without progress  {median(silent):8,.0f} writes per second of CPU")
    print(f"with progress     {median(telling):8,.0f} writes per second of CPU")
    print(
        f"progress costs {cost:.2%} of the throughput (95 %: {low:.2%} to {high:.2%}), "
        f"at most {MOST_RATIO:.0%}"
    )
    return 0 if cost <= MOST_RATIO else 1


if __name__ == "__main__":
    raise SystemExit(main())
