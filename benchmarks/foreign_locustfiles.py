"""Whether locustfiles that were not written for this project are judged as they are.

    python -m benchmarks.foreign_locustfiles
    python -m benchmarks.foreign_locustfiles --folder ~/locust/examples

Each file runs unchanged twice against a local server: as a load test in a session of pytest, and by
plain ``locust --headless``. The run must be judged (PASS or FAIL, on limits that need no number of
requests), and plain Locust's statistics must say the same within their noise: operations, failure
ratios, medians. Where plain Locust counts no request, NO DATA is right. Where tasks or listeners
raise under plain Locust, INVALID is, and operations and failures must still agree.

Without ``--folder`` it takes the files of ``benchmarks/foreign``. Files are left out, with the
reason, that plain Locust does not run either, that only raise or fail there because they need a
server of their own, or that send to other machines. Exits with 1 when fewer than 95 % of the others
are judged alike; takes four minutes.
"""

import argparse
import csv
import json
import os
import re
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import sqrt
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final, NamedTuple, Self

from aqp_perf.core.verdict.verdicts import Verdict
from benchmarks.judged_sessions import ROOT, Session
from benchmarks.shop import running_shop

OWN: Final = ROOT / "benchmarks" / "foreign"
LEAST_RATIO: Final = 0.95
USERS: Final = 10
RARE: Final = 10
"""Operations with fewer requests may be missing on one side by chance."""
DEVIATIONS: Final = 4.0
"""That many standard deviations are noise."""
MACHINE_MS: Final = 5.0
MACHINE_RATIO: Final = 0.25
"""How much medians of two runs may differ beside that: by the larger of the two."""
ROUNDED_RATIO: Final = 0.05
"""Locust keeps two digits of a response time."""
FAILING_RATIO: Final = 0.5
TRIES: Final = 2
"""Other work on this machine can spoil a run."""
ARGUMENTS: Final[Mapping[str, Mapping[str, object]]] = {
    "own_arguments.py": {
        "arguments": {"currency": "EUR", "sizes": ["s", "m"], "table": "orders", "verify": True}
    },
    "tagged.py": {"tags": "buy"},
    "worker_messages.py": {"processes": 2},
}
"""Of ``perf_load``, by file."""
PLAIN_ARGUMENTS: Final = {
    "own_arguments.py": ["--currency", "EUR", "--sizes", "s", "m", "--table", "orders", "--verify"],
    "tagged.py": ["--tags", "buy"],
    "worker_messages.py": ["--processes", "2"],
}
TEST: Final = """
def test_it(perf_load):
    perf_load(**{arguments!r})
"""
SESSION: Final = (
    "--perf-target=none",
    "--perf-warmup=0",
    f"--perf-users={USERS}",
    "--perf-spawn-rate=100",
    "--perf-threshold=all: max < 60 s",
    "--perf-threshold=all: failure_ratio <= 0",
)
_ENDS_ITSELF: Final = re.compile(r"\bStopUser\b|\.quit\(\)")
_HOST_ELSEWHERE: Final = re.compile(
    r"""\.(?:get|post|request|rest)\([^)]*?["']https?://((?!127\.|localhost)[^/"']+)"""
)
_SHOWN: Final = 160
_START_S: Final = 6.0
_END_S: Final = 15.0


class Label(NamedTuple):
    """An operation."""

    type: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What was counted of an operation."""

    requests: int
    failures: int
    median_ms: tuple[float, float] | None
    """Between which values it lies; None: no request has a response time."""

    @classmethod
    def of_ours(cls, operation: Mapping[str, Any]) -> Self:
        """Read an operation of a results file."""
        median_ms = operation["latency_ms"]["p50"]
        return cls(
            requests=operation["requests"],
            failures=operation["failures"],
            median_ms=None if median_ms is None else (median_ms, median_ms),
        )

    @classmethod
    def of_plain(cls, entry: Mapping[str, Any]) -> Self:
        """Read an entry of Locust's statistics, with the noise of both medians."""
        times = Counter({float(time): number for time, number in entry["response_times"].items()})
        found = sorted(times.elements())
        median_ms = None
        if found:
            middle, noise = len(found) / 2, DEVIATIONS * sqrt(2 * len(found)) / 2
            low = found[max(0, round(middle - noise))]
            high = found[min(len(found) - 1, round(middle + noise))]
            median_ms = low * (1 - ROUNDED_RATIO), high * (1 + ROUNDED_RATIO)
        return cls(
            requests=entry["num_requests"], failures=entry["num_failures"], median_ms=median_ms
        )


