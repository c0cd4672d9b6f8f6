"""What it costs a load that it looks for its own freezes, by which verdicts have two bounds.

    python -m benchmarks.bounds_cost

An nginx that answers at once, 20 users, no think time; the generator has one core, nginx another.
One side is the ordinary load run; on the other the heartbeat is left out, so that no request is
touched. The sides take turns, and each goes first as often. Compared is how much each completes
per second of its own CPU time, which on a core of its own is its throughput: that of a neighbour
does not count. The ratio is the median of the pairs', printed with its interval. Exits with 1 when
one is below 0.97. Needs nginx; takes six minutes.
"""

import sys
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import Final

from aqp_perf.core.data.statements import WRITE_OPERATION, ZIPCODE_OPERATION
from aqp_perf.core.samples.intervals import quantile_rank_interval
from aqp_perf.loadgen.command.launcher import LoadRun
from aqp_perf.loadgen.command.run_spec import RunSpec
from benchmarks.generator_throughput import BASE, ENVIRONMENT
from benchmarks.nginx import cores, nginx, pinned

PAIRS: Final = 11
LEAST_RATIO: Final = 0.97
WITHOUT: Final = Path(__file__).with_name("unbounded_locustfile.py")


def per_cpu_s(spec: RunSpec, operation: str, core: int) -> float:
    """Return the right answers of a load run per second of its CPU time."""
    with pinned(core), LoadRun(spec, environment=ENVIRONMENT) as run:
        result = run.wait().result
    found, cpu_ratio = result.operation(operation), result.generator.cpu_ratio_max
    if found.failures or not cpu_ratio:
        sys.exit(f"not a clean run: {found.failure_messages}")
    return found.throughput_per_s / cpu_ratio


def is_cheap(what: str, spec: RunSpec, operation: str, core: int) -> bool:
    """Print both sides of a load; return whether the ratio reaches its limit."""
    pairs = []
    for number in range(PAIRS):
        sides = [spec, replace(spec, locustfile=WITHOUT)]
        is_turned = bool(number % 2)
        order = reversed(sides) if is_turned else sides
        found = [per_cpu_s(side, operation, core) for side in order]
        pairs.append(found[::-1] if is_turned else found)
    ratios = sorted(bounded / unbounded for bounded, unbounded in pairs)
    ranks = quantile_rank_interval(0.5, PAIRS, 0.95)
    assert ranks is not None
    low, high = (ratios[rank - 1] for rank in ranks)
    bounded, unbounded = (median(side) for side in zip(*pairs, strict=True))
    print(
        f"{what:6} per second of CPU: with {bounded:7,.0f}, without {unbounded:7,.0f}: "
        f"{median(ratios):.3f} x "
        f"(95 %: {low:.3f} to {high:.3f}), at least {LEAST_RATIO:g}",
        flush=True,
    )
    return median(ratios) >= LEAST_RATIO


def main() -> int:
    """Measure and print both loads."""
    generator, server = cores()
    with nginx(server) as url:
        writes = replace(BASE, user_classes={"PartiqlWriteUser": 1}, workload={"endpoint-url": url})
        reads = replace(
            BASE, user_classes={"AqpZipcodeUser": 1}, host=url, workload={"data": "partitions=1"}
        )
        reached = [
            is_cheap("writes", writes, WRITE_OPERATION, generator),
            is_cheap("reads", reads, ZIPCODE_OPERATION, generator),
        ]
    return 0 if all(reached) else 1


if __name__ == "__main__":
    raise SystemExit(main())
