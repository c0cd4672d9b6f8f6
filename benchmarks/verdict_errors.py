"""How often a verdict is wrong: bad targets that pass, good ones that do not, on a bad machine.

    python -m benchmarks.verdict_errors [--case NAME]... [--runs N] [--seed N]

Runs real pytest sessions, one after the other, and reads the verdict of each run:

- The shipped load tests on a healthy target, while everything the session started is stopped for
  60 to 160 ms every 5 s, or while other work has 15 % of each core: they must pass.
- A user of one's own at a service whose p99 is 1.3 times its limit, with the same freezes: it must
  not pass. At one that always takes 20 ms, with one freeze of 0.2 s: it must not fail.
- A load generator without CPU to spare, at what it can send at most and at 95 % of it: it must not
  fail at a good service, nor pass at the slow one.
- A service that hangs at the end, and a schedule that is not sent to its end: they must not pass.

Exits with 1 when a limit is missed; all cases take about an hour. With ``--runs`` the limits are
the same shares of fewer runs. ``healthy-dynamodb-local`` needs what ``make dynamodb-local`` gets.
"""

import argparse
import os
import signal
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Final

from aqp_perf.core.verdict.verdicts import Verdict
from benchmarks.disturbances import Disturbance, freezes, hogs, nothing, one_freeze
from benchmarks.judged_sessions import ROOT, JudgedRun, Session
from benchmarks.latency_accuracy import delaying_server
from benchmarks.nginx import cores, pinned

COLUMNS: Final[Mapping[Verdict | None, str]] = {
    **{verdict: verdict.upper() for verdict in Verdict},
    None: "no run",
}
SHIPPED_TESTS: Final = 4
WHY_LENGTH: Final = 400
SESSION_S: Final = 300.0
"""The longest that a session may take, beside its load."""

