"""Whether every request is reported once, as what became of it, with many faults mixed.

    python -m benchmarks.injected_faults [--requests 100000]

A double of DynamoDB and the AQP throttles, answers 500, resets connections before and after it has
done what it was asked for, cuts answers, stalls, keeps silent, answers too late, and answers
wrongly in nine ways; it writes down every request and what a client must report of it. One and
two processes of the load generator write and read, with every answer checked, in a closed and an
open model; they write down what they report. Both sides must agree on every single request, and
the result's sums and its logs of writes must be these. Exits with 1 when it is not so; takes three
minutes or, on a slow machine, some more.
"""

import argparse
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, NamedTuple

from aqp_perf.core.data.statements import STATUS_OPERATION, WRITE_OPERATION, ZIPCODE_OPERATION
from aqp_perf.core.load.pacing import ClosedModel, OpenModel, Pacing
from aqp_perf.core.measured.failure_class import FailureClass
from aqp_perf.core.measured.run_result import RunResult
from aqp_perf.core.proof import WrongAnswerKind
from aqp_perf.core.proof.write_log import Outcome, WriteLog, written_keys
from aqp_perf.loadgen.command.launcher import LoadRun
from benchmarks.generator_throughput import BASE, ENVIRONMENT
from benchmarks.nginx import cores, pinned
from tests.doubles.fault_plan import NOT_DONE, Fault, FaultPlan, Kind, Report
from tests.doubles.journal import Entry
from tests.doubles.orders import orders
from tests.doubles.running import fault_proxy

DEFAULT_REQUESTS: Final = 100_000
LEAST_REQUESTS: Final = 1_000
CLOSED_RATE_PER_S: Final = 2_500
"""What the closed model reaches on two cores, the double's own included; if not, it runs again."""
OPEN_RATE_PER_S: Final = 1_500
ENOUGH: Final = 0.02
"""As many of the wanted requests may be missing in the end."""
USERS: Final = 60
STOP_S: Final = 20
"""Longer than a client waits for an answer, so that no request is cut off."""
OPERATIONS: Final = {
    Kind.WRITE: WRITE_OPERATION,
    Kind.ZIPCODE: ZIPCODE_OPERATION,
    Kind.STATUS: STATUS_OPERATION,
}
_ANY_FAULTS: Final = {
    Fault.STALL: 0.01,
    Fault.THROTTLE: 0.02,
    Fault.SERVER_ERROR: 0.02,
    Fault.RESET_BEFORE: 0.01,
    Fault.RESET_AFTER: 0.01,
    Fault.CUT_BODY: 0.005,
    Fault.CUT_JSON: 0.005,
    Fault.HTML: 0.005,
    Fault.EMPTY: 0.005,
    Fault.HUGE: 0.0003,
    Fault.NEVER: 0.0003,
    Fault.LATE: 0.0003,
}
_READ_FAULTS: Final = _ANY_FAULTS | {
    Fault.UNAVAILABLE: 0.01,
    Fault.OTHER_JSON: 0.005,
    Fault.CHANGED_VALUE: 0.01,
    Fault.DROPPED_GROUP: 0.01,
    Fault.ADDED_GROUP: 0.01,
    Fault.OTHER_PARTITION: 0.01,
}


class Request(NamedTuple):
    """A request that both sides know."""

    kind: Kind
    request_id: str


class Side(NamedTuple):
    """What one side says became of each request."""

    reports: Mapping[Request, Report]
    repeated: int
    """Requests that it has more than once."""

    @classmethod
    def of(cls, entries: Iterator[tuple[Request, Report]]) -> "Side":
        """Return the side that wrote down these."""
        reports: dict[Request, Report] = {}
        count = 0
        for request, report in entries:
            reports[request] = report
            count += 1
        return cls(reports, count - len(reports))


def plan(requests: int) -> FaultPlan:
    """Return the faults of a run; another number of requests meets others."""
    ratios = {Kind.WRITE: _ANY_FAULTS, Kind.ZIPCODE: _READ_FAULTS, Kind.STATUS: _READ_FAULTS}
    return FaultPlan(seed=requests, ratios=ratios)


def written_down(folder: Path) -> Side:
    """Return what the load generator reported, request by request."""

    def entries() -> Iterator[tuple[Request, Report]]:
        for file in (folder / "reported").iterdir():
            for line in file.read_text().splitlines():
                kind, request_id, failure_class, wrong = line.split()
                yield (
                    Request(Kind(kind), request_id),
                    Report(
                        None if failure_class == "-" else FailureClass(failure_class),
                        None if wrong == "-" else WrongAnswerKind(wrong),
                    ),
                )

    return Side.of(entries())


def disagreements(injected: Side, reported: Side) -> int:
    """Print each request that the sides do not agree on, the first few; return how many."""
    theirs, ours = injected.reports, reported.reports
    wrong = [each for each in theirs.keys() | ours.keys() if theirs.get(each) != ours.get(each)]
    for each in sorted(wrong)[:3] + sorted(wrong)[-3:]:
        print(f"  {each}: injected {theirs.get(each)}, reported {ours.get(each)}")
    for name, side in (("injected", injected), ("reported", reported)):
        if side.repeated:
            print(f"  {side.repeated} requests {name} more than once")
    return len(wrong) + injected.repeated + reported.repeated


