"""The end of a session whose requests have ten thousand names.

    python -m benchmarks.many_names

Runs a load of 6 s whose locustfile gives no ``name=`` to 10,000 dynamic URLs, and asks for every
report file and a history. Some thresholds are not met, so that everything has to be told. Prints
the seconds from the end of the load to the end of the session, the size of every file and the lines
on the terminal. Exits with 1 when one is over its limit.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from datetime import datetime
from pathlib import Path
from typing import Final

NAMES: Final = 10_000
LOAD_S: Final = 6
MOST_AFTER_S: Final = 5.0
MOST_LINES: Final = 500
MOST_BYTES: Final = {
    "results.json": 10_000_000,
    "junit.xml": 500_000,
    "summary.md": 60_000,
    "report.html": 3_000_000,
    "history": 10_000_000,
}
TESTS: Final = """
import pytest

@pytest.mark.perf(thresholds=["p50 < 2 s", "failure_ratio <= 1%", "all: p95 < 1 s"])
def test_orders(perf_load):
    perf_load(locustfile="users.py")
"""
USERS: Final = f"""
import itertools

from locust import User, constant, task

numbers = itertools.cycle(range({NAMES}))

class Shopper(User):
    wait_time = constant(0.01)

    @task
    def orders(self):
        for number in itertools.islice(numbers, 30):
            self.environment.events.request.fire(
                request_type="GET", name=f"/orders/{{number}}", response_time=number % 97,
                response_length=100, context={{}},
                exception=None if number % 50 else ValueError(f"no order {{number}}"),
            )
"""


def run_session(folder: Path) -> tuple[float, str]:
    """Return when a session ended, as a Unix time, and what it printed."""
    files = ("--perf-json=results.json", "--perf-html=report.html", "--perf-markdown=summary.md")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *files]
    command += ["--junitxml=junit.xml", "--perf-history=history", "--perf-target=none"]
    command += [f"--perf-run-time={LOAD_S}s", "--perf-warmup=0", "--perf-users=3"]
    environment = os.environ | {"PERF_LOCK_FILE": str(folder / "lock")}
    done = subprocess.run(
        command, cwd=folder, env=environment, check=False, capture_output=True, text=True
    )
    return time.time(), done.stdout


def size_bytes(path: Path) -> int:
    """Return the size of a file, or of the files in a folder."""
    return sum(it.stat().st_size for it in (path.iterdir() if path.is_dir() else [path]))


def main() -> int:
    """Print the figures; return 1 when one is above its limit."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "test_orders.py").write_text(TESTS)
        (folder / "users.py").write_text(USERS)
        ended_s, output = run_session(folder)
        (run,) = json.loads((folder / "results.json").read_text())["runs"]
        load_ended_s = datetime.fromisoformat(run["started_at"]).timestamp() + run["duration_s"]
        found: list[tuple[str, float, float, str]] = [
            ("after the load", ended_s - load_ended_s, MOST_AFTER_S, "s"),
            ("on the terminal", output.count("\n"), MOST_LINES, "lines"),
            *(
                (file, size_bytes(folder / file) / 1e6, most / 1e6, "MB")
                for file, most in MOST_BYTES.items()
            ),
        ]
    print(f"{len(run['operations']) - 1 + run['further_names']:,} names, {run['verdict']}")
    for title, value, most, unit in found:
        print(f"{title:16} {value:8.2f} {unit}, at most {most:g}")
    print(*output.splitlines()[-3:], sep="\n")
    return 1 if any(value > most for _, value, most, _ in found) else 0


if __name__ == "__main__":
    sys.exit(main())
