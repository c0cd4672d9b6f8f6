"""Whether every request is counted once, in the right class, by the server's own count.

    python -m benchmarks.request_counts

A server answers a part of the writes with HTTP 500, throttles, resets and pages that are not
DynamoDB's, and stalls; one and two generator processes send as fast as answers come. What the
report says must equal what the server did, class by class. Exits with 1 when it does not; takes
half a minute.
"""

from dataclasses import replace

from benchmarks.generator_throughput import BASE, ENVIRONMENT
from benchmarks.latency_accuracy import delaying_server, truth_of
from benchmarks.nginx import cores
from perf.core.statements import WRITE_OPERATION
from perf.loadgen.launcher import LoadRun

RUN_S = 8


def main() -> int:
    """Measure with one and with two processes; print both sides' counts."""
    _, server_core = cores()
    are_equal = True
    options = ("--faults", "--delay-ms", "1", "--stall-s", "0.5", "--stall-every-s", "3")
    for processes in (1, 2):
        with delaying_server(server_core, *options) as url:
            spec = replace(
                BASE,
                user_classes={"PartiqlWriteUser": 1},
                run_time_s=RUN_S,
                stop_timeout_s=5,
                warmup_s=0,
                workload={"endpoint-url": url},
                processes=processes,
            )
            with LoadRun(spec, environment=ENVIRONMENT) as load:
                result = load.wait()
            counts = truth_of(url)["counts"]
        operation = result.operation(WRITE_OPERATION)
        ours = {str(each): count for each, count in operation.failure_classes.items()}
        ours["ok"] = operation.requests - operation.failures
        print(f"{processes} generator process{'es' if processes > 1 else ''}:")
        for kind in sorted(counts.keys() | ours.keys()):
            print(f"  {kind:14} server {counts.get(kind, 0):8,}  reported {ours.get(kind, 0):8,}")
        print(
            f"  {'in all':14} server {sum(counts.values()):8,}  reported {operation.requests:8,}, "
            f"in the histograms {operation.latency.count:,} and {operation.service_time.count:,}"
        )
        histograms = {operation.latency.count, operation.service_time.count}
        are_equal = are_equal and ours == counts and histograms == {sum(counts.values())}
    print("equal" if are_equal else "NOT equal")
    return 0 if are_equal else 1


if __name__ == "__main__":
    raise SystemExit(main())
