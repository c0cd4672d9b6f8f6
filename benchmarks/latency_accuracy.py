"""Whether the reported latency is the true one, at half of what the generator can do.

    python -m benchmarks.latency_accuracy

1. How many writes a second one process sends at most, against an nginx that answers at once.
2. At half of that, open model, a server that answers after 20 ms: p50 and p99 may be off by 1 ms at
   most from what the server itself says, of how long it held its answers.
3. The same with a stall of 1 s every 5 s: p99 may be off by 3 % at most from the exact value, which
   follows from schedule, stalls and number of users.

Both runs must be sound by the rules that judge every run. Generator and server have a core each.
Exits with 1 when a limit is missed; takes a minute and a half. Needs nginx.
"""

import heapq
import json
import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from math import ceil
from typing import Any, Final
from urllib.request import urlopen

from aqp_perf.children import Child
from aqp_perf.core.data.statements import WRITE_OPERATION
from aqp_perf.core.load.pacing import OpenModel
from aqp_perf.core.load.schedule import ArrivalSchedule
from aqp_perf.core.measured.run_result import RunResult
from aqp_perf.core.samples.histogram import LatencyHistogram
from aqp_perf.core.samples.intervals import nearest_rank
from aqp_perf.core.verdict.thresholds import parse_threshold
from aqp_perf.core.verdict.verdicts import judge
from aqp_perf.loadgen.command.launcher import LoadRun
from benchmarks.generator_throughput import BASE, ENVIRONMENT, writes
from benchmarks.nginx import cores, nginx, pinned

DELAY_MS: Final = 20
STALL_S: Final = 1
STALL_EVERY_S: Final = 5
RUN_S: Final = 30
WARMUP_S: Final = 2
"""Connections are made in it. With stalls there is none: what is exact begins with the schedule."""
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


def exact_latencies_ns(due_ns: Iterable[int], users: int) -> Iterator[int]:
    """Yield the latency of every arrival at the stalling server, if nothing else takes any time.

    An arrival is sent when it is due or when the first user is free, whichever is later; its answer
    comes after the delay, or at the end of the stall in which that lies.
    """
    free_ns = [0] * users
    every_ns, stall_ns = STALL_EVERY_S * _NS, STALL_S * _NS
    for due in due_ns:
        answered = max(due, free_ns[0]) + DELAY_MS * _NS_PER_MS
        since_ns = answered % every_ns
        if since_ns >= every_ns - stall_ns:
            answered += every_ns - since_ns
        heapq.heapreplace(free_ns, answered)
        yield answered - due


def exact_p99_ms(rate_per_s: int, run: RunResult) -> float:
    """Return the exact p99 of all requests of a run; the stalls begin with its schedule."""
    schedule = ArrivalSchedule(model=OpenModel.at(rate_per_s))
    due_ns = (schedule.due_ns(index) or 0 for index in range(run.requests))
    latencies_ns = sorted(exact_latencies_ns(due_ns, run.users))
    return latencies_ns[nearest_rank(0.99, len(latencies_ns)) - 1] / _NS_PER_MS


def measure(rate_per_s: int, url: str, core: int, warmup_s: float = 0) -> RunResult:
    """Run the open model against a server."""
    spec = replace(
        BASE,
        user_classes={"PartiqlWriteUser": 1},
        users=ceil(SPARE_USERS * rate_per_s * DELAY_MS / 1_000),
        run_time_s=RUN_S,
        stop_timeout_s=10,
        warmup_s=warmup_s,
        pacing=OpenModel.at(rate_per_s),
        workload={"endpoint-url": url},
    )
    with pinned(core), LoadRun(spec, environment=ENVIRONMENT) as load:
        return load.wait().result


def is_sound(run: RunResult, limit: str) -> bool:
    """Print how the generator did; return whether the run may be judged by this latency limit."""
    health = run.generator
    print(
        f"  {run.requests:,} requests from {run.users} users, generator CPU "
        f"{health.cpu_ratio_max:.0%}, loop lag p99 {health.loop_lag_p99_ms:.2f} ms"
    )
    found = judge(run, [parse_threshold(limit)])
    reasons = (*found.invalid_reasons, *found.notes)
    for reason in reasons:
        print(f"  {found.verdict}: {reason}")
    return not found.invalid_reasons


def quantile_ms(histogram: LatencyHistogram, q: float) -> float:
    """Return a quantile in ms."""
    quantile_ns = histogram.quantile_ns(q)
    assert quantile_ns is not None, "no request was sent"
    return quantile_ns / _NS_PER_MS


def check_steady(rate_per_s: int, core: int, server_core: int) -> bool:
    """Compare p50 and p99 with the server's own; return whether both are near enough."""
    print(f"a server that answers after {DELAY_MS} ms:", flush=True)
    with delaying_server(server_core, "--delay-ms", str(DELAY_MS)) as url:
        run = measure(rate_per_s, url, core, WARMUP_S)
        held_ms = truth_of(url)["held_ms"]
    reached = is_sound(run, f"p99 < {DELAY_MS + 10 * MOST_OFF_MS} ms")
    for name, q in (("p50", 0.5), ("p99", 0.99)):
        reported_ms = quantile_ms(run.operation(WRITE_OPERATION).latency, q)
        off_ms = reported_ms - held_ms[name]
        print(
            f"  {name}  true {held_ms[name]:9.3f} ms  reported {reported_ms:9.3f} ms  off by "
            f"{off_ms:+.3f} ms, at most {MOST_OFF_MS:g} ms",
            flush=True,
        )
        reached = reached and abs(off_ms) <= MOST_OFF_MS
    return reached


def check_stalled(rate_per_s: int, core: int, server_core: int) -> bool:
    """Compare the p99 with the exact one; return whether it is near enough."""
    print(f"the same server, with a stall of {STALL_S} s every {STALL_EVERY_S} s:", flush=True)
    options = ("--stall-s", str(STALL_S), "--stall-every-s", str(STALL_EVERY_S))
    with delaying_server(server_core, "--delay-ms", str(DELAY_MS), *options) as url:
        run = measure(rate_per_s, url, core)
    operation = run.operation(WRITE_OPERATION)
    exact_ms = exact_p99_ms(rate_per_s, run)
    reported_ms = quantile_ms(operation.latency, 0.99)
    reached = is_sound(run, f"p99 < {exact_ms:.0f} ms")
    off_ratio = reported_ms / exact_ms - 1
    print(
        f"  p99  exact {exact_ms:8.1f} ms  reported {reported_ms:9.1f} ms  off by "
        f"{off_ratio:+.2%}, at most {MOST_OFF_RATIO:.0%}\n"
        f"  p99 of the service time, which is all that a closed loop sees: "
        f"{quantile_ms(operation.service_time, 0.99):.1f} ms",
        flush=True,
    )
    return reached and abs(off_ratio) <= MOST_OFF_RATIO


def main() -> int:
    """Measure and print everything."""
    core, server_core = cores()
    with nginx(server_core) as url:
        capacity_per_s = writes(url, core)
    rate_per_s = round(capacity_per_s / 2)
    print(f"capacity {capacity_per_s:,.0f} writes/s, half of it {rate_per_s:,}/s")
    reached = [check(rate_per_s, core, server_core) for check in (check_steady, check_stalled)]
    return 0 if all(reached) else 1


if __name__ == "__main__":
    raise SystemExit(main())
