"""Whether every request is counted once, in the right class, by the server's own count.

    python -m benchmarks.request_counts

A server answers a part of the writes and of the AQP reads with HTTP 500, with throttling and with
wrong content, resets connections, cuts answers in half, and stalls. One and two generator
processes send as fast as answers come, and at a fixed rate. What the report says must equal what
the server did, operation by operation and class by class, and every request must be in the
histograms. Exits with 1 when it is not so; takes three quarters of a minute.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from benchmarks.generator_throughput import BASE, ENVIRONMENT
from benchmarks.latency_accuracy import delaying_server, truth_of
from benchmarks.nginx import cores
from perf.core.operation import OperationResult
from perf.core.pacing import OpenModel, Pacing, Unpaced
from perf.core.statements import WRITE_OPERATION, ZIPCODE_OPERATION
from perf.loadgen.launcher import LoadRun

RUN_S: Final = 8
RIGHT: Final = "right"
OPERATIONS: Final = {"write": WRITE_OPERATION, "read": ZIPCODE_OPERATION}
LOST: Final = {"reset", "cut"}
"""Requests without a whole answer. A write may have landed all the same; a read changes nothing."""
CLASS_OF_LOST: Final = {"write": "ambiguous", "read": "connection"}


def expected(operation: str, done: Mapping[str, int]) -> Counter[str]:
    """Return how many requests there must be of each class, from what the server did."""
    classes: Counter[str] = Counter()
    for outcome, count in done.items():
        classes[CLASS_OF_LOST[operation] if outcome in LOST else outcome] += count
    return classes


def reported(operation: OperationResult) -> Counter[str]:
    """Return how many requests of each class the report has; right answers are one too."""
    failures = {str(each): count for each, count in operation.failure_classes.items()}
    return Counter({RIGHT: operation.requests - operation.failures, **failures})


def is_counted(operation: str, done: Mapping[str, int], result: OperationResult) -> bool:
    """Print both sides' counts of an operation; return whether they are equal."""
    theirs, ours = expected(operation, done), reported(result)
    for name in sorted(theirs | ours):
        print(f"  {operation:5} {name:12}  server {theirs[name]:7,}  reported {ours[name]:7,}")
    histograms = (result.latency, result.service_time)
    in_all = {theirs.total(), result.requests, *(each.count for each in histograms)}
    return theirs == ours and len(in_all) == 1


def is_equal(processes: int, pacing: Pacing, server_core: int) -> bool:
    """Run writes and reads together, print all counts, and return whether they are equal."""
    print(f"{processes} process{'es' * (processes > 1)}, pacing {pacing}:", flush=True)
    options = ("--faults", "--delay-ms", "1", "--stall-s", "0.5", "--stall-every-s", "3")
    with delaying_server(server_core, *options) as url:
        spec = replace(
            BASE,
            user_classes={"PartiqlWriteUser": 1, "AqpZipcodeUser": 1},
            run_time_s=RUN_S,
            stop_timeout_s=5,
            warmup_s=0,
            pacing=pacing,
            host=url,
            workload={"endpoint-url": url, "partitions": "1"},
            processes=processes,
        )
        with LoadRun(spec, environment=ENVIRONMENT) as load:
            result = load.wait().result
        counts = truth_of(url)["counts"]
    are_equal = [
        is_counted(operation, done, result.operation(OPERATIONS[operation]))
        for operation, done in counts.items()
    ]
    due, sent = result.generator.arrivals_due, result.generator.arrivals_sent
    if due is not None:
        print(f"  due {due:,}, sent {sent:,}")
        are_equal.append(sent == result.requests)
    for reason in result.invalid_reasons:
        print(f"  INVALID: {reason}")
    return all(are_equal) and not result.invalid_reasons


def main() -> int:
    """Measure with one and with two processes; print both sides' counts."""
    _, server_core = cores()
    are_equal = [
        is_equal(processes, pacing, server_core)
        for processes in (1, 2)
        for pacing in (Unpaced(), OpenModel.at(500))
    ]
    print("all equal" if all(are_equal) else "NOT equal")
    return 0 if all(are_equal) else 1


if __name__ == "__main__":
    raise SystemExit(main())