TESTS: Final = """
import pytest

@pytest.mark.parametrize("number", range({runs}))
@pytest.mark.perf(thresholds={thresholds})
def test_service(perf_load, number):
    perf_load({users}, locustfile="{locustfile}")
"""
INI: Final = """
[pytest]
addopts = -p no:locust
perf_target = none
perf_stop_timeout = 2s
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How many of the runs must, and how many may, get a verdict, as ratios."""

    least: Mapping[Verdict, float] = field(default_factory=dict)
    never: Verdict | None = None

    def least_of(self, verdict: Verdict, runs: int) -> int:
        """Return how many of so many runs must get a verdict."""
        return runs - int(runs * (1 - self.least[verdict]) + 1e-9)

    def are_kept(self, counts: Mapping[Verdict | None, int], runs: int) -> bool:
        """Return whether these counts are within the limits."""
        enough = all(counts.get(each, 0) >= self.least_of(each, runs) for each in self.least)
        return enough and not (self.never and counts.get(self.never))

    def text(self, runs: int) -> str:
        """Return the limits of so many runs in words."""
        words = [f"at least {self.least_of(each, runs)} {each.upper()}" for each in self.least]
        return ", ".join([*words, f"0 {self.never.upper()}"] if self.never else words)


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """A service and what puts load on it, in place of the shipped tests."""

    delays: tuple[str, ...]
    """Options of the delaying server."""
    load: tuple[str, ...]
    thresholds: tuple[str, ...]
    users: Mapping[str, int] = field(default_factory=lambda: {"CheckoutUser": 1})
    is_generator_pinned: bool = False
    """The whole session has one core, the service another."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """What is run, and which verdicts are right."""

    name: str
    runs: int
    limits: Limits
    disturbance: Disturbance = nothing
    options: tuple[str, ...] = ()
    service: Service | None = None
    runs_per_session: int = SHIPPED_TESTS
    least_cpu_ratio: float = 0.0
    """The load generator must have been that busy, or the case shows nothing."""
    rate_ratio: float | None = None
    """Sends this share of what the load generator can send, which is measured first."""


_MOSTLY_PASS: Final = Limits(least={Verdict.PASS: 39 / 40}, never=Verdict.FAIL)
_NEVER_PASS: Final = Limits(never=Verdict.PASS)
_FAST: Final = ("--delay-ms=5",)
_SLOW: Final = ("--delay-ms=25", "--p99-ms=78")
_SLOW_LIMITS: Final = ("failure_ratio <= 1%", "p99 < 60 ms")
"""The slow service misses the second by a factor of 1.3."""

CASES: Final = (
    Case(name="healthy-moto", runs=40, limits=_MOSTLY_PASS, disturbance=freezes),
    Case(
        name="healthy-dynamodb-local",
        runs=40,
        limits=Limits(least={Verdict.PASS: 39 / 40}),
        disturbance=freezes,
        options=("--perf-target=dynamodb-local",),
    ),
    Case(
        name="hogs",
        runs=20,
        limits=Limits(least={Verdict.PASS: 19 / 20}, never=Verdict.FAIL),
        disturbance=hogs,
    ),
    Case(
        name="slow",
        runs=40,
        limits=Limits(least={Verdict.FAIL: 36 / 40}, never=Verdict.PASS),
        disturbance=freezes,
        service=Service(delays=_SLOW, load=("users=20",), thresholds=_SLOW_LIMITS),
    ),
    Case(
        name="exact",
        runs=20,
        limits=Limits(never=Verdict.FAIL),
        disturbance=one_freeze,
        service=Service(
            delays=("--delay-ms=20",),
            load=("users=50", "spawn-rate=100", "pacing=450/s", "run-time=14s"),
            thresholds=("p99.9 < 100 ms", "max < 100 ms"),
        ),
        runs_per_session=1,  # its freeze is one for a session
    ),
    *(
        Case(
            name=f"{name}-{target}",
            runs=10,
            limits=Limits(never=wrong),
            service=Service(
                delays=delays,
                load=("users=100", "spawn-rate=100", *pacing),
                thresholds=_SLOW_LIMITS,
                is_generator_pinned=True,
            ),
            runs_per_session=5,
            least_cpu_ratio=0.9 if ratio is None else 0.0,
            rate_ratio=ratio,
        )
        for name, pacing, ratio in (
            ("saturated", ("pacing=none",), None),
            ("near-capacity", (), 0.95),
        )
        for target, delays, wrong in (("good", _FAST, Verdict.FAIL), ("bad", _SLOW, Verdict.PASS))
    ),
    Case(
        name="hang-end",
        runs=3,
        limits=_NEVER_PASS,
        service=Service(
            delays=(*_FAST, "--hang-after-s=9.4"),
            load=("users=60", "spawn-rate=60", "run-time=10s", "warmup=0"),
            thresholds=("failure_ratio <= 0", "p99 < 50 ms", "max < 100 ms"),
        ),
        runs_per_session=1,  # the service hangs once
    ),
    Case(
        name="hang-one",
        runs=3,
        limits=_NEVER_PASS,
        service=Service(
            delays=(*_FAST, "--hang-after-s=28.9", "--hang-path=/pay"),
            load=("users=60", "spawn-rate=60", "run-time=32s"),
            thresholds=("failure_ratio <= 1%", "median < 50 ms", "max < 100 ms"),
            users={"CheckoutUser": 9, "PayUser": 1},
        ),
        runs_per_session=1,
    ),
    Case(
        name="unsent-stage",
        runs=3,
        limits=_NEVER_PASS,
        service=Service(
            delays=_FAST,
            load=("users=20", "spawn-rate=4", "pacing=20/s@4s,200/s", "run-time=8s"),
            thresholds=("failure_ratio <= 1%", "median < 50 ms"),
        ),
    ),
)


def judged_runs(case: Case, runs: int, random: Random) -> Iterator[JudgedRun]:
    """Yield the verdicts of sessions, until there are so many runs."""
    if case.rate_ratio is not None:
        with session_of(paced(case, "none"), 1, random) as session:
            capacity_per_s = session.wait(1, SESSION_S)[0].throughput_per_s
        case = paced(case, f"{case.rate_ratio * capacity_per_s:.0f}/s")
    while runs > 0:
        expected = min(runs, case.runs_per_session)
        with (
            session_of(case, expected, random) as session,
            case.disturbance(session.pid, random),
        ):
            found = session.wait(expected, SESSION_S + 60 * expected)
        yield from found[:expected]
        runs -= expected


def paced(case: Case, pacing: str) -> Case:
    """Return a case of a service with another pacing."""
    assert case.service is not None
    load = (*case.service.load, f"pacing={pacing}")
    return replace(case, service=replace(case.service, load=load))


@contextmanager
def session_of(case: Case, runs: int, random: Random) -> Iterator[Session]:
    """Yield a session of a case that has just begun, and the service with it."""
    service = case.service
    if service is None:
        with Session(ROOT, ["-m", "perf", *case.options], os.environ) as session:
            yield session
        return
    with TemporaryDirectory(prefix="aqp-perf-verdicts-") as name, ExitStack() as stack:
        folder = Path(name)
        write_tests(folder, service, runs)
        core, server_core = cores()
        seed = f"--seed={random.randrange(1_000_000)}"
        url = stack.enter_context(delaying_server(server_core, *service.delays, seed))
        options = [*(f"--perf-{each}" for each in service.load), *case.options]
        environment = {**os.environ, "SERVICE_URL": url}
        on_cores = [core] if service.is_generator_pinned else os.sched_getaffinity(0)
        with pinned(*on_cores):
            session = stack.enter_context(Session(folder, options, environment))
        yield session


def write_tests(folder: Path, service: Service, runs: int) -> None:
    """Write the load tests of a service to a folder."""
    test = TESTS.format(
        runs=runs,
        thresholds=list(service.thresholds),
        users=dict(service.users),
        locustfile=ROOT / "benchmarks" / "verdict_locustfile.py",
    )
    (folder / "test_service.py").write_text(test)
    (folder / "pytest.ini").write_text(INI)


def is_reached(case: Case, runs: int, seed: int) -> bool:
    """Run a case and print its line, and why runs did not pass; return if its limits are kept."""
    began_s = time.monotonic()
    found = []
    for number, run in enumerate(judged_runs(case, runs, Random(f"{case.name}/{seed}"))):  # noqa: S311 - disturbances
        found.append(run)
        if run.verdict is not Verdict.PASS:
            text = f"{COLUMNS[run.verdict]}: {run.why[:WHY_LENGTH]}"
            print(f"    {case.name} {number + 1}: {text}", flush=True)
    counts = Counter(run.verdict for run in found)
    shown = " ".join(f"{counts[verdict]:>{len(each)}}" for verdict, each in COLUMNS.items())
    busy = [run.cpu_ratio for run in found if run.cpu_ratio is not None]
    cpu = f"{min(busy):.0%}-{max(busy):.0%}" if busy else "-"
    is_busy_enough = all(ratio >= case.least_cpu_ratio for ratio in busy)
    reached = is_busy_enough and case.limits.are_kept(counts, runs)
    print(
        f"{case.name:23} {shown} {cpu:>9} {(time.monotonic() - began_s) / 60:4.1f} min  "
        f"{case.limits.text(runs)}{'' if reached else ': MISSED'}"
        f"{'' if is_busy_enough else ', the load generator was not saturated'}",
        flush=True,
    )
    return reached


def main() -> int:
    """Run the cases and print them."""
    names = [case.name for case in CASES]
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--case", action="append", choices=names, help="only this; repeatable")
    parser.add_argument("--runs", type=int, help="of each case, in place of its own number")
    parser.add_argument("--seed", type=int, default=1, help="of freezes and slow answers")
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # leave no process stopped
    print(f"{'':23} {' '.join(COLUMNS.values())}       CPU     time")
    reached = [
        is_reached(case, arguments.runs or case.runs, arguments.seed)
        for case in CASES
        if case.name in (arguments.case or names)
    ]
    return 0 if all(reached) else 1


if __name__ == "__main__":
    raise SystemExit(main())
