"""What it costs to check every answer of an AQP while the load runs.

    python -m benchmarks.verification_cost

An nginx that answers at once, 20 users, no think time; the generator has one core, nginx another.
Reads with ``--perf-verify all`` and ``off`` take turns, so that both see the same machine;
each figure is the median of its rounds. Without a check an answer is parsed still, and its columns
are looked at. Exits with 1 when checking takes more than 15 % of the throughput. Needs nginx; takes
a minute and a half.
"""

from dataclasses import replace
from statistics import median
from typing import Final

from aqp_perf.core.data.statements import ZIPCODE_OPERATION
from benchmarks.generator_throughput import BASE, ours
from benchmarks.nginx import cores, nginx

ROUNDS: Final = 5
MOST_RATIO: Final = 0.15


def reads(url: str, core: int, verify: str) -> float:
    """Return what we read a second."""
    workload = {"data": "partitions=1", "verify": verify}
    spec = replace(BASE, user_classes={"AqpZipcodeUser": 1}, host=url, workload=workload)
    return ours(spec, ZIPCODE_OPERATION, core)


def main() -> int:
    """Measure both sides and print them."""
    generator, server = cores()
    with nginx(server) as url:
        pairs = [
            [reads(url, generator, verify) for verify in ("off", "all")] for _ in range(ROUNDS)
        ]
    off, checked = (median(side) for side in zip(*pairs, strict=True))
    cost = 1 - checked / off
    print(f"answers not checked  {off:8,.0f}/s")
    print(f"answers checked      {checked:8,.0f}/s")
    print(f"checking costs {cost:.1%} of the throughput, at most {MOST_RATIO:.0%}")
    return 0 if cost <= MOST_RATIO else 1


if __name__ == "__main__":
    raise SystemExit(main())