Operations = dict[Label, Figures]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlainRun:
    """A run of plain Locust."""

    operations: Operations | None
    """None: it did not get so far."""
    raised: bool
    """Whether tasks or listeners did."""
    said: str
    """Its last words."""


def plain_run(file: Path, folder: Path, host: str, run_time_s: int) -> PlainRun:
    """Run a locustfile without this project."""
    options = ["--headless", "--only-summary", "--host", host, "--run-time", f"{run_time_s}s"]
    options += ["--users", str(USERS), "--spawn-rate", "100"]
    options += ["--json-file", "plain", "--csv", "plain", *PLAIN_ARGUMENTS.get(file.name, ())]
    log = folder / "plain.txt"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "locust", "-f", str(file), *options],
            cwd=folder,
            env=environment(host),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        process.wait(run_time_s + _START_S)
    except subprocess.TimeoutExpired:  # a load shape ignores the run time, and SIGTERM
        process.send_signal(signal.SIGINT)
        try:
            process.wait(_END_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    lines = [line for line in log.read_text(errors="replace").splitlines() if line.strip()]
    results, exceptions = folder / "plain.json", folder / "plain_exceptions.csv"
    operations = None
    if results.exists():
        entries = json.loads(results.read_text())
        operations = {
            Label(str(entry["method"]), str(entry["name"])): Figures.of_plain(entry)
            for entry in entries
        }
    rows = list(csv.DictReader(exceptions.open(newline=""))) if exceptions.exists() else []
    raised = bool(rows) or process.returncode == 2
    return PlainRun(
        operations=operations,
        raised=raised,
        said=rows[0]["Message"] if rows else lines[-1] if lines else "nothing",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class OurRun:
    """A run of a pytest session."""

    verdict: Verdict | None
    why: str
    operations: Operations


def our_run(file: Path, folder: Path, host: str, run_time_s: int) -> OurRun:
    """Run a locustfile as a load test."""
    arguments = {"locustfile": str(file), "host": host, **ARGUMENTS.get(file.name, {})}
    if _ENDS_ITSELF.search(file.read_text()):
        arguments["ends_itself"] = True
    (folder / "test_it.py").write_text(TEST.format(arguments=arguments))
    options = [*SESSION, f"--perf-run-time={run_time_s}s"]
    with Session(folder, options, environment(host)) as session:
        [run] = session.wait(1, run_time_s + 4 * _END_S)
    return OurRun(
        verdict=run.verdict,
        why=run.why,
        operations={
            Label(operation["type"], operation["name"]): Figures.of_ours(operation)
            for operation in run.operations.values()
        },
    )


def environment(host: str) -> dict[str, str]:
    """Return a user's, without settings of Locust, pytest and this project."""
    clean = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("LOCUST_", "PERF_", "PYTEST_")) or name == "PERF_LOCK_FILE"
    }
    return {**clean, "API_HOST": host}  # as an example of Locust's has it


def difference(ours: OurRun, plain: PlainRun) -> str:
    """Return how a run is not judged as plain Locust's numbers would be; empty: it is."""
    expected = plain.operations or {}
    right = {Verdict.PASS, Verdict.FAIL}
    if plain.raised:
        right = {Verdict.INVALID}
    elif not expected:
        right = {Verdict.NO_DATA}
    if ours.verdict not in right:
        return f"{ours.verdict or 'no run'}: {ours.why}"
    has_latencies = not plain.raised  # a process that writes tracebacks is slow
    return "; ".join(differences(ours.operations, expected, has_latencies=has_latencies))


