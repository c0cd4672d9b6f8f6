"""How often a comparison of real runs is wrong: false alarms, and a slower target not found.

    python -m benchmarks.real_pairs [--pairs N] [--tail N]

`gate_errors` simulates; here every run is an ordinary load run of 2,000 requests a second for 5 s
against a server on loopback, whose latencies are log-normal with a p99 of 30 ms, and drawn anew for
every run. As in `gate_errors`, the p99 is twice the median; with a longer ``--tail`` 10,000
requests are too few to find every slower p99. A pair is compared by ``p99 > 10%``,
``median > 10%``, ``failure_ratio > 10%`` and ``throughput > 10%``, as a session would. A FAIL of
any rule between two runs of one server is a false alarm. A server that is 15 % slower is found when
the p99 FAILs.

Generator and server have a core each. Exits with 1 when of 40 pairs more than one is a false alarm,
or less than 90 % of the slower servers are found; of another number of pairs, in proportion. Takes
14 minutes.
"""

import argparse
import sys
from collections import Counter
from dataclasses import replace
from typing import Final

from aqp_perf.core.comparison.compare import compare
from aqp_perf.core.comparison.outcome import Comparison
from aqp_perf.core.comparison.rules import ComparisonRule
from aqp_perf.core.load.pacing import OpenModel
from aqp_perf.core.measured.run_result import RunResult
from aqp_perf.core.verdict.verdicts import Verdict, judge
from aqp_perf.loadgen.command.launcher import LoadRun
from benchmarks.gate_errors import shown
from benchmarks.generator_throughput import BASE, ENVIRONMENT
from benchmarks.latency_accuracy import delaying_server
from benchmarks.nginx import cores, pinned

METRICS: Final = ("p99", "median", "failure_ratio", "throughput")
RULES: Final = tuple(ComparisonRule.parse(f"{metric} > 10%") for metric in METRICS)
P99_MS: Final = 30.0
SLOWER: Final = 1.15
RATE_PER_S: Final = 2_000
RUN_S: Final = 5
WARMUP_S: Final = 1
USERS: Final = 200
"""Requests under way are 30 on average: no arrival waits for a user."""
MOST_FALSE_RATIO: Final = 1 / 40
LEAST_FOUND_RATIO: Final = 0.9


def measure(slower: float, seed: int, tail: float) -> RunResult:
    """Run a load against a server of its own, whose latencies are longer by a factor.

    Args:
        slower: the factor.
        seed: of the latencies.
        tail: how many times the median the p99 is.
    """
    core, server_core = cores()
    options = (
        f"--delay-ms={P99_MS / tail * slower}",
        f"--p99-ms={P99_MS * slower}",
        f"--seed={seed}",
    )
    with delaying_server(server_core, *options) as url:
        spec = replace(
            BASE,
            user_classes={"PartiqlWriteUser": 1},
            users=USERS,
            run_time_s=WARMUP_S + RUN_S,
            warmup_s=WARMUP_S,
            pacing=OpenModel.at(RATE_PER_S),
            workload={"endpoint-url": url},
        )
        with pinned(core), LoadRun(spec, environment=ENVIRONMENT) as load:
            return load.wait().result


def compared(before: RunResult, after: RunResult) -> Comparison | None:
    """Return the comparison of two runs; None: one is INVALID, and is not compared."""
    for run in (before, after):
        verdict = judge(run, ())
        if verdict.verdict is Verdict.INVALID:
            print(f"  not compared: {'; '.join(verdict.invalid_reasons)}", flush=True)
            return None
    return compare(before, after, RULES)


def verdicts_of(comparison: Comparison | None) -> dict[str, Verdict]:
    """Return the verdict by metric; nothing for runs that were not compared."""
    judgements = () if comparison is None else comparison.judgements
    return {judgement.rule.metric: judgement.verdict for judgement in judgements}


def main() -> int:
    """Measure and print every pair; return 1 when a limit is missed."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--pairs", type=int, default=40, help="of each kind (40)")
    parser.add_argument("--tail", type=float, default=2, help="p99 / median of the server (2)")
    arguments = parser.parse_args()
    pairs: int = arguments.pairs
    if pairs < 1:
        parser.error(f"--pairs: {pairs} is not valid: it must be at least 1")
    if arguments.tail <= 1:
        parser.error(f"--tail: {arguments.tail} is not valid: it must be above 1")
    alarms = found = 0
    undecided = Counter[str]()
    print(f"{'pair':>4}  {'p99 before':>10}  {'the same server':24}  15 % slower", flush=True)
    for number in range(pairs):
        before, same, slower = (
            measure(factor, 3 * number + run, arguments.tail)
            for run, factor in enumerate((1.0, 1.0, SLOWER))
        )
        alike, worse = verdicts_of(compared(before, same)), verdicts_of(compared(before, slower))
        alarms += Verdict.FAIL in alike.values()
        found += worse.get("p99") is Verdict.FAIL
        undecided["the same server"] += not alike or bool(_unproven(alike))
        undecided["15 % slower"] += not worse or bool(_unproven(worse))
        p99_ms = before.operations[0].latency_ms["p99"] or 0.0
        print(f"{number + 1:4}  {p99_ms:7.1f} ms  {_text(alike):24}  {_text(worse)}", flush=True)
    print(f"false alarms     {shown(alarms, pairs)}, at most {MOST_FALSE_RATIO:.1%}")
    print(f"slower p99 found {shown(found, pairs)}, at least {LEAST_FOUND_RATIO:.0%}")
    for kind, count in undecided.items():
        print(f"INVALID, NO DATA or not compared, {kind}: {count} of {pairs}")
    is_reached = alarms <= MOST_FALSE_RATIO * pairs and found >= LEAST_FOUND_RATIO * pairs
    return 0 if is_reached else 1


def _unproven(verdicts: dict[str, Verdict]) -> list[str]:
    return [
        metric
        for metric, verdict in verdicts.items()
        if verdict in {Verdict.INVALID, Verdict.NO_DATA}
    ]


def _text(verdicts: dict[str, Verdict]) -> str:
    """Return the verdicts that are no PASS."""
    if not verdicts:
        return "not compared"
    others = [
        f"{metric} {verdict}" for metric, verdict in verdicts.items() if verdict is not Verdict.PASS
    ]
    return ", ".join(others) or "pass"


if __name__ == "__main__":
    sys.exit(main())
