"""How much load one process of ours generates, beside what people use without us.

    python -m benchmarks.generator_throughput

An nginx that answers at once, 20 users, no think time; the generator has one core, nginx another.
The sides take turns, so that both see the same machine; each figure is the median of its rounds.
Our side is the ordinary load run, with signing, recording, and answer parsing. wrk, vegeta and k6
send the same request over 20 connections from the same core, without a signature: they show how far
away the limit is. Two processes are compared with one on as many cores; where there is no third
core for nginx, its work is on theirs. Exits with 1 when a ratio is below its limit. Needs nginx;
takes four minutes.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from statistics import mean, median
from tempfile import TemporaryDirectory
from typing import Final

from aqp_perf.core.data.statements import (
    DEFAULT_TABLE,
    WRITE_OPERATION,
    ZIPCODE_OPERATION,
    insert_statement,
)
from aqp_perf.core.load.pacing import ClosedModel
from aqp_perf.loadgen.command.launcher import LoadRun
from aqp_perf.loadgen.command.run_spec import RunSpec
from benchmarks.nginx import cores, nginx, pinned
from tests.doubles.orders import orders

USERS: Final = 20
ROUNDS: Final = 3
ROUND_S: Final = 6
LEAST_WRITE_RATIO: Final = 6.0
LEAST_READ_RATIO: Final = 4.0
LEAST_PROCESSES_RATIO: Final = 1.7

ENVIRONMENT: Final = {
    **{name: value for name, value in os.environ.items() if not name.startswith("AWS_")},
    "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
    "AWS_SECRET_ACCESS_KEY": "secret",
    "AWS_REGION": "us-east-1",
    "AWS_EC2_METADATA_DISABLED": "true",
}
BASE: Final = RunSpec(
    users=USERS,
    spawn_rate=1_000,
    run_time_s=ROUND_S + 1,
    stop_timeout_s=2,
    warmup_s=1,
    pacing=ClosedModel.UNPACED,
)
_ITEM: Final = orders().written_item("benchmark/0/0", 0)
WRITE_BODY: Final = json.dumps(
    {"Statement": insert_statement(DEFAULT_TABLE, tuple(_ITEM)), "Parameters": [*_ITEM.values()]}
)
WRITE_HEADERS: Final = {
    "Content-Type": "application/x-amz-json-1.0",
    "X-Amz-Target": "DynamoDB_20120810.ExecuteStatement",
}


def ours(spec: RunSpec, operation: str, *on_cores: int) -> float:
    """Return the right answers a second of a load run."""
    with pinned(*on_cores), LoadRun(spec, environment=ENVIRONMENT) as run:
        result = run.wait().result
    found = result.operation(operation)
    if found.failures or result.invalid_reasons:
        sys.exit(f"not a clean run: {found.failure_messages} {result.invalid_reasons}")
    return found.throughput_per_s


def writes(url: str, *on_cores: int) -> float:
    """Return what we write a second, with a process for each core."""
    spec = replace(
        BASE,
        user_classes={"PartiqlWriteUser": 1},
        workload={"endpoint-url": url},
        processes=len(on_cores),
    )
    return ours(spec, WRITE_OPERATION, *on_cores)


def reads(url: str, core: int) -> float:
    """Return what we read a second."""
    spec = replace(
        BASE, user_classes={"AqpZipcodeUser": 1}, host=url, workload={"data": "partitions=1"}
    )
    return ours(spec, ZIPCODE_OPERATION, core)


def scaled_writes(processes: int) -> float:
    """Return what one or two processes write a second, each on a core.

    Where there is no third core for nginx, it shares those of the generator: so much hardware in
    all writes so much.
    """
    available = sorted(os.sched_getaffinity(0))
    generators, others = available[:processes], available[2:]
    with nginx(*(others or generators)) as url:
        return writes(url, *generators)


def baseline(user: str, url: str, core: int) -> float:
    """Return what a user of the baseline's locustfile gets a second, by locust's own count."""
    file = Path(__file__).with_name("baseline_locustfile.py")
    command = [sys.executable, "-m", "locust", "-f", str(file), user, "--headless", "--json"]
    command += ["-u", str(USERS), "-r", "1000", "-t", f"{ROUND_S + 2}s"]
    with pinned(core):
        done = subprocess.run(
            command,
            env={**ENVIRONMENT, "BASELINE_URL": url, "AWS_DEFAULT_REGION": "us-east-1"},
            capture_output=True,
            text=True,
            check=True,
        )
    (stats,) = json.loads(done.stdout)
    assert stats["num_failures"] == 0
    counts: dict[int, int] = {int(s): count for s, count in stats["num_reqs_per_sec"].items()}
    # Whole seconds after a warm-up, as on our side.
    return mean(counts.get(second, 0) for second in range(min(counts) + 2, max(counts)))


def wrk(url: str, core: int, folder: Path) -> float:
    """Return what wrk writes a second."""
    script = folder / "write.lua"
    lines = [f'wrk.headers["{name}"] = "{value}"' for name, value in WRITE_HEADERS.items()]
    script.write_text("\n".join(['wrk.method = "POST"', f"wrk.body = [[{WRITE_BODY}]]", *lines]))
    options = ("-t1", f"-c{USERS}", f"-d{ROUND_S}s", "-s", str(script), url)
    output = tool("wrk", *options, core=core)
    return float(output.partition("Requests/sec:")[2].split()[0])


def vegeta(url: str, core: int, folder: Path) -> float:
    """Return what vegeta writes a second."""
    body, results = folder / "body.json", folder / "results.bin"
    body.write_text(WRITE_BODY)
    targets = folder / "targets.txt"
    lines = [f"{name}: {value}" for name, value in WRITE_HEADERS.items()]
    targets.write_text("\n".join([f"POST {url}/", *lines, f"@{body}"]))
    limits = (f"-workers={USERS}", f"-max-workers={USERS}", f"-connections={USERS}", "-rate=0")
    files = (f"-targets={targets}", f"-output={results}")
    tool("vegeta", "attack", *limits, *files, f"-duration={ROUND_S}s", core=core)
    report = json.loads(tool("vegeta", "report", "-type=json", str(results), core=core))
    return float(report["throughput"])


def k6(url: str, core: int, folder: Path) -> float:
    """Return what k6 writes a second."""
    script, summary = folder / "write.js", folder / "summary.json"
    script.write_text(
        "import http from 'k6/http';\n"
        f"const body = {json.dumps(WRITE_BODY)};\n"
        f"const parameters = {{ headers: {json.dumps(WRITE_HEADERS)} }};\n"
        f"export default () => http.post('{url}/', body, parameters);\n"
    )
    options = ("--vus", str(USERS), "--duration", f"{ROUND_S}s", "--quiet", "--no-usage-report")
    tool("k6", "run", *options, "--summary-export", str(summary), str(script), core=core)
    return float(json.loads(summary.read_text())["metrics"]["http_reqs"]["rate"])


def tool(name: str, *arguments: str, core: int) -> str:
    """Return the output of somebody else's load tool, which has one core.

    Raises:
        FileNotFoundError: it is not on this machine.
    """
    path = f"{os.environ.get('PATH', '')}:{Path.home() / 'go' / 'bin'}"
    executable = shutil.which(name, path=path)
    if executable is None:
        raise FileNotFoundError(name)
    with pinned(core):
        done = subprocess.run([executable, *arguments], capture_output=True, text=True, check=True)
    return done.stdout


def compare(ours: Callable[[], float], theirs: Callable[[], float]) -> tuple[float, float]:
    """Return the medians of both sides, which take turns."""
    pairs = [(theirs(), ours()) for _ in range(ROUNDS)]
    return median(pair[1] for pair in pairs), median(pair[0] for pair in pairs)


def show(what: str, figures: tuple[float, float], least: float) -> bool:
    """Print one comparison; return whether it reaches its limit."""
    one, other = figures
    ratio = one / other
    print(
        f"{what:44} {one:8,.0f}/s {other:8,.0f}/s {ratio:6.2f} x   at least {least:g} x", flush=True
    )
    return ratio >= least


def main() -> int:
    """Measure and print everything."""
    generator, server = cores()
    print(f"{'':44} {'ours':>10} {'other':>10}   ratio")
    with nginx(server) as url:
        reached = [
            show(
                "writes, against Locust + boto3",
                compare(
                    lambda: writes(url, generator),
                    lambda: baseline("Boto3WriteUser", url, generator),
                ),
                LEAST_WRITE_RATIO,
            ),
            show(
                "AQP reads, against Locust's HttpUser",
                compare(
                    lambda: reads(url, generator),
                    lambda: baseline("HttpAqpUser", url, generator),
                ),
                LEAST_READ_RATIO,
            ),
        ]
    reached.append(
        show(
            "writes, 2 processes against 1",
            compare(lambda: scaled_writes(2), lambda: scaled_writes(1)),
            LEAST_PROCESSES_RATIO,
        )
    )
    others: Mapping[str, Callable[[str, int, Path], float]] = {
        "wrk": wrk,
        "vegeta": vegeta,
        "k6": k6,
    }
    print("the same writes without signature, from one core over 20 connections:")
    with nginx(server) as url, TemporaryDirectory(prefix="aqp-perf-tools-") as folder:
        for name, measure in others.items():
            try:
                figure = f"{measure(url, generator, Path(folder)):8,.0f}/s"
            except FileNotFoundError:
                figure = "not installed"
            print(f"  {name:42} {'':10} {figure}", flush=True)
    return 0 if all(reached) else 1


if __name__ == "__main__":
    raise SystemExit(main())