def differences(ours: Operations, plain: Operations, *, has_latencies: bool) -> Iterator[str]:
    """Yield what plain Locust counted otherwise."""
    for label in sorted(ours.keys() | plain.keys()):
        one, other = ours.get(label), plain.get(label)
        found = one or other
        assert found is not None
        if one is None or other is None:
            if found.requests >= RARE:
                yield f"{label}: {found.requests} requests, {'ours' if one else 'plain'} only"
            continue
        pooled = (one.failures + other.failures) / (one.requests + other.requests)
        each = 1 / one.requests + 1 / other.requests
        noise = DEVIATIONS * sqrt(pooled * (1 - pooled) * each) + each
        ratios = one.failures / one.requests, other.failures / other.requests
        if abs(ratios[0] - ratios[1]) > noise:
            yield f"{label}: failure ratio {ratios[0]:.3f}, plain {ratios[1]:.3f}"
        if not has_latencies:
            continue
        if (one.median_ms is None) != (other.median_ms is None):
            yield f"{label}: response times on one side only"
        elif one.median_ms and other.median_ms:
            (median, _), (low, high) = one.median_ms, other.median_ms
            least, most = low - allowance(low), high + allowance(high)
            if not least <= median <= most:
                yield f"{label}: median {median:.1f} ms, plain {low:.0f} to {high:.0f} ms"


def allowance(median_ms: float) -> float:
    """Return by how much this machine may change a median."""
    return max(MACHINE_MS, MACHINE_RATIO * median_ms)


def left_out(file: Path, plain: PlainRun | None) -> str:
    """Return why there is nothing to compare for a file; empty: there is."""
    elsewhere = _HOST_ELSEWHERE.search(file.read_text())
    if elsewhere:
        return f"sends to {elsewhere[1]}"
    if plain and plain.operations is None:
        return f"plain Locust does not run it: {plain.said}"
    operations = (plain and plain.operations) or {}
    failures = sum(each.failures for each in operations.values())
    if failures > FAILING_RATIO * sum(each.requests for each in operations.values()):
        return "under plain Locust most requests fail: it needs a server of its own"
    if plain and plain.raised and not operations:
        return f"under plain Locust it raises and sends nothing: {plain.said}"
    return ""


def compare(file: Path, host: str, run_time_s: int) -> tuple[str, str]:
    """Run a file both ways; return a line about it, and the word that counts it."""
    tries: list[str] = []
    if reason := left_out(file, None):
        return reason, "left out"
    while len(tries) < TRIES:
        with TemporaryDirectory(prefix="aqp-perf-foreign-") as name:
            folder = Path(name)
            plain = plain_run(file, folder, host, run_time_s)
            if reason := left_out(file, plain):
                return reason, "left out"
            ours = our_run(file, folder, host, run_time_s)
        if told := difference(ours, plain):
            tries.append(told)
        else:
            counts = [
                sum(each.requests for each in side.values())
                for side in (ours.operations, plain.operations or {})
            ]
            line = f"{ours.verdict}, {len(ours.operations)} operations, {counts[0]} requests"
            line += f" (plain {counts[1]})"
            if plain.raised:
                line += f", raises: {plain.said}"
            return " | not at first: ".join([line, *tries]), "alike"
    return tries[-1], "OTHERWISE"


def locustfiles(folder: Path) -> Sequence[Path]:
    """Return the Python files of a folder and below.

    Raises:
        SystemExit: there are none.
    """
    found = sorted(path for path in folder.rglob("*.py") if not path.name.startswith("_"))
    if not found:
        sys.exit(f"{folder}: there are no Python files in this folder")
    return found


def main() -> int:
    """Print a line for each file; return 1 when too few are judged alike."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, default=OWN, help="of other locustfiles")
    parser.add_argument("--only", default="", help="files whose names contain this text")
    parser.add_argument("--run-time", type=int, default=4, metavar="S", help="of each run")
    options = parser.parse_args()
    folder = options.folder.resolve()
    counts: Counter[str] = Counter()
    with running_shop() as host:
        for file in locustfiles(folder):
            if options.only not in file.name:
                continue
            line, word = compare(file, host, options.run_time)
            counts[word] += 1
            print(f"{file.relative_to(folder)!s:32} {word:9} {line[:_SHOWN]}", flush=True)
    compared = counts.total() - counts["left out"]
    print(
        f"{counts['alike']} of {compared} judged as plain Locust's numbers would be "
        f"(at least {LEAST_RATIO:.0%}); {counts['left out']} left out"
    )
    return 0 if compared and counts["alike"] >= LEAST_RATIO * compared else 1


if __name__ == "__main__":
    sys.exit(main())