def are_sums_equal(injected: Side, result: RunResult) -> bool:
    """Print the sums of both sides by operation and class; return whether they are equal."""
    are_equal = True
    for kind, name in OPERATIONS.items():
        operation = result.operation(name)
        mine = [each for request, each in injected.reports.items() if request.kind is kind]
        theirs = Counter(str(each.failure_class or "right") for each in mine)
        theirs.update(f"wrong: {each.wrong_kind}" for each in mine if each.wrong_kind)
        ours = Counter({str(each): n for each, n in operation.failure_classes.items()})
        ours["right"] = operation.requests - operation.failures
        if operation.answers is not None:
            ours.update({f"wrong: {each}": n for each, n in operation.answers.wrong.items()})
        for each in sorted(theirs | ours):
            sign = " " if theirs[each] == ours[each] else "!"
            print(f" {sign}{kind:8} {each:22} injected {theirs[each]:7,}  reported {ours[each]:7,}")
        in_all = {len(mine), operation.requests, operation.latency.count}
        are_equal = are_equal and theirs == ours and len(in_all) == 1
    return are_equal


def untrue_outcomes(entries: Iterable[Entry], logs: Iterable[WriteLog]) -> int:
    """Return of how many writes the logs for the audit say what is not so.

    Acknowledged means done, refused means not done or not sent, and every write is in a log.
    """
    done = {
        each.request_id: each.fault not in NOT_DONE for each in entries if each.kind is Kind.WRITE
    }
    untrue = 0
    for log in logs:
        for outcome in (Outcome.ACKNOWLEDGED, Outcome.REFUSED, Outcome.UNKNOWN):
            for key in written_keys(orders(), log, outcome):
                was_done = done.pop(key.sk, False)
                untrue += outcome is (Outcome.REFUSED if was_done else Outcome.ACKNOWLEDGED)
    if untrue or done:
        print(f"  {untrue} writes became something else than the logs say, {len(done)} are in none")
    return untrue + len(done)


def run(requests: int, processes: int, pacing: Pacing) -> tuple[int, bool]:
    """Run once; return how many requests were sent, and whether all of them were right."""
    print(f"{processes} process{'es' * (processes > 1)}, pacing {pacing}:", flush=True)
    rate_per_s = CLOSED_RATE_PER_S if pacing is ClosedModel.UNPACED else OPEN_RATE_PER_S
    _, core = cores()
    with TemporaryDirectory(prefix="aqp-perf-faults-") as name, ExitStack() as stack:
        folder = Path(name)
        (folder / "reported").mkdir()
        with pinned(core):
            proxy = stack.enter_context(fault_proxy(folder, plan(requests)))
        spec = replace(
            BASE,
            locustfile=Path(__file__).with_name("journalling_locustfile.py"),
            user_classes={
                "JournallingWriteUser": 2,
                "JournallingZipcodeUser": 1,
                "JournallingStatusUser": 1,
            },
            users=USERS,
            run_time_s=requests / rate_per_s,
            stop_timeout_s=STOP_S,
            warmup_s=0,
            pacing=pacing,
            host=proxy.url,
            workload={"endpoint-url": proxy.url, "verify": "all"},
            processes=processes,
        )
        environment = ENVIRONMENT | {"REQUESTS_FOLDER": str(folder / "reported")}
        with LoadRun(spec, environment=environment) as load:
            result, write_logs = load.wait()
        entries = proxy.entries()
        ours = written_down(folder)
    for reason in result.invalid_reasons:
        print(f"  INVALID: {reason}")
    theirs = Side.of((Request(each.kind, each.request_id), each.report) for each in entries)
    wrong = disagreements(theirs, ours) + untrue_outcomes(entries, write_logs)
    are_equal = are_sums_equal(theirs, result)
    count = len(theirs.reports)
    print(f"  {count:,} requests, {wrong} that the sides do not agree on", flush=True)
    return count, are_equal and wrong == 0 and not result.invalid_reasons


def main() -> int:
    """Run all four, print both sides' counts."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--requests", type=int, default=DEFAULT_REQUESTS, help="by one process, and by two"
    )
    wanted = parser.parse_args().requests
    if wanted < LEAST_REQUESTS:
        parser.error(
            f"--requests: {wanted} is too few to meet the faults: {LEAST_REQUESTS} or more"
        )
    is_right = True
    for processes in (1, 2):
        for pacing in (ClosedModel.UNPACED, OpenModel.at(OPEN_RATE_PER_S)):
            left = wanted // 2
            while is_right and left > ENOUGH * wanted:
                count, is_right = run(left, processes, pacing)
                left -= count
    print("all equal" if is_right else "NOT equal")
    return 0 if is_right else 1


if __name__ == "__main__":
    raise SystemExit(main())
