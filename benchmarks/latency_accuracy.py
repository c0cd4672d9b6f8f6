"""Whether the reported latency is the true one, at half of what the generator can do.

    python -m benchmarks.latency_accuracy

1. How many writes a second one process sends at most, against an nginx that answers at once.
2. At half of that, open model, a server that answers after exactly 20 ms: p50 and p99 may be off by
   1 ms at most.
3. The same with a stall of 1 s every 5 s: p99 may be off by 3 % at most from the exact value, which
   follows from schedule, stalls and number of users.

The server says how late its own answers were; the run must be sound by the rules that judge every
run. Generator and server have a core each. Exits with 1 when a limit is missed; takes 80 s.
"""

import heapq
import json
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from math import ceil
from typing import Any, Final
from urllib.request import urlopen

from benchmarks.generator_throughput import BASE, ENVIRONMENT, writes
from benchmarks.nginx import cores, nginx, pinned
from perf.children import Child
from perf.core.intervals import nearest_rank
from perf.core.pacing import OpenModel
from perf.core.result import RunResult
from perf.core.schedule import ArrivalSchedule
from perf.core.statements import WRITE_OPERATION
from perf.core.thresholds import parse_threshold
from perf.core.verdicts import judge
from perf.loadgen.launcher import LoadRun

DELAY_MS: Final = 20
STALL_S: Final = 1
STALL_EVERY_S: Final = 5
RUN_S: Final = 30
MOST_OFF_MS: Final = 1.0
MOST_OFF_RATIO: Final = 0.03
SPARE_USERS: Final = 1.5
"""Users for this many times the rate, so that a backlog is sent at that pace, which is below what
the generator can do."""

_NS: Final = 1_000_000_000
_NS_PER_MS: Final = 1_000_000


@contextmanager
def delaying_server(core: int, *options: str) -> Iterator[str]:
    """Run a server of known latency until the block ends; yield its URL."""
    argv = [sys.executable, "-m", "benchmarks.delaying_server", *options]
    with pinned(core):
        child = Child("server", argv, environment=os.environ)
    with child:
        yield child.wait_for_line("ready ", 10)


def truth_of(url: str) -> dict[str, Any]:
    """Return what the server itself saw."""
    with urlopen(f"{url}/truth", timeout=10) as answer:  # noqa: S310 - loopback
        truth: dict[str, Any] = json.load(answer)
    return truth


def exact_latencies_ns(
    due_ns: Sequence[int], users: int, *, stall_s: int, stall_every_s: int
) -> list[int]:
    """Return the latency of every arrival at the server, if nothing but it takes any time.

    An arrival is sent when it is due or when the first user is free, whichever is later; its answer
    comes after the delay, or at the end of the stall in which that lies.
    """
    free_ns = [0] * users
    latencies_ns = []
    every_ns, stall_ns = stall_every_s * _NS, stall_s * _NS
    for due in due_ns:
        answered = max(due, free_ns[0]) + DELAY_MS * _NS_PER_MS
        if every_ns and (since_ns := answered % every_ns) >= every_ns - stall_ns:
            answered += every_ns - since_ns
        heapq.heapreplace(free_ns, answered)
        latencies_ns.append(answered - due)
    return latencies_ns


def exact_ms(rate_per_s: int, run: RunResult, q: float, *, stall_s: int) -> float:
    """Return the exact quantile for a run that began with the schedule."""
    schedule = ArrivalSchedule(model=OpenModel.at(rate_per_s))
    due_ns = [schedule.due_ns(index) or 0 for index in range(run.requests)]
    stall_every_s = STALL_EVERY_S if stall_s else 0
    latencies_ns = sorted(
        exact_latencies_ns(due_ns, run.users, stall_s=stall_s, stall_every_s=stall_every_s)
    )
    return latencies_ns[nearest_rank(q, len(latencies_ns)) - 1] / _NS_PER_MS


def measure(rate_per_s: int, core: int, server_core: int, stall_s: int) -> RunResult:
    """Run the open model against the server; print what both sides say of themselves."""
    options = ["--delay-ms", str(DELAY_MS)]
    if stall_s:
        options += ["--stall-s", str(stall_s), "--stall-every-s", str(STALL_EVERY_S)]
    with delaying_server(server_core, *options) as url:
        spec = replace(
            BASE,
            user_classes={"PartiqlWriteUser": 1},
            users=ceil(SPARE_USERS * rate_per_s * DELAY_MS / 1_000),
            run_time_s=RUN_S,
            stop_timeout_s=10,
            warmup_s=0,
            pacing=OpenModel.at(rate_per_s),
            workload={"endpoint-url": url},
        )
        with pinned(core), LoadRun(spec, environment=ENVIRONMENT) as load:
            result = load.wait()
        late_ms = truth_of(url)["late_ms"]
    health = result.generator
    print(
        f"  {result.requests:,} requests from {result.users} users, generator CPU "
        f"{health.cpu_ratio_max:.0%}, loop lag p99 {health.loop_lag_p99_ms:.2f} ms; the server "
        f"itself was late by {late_ms['p50']:.2f} ms (p50), {late_ms['p99']:.2f} ms (p99)"
    )
    verdict = judge(result, [parse_threshold("p99 < 60 s")])
    for reason in verdict.invalid_reasons:
        print(f"  INVALID: {reason}")
    return result


def main() -> int:
    """Measure and print everything."""
    core, server_core = cores()
    with nginx(server_core) as url:
        capacity_per_s = writes(url, core)
    rate_per_s = round(capacity_per_s / 2)
    print(f"capacity {capacity_per_s:,.0f} writes/s, half of it {rate_per_s:,}/s")
    reached = True
    for stall_s in (0, STALL_S):
        stalls = f", a stall of {stall_s} s every {STALL_EVERY_S} s" if stall_s else ""
        print(f"a server that answers after {DELAY_MS} ms{stalls}:", flush=True)
        result = measure(rate_per_s, core, server_core, stall_s)
        reached = reached and not judge(result, []).invalid_reasons
        operation = result.operation(WRITE_OPERATION)
        for name, q in (("p50", 0.5), ("p99", 0.99)):
            exact = exact_ms(rate_per_s, result, q, stall_s=stall_s)
            reported = (operation.latency.quantile_ns(q) or 0) / _NS_PER_MS
            service = (operation.service_time.quantile_ns(q) or 0) / _NS_PER_MS
            off_ms = reported - exact
            print(
                f"  {name}  exact {exact:9.3f} ms  reported {reported:9.3f} ms  off by "
                f"{off_ms:+7.3f} ms ({off_ms / exact:+.2%})  service time {service:9.3f} ms"
            )
            if stall_s:
                reached = reached and (q != 0.99 or abs(off_ms) <= MOST_OFF_RATIO * exact)
            else:
                reached = reached and abs(off_ms) <= MOST_OFF_MS
    print(f"limits: {MOST_OFF_MS:g} ms without stalls; {MOST_OFF_RATIO:.0%} of the p99 with them")
    return 0 if reached else 1


if __name__ == "__main__":
    raise SystemExit(main())
