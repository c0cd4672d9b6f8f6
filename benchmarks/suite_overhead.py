"""How long ``pytest -m perf`` takes in all, and how much of that is not load.

Runs the default scenarios on moto and the embedded AQP in a child process and compares the wall
time with the run times that its result file shows. What is left is start, create, seed, report and
stop.

    .venv/bin/python -m benchmarks.suite_overhead
"""

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

MOST_TOTAL_S = 90.0
MOST_OVERHEAD_S = 10.0


def main() -> int:
    """Print both figures with their limits; exit with 1 when one is missed."""
    with tempfile.TemporaryDirectory() as folder:
        results = Path(folder) / "results.json"
        command = [sys.executable, "-m", "pytest", "-m", "perf", "-q", "--perf-json", str(results)]
        started = time.perf_counter()
        done = subprocess.run(command, check=False, capture_output=True, text=True)
        total_s = time.perf_counter() - started
        if done.returncode != 0:
            print(done.stdout, done.stderr)
            return 1
        runs = json.loads(results.read_text())["runs"]
    load_s = sum(run["profile"]["run_time_s"] for run in runs)
    overhead_s = total_s - load_s
    print(f"{len(runs)} scenarios, {load_s:.0f} s of load")
    print(f"in all            {total_s:6.1f} s   at most {MOST_TOTAL_S:.0f} s")
    print(f"that is not load  {overhead_s:6.1f} s   at most {MOST_OVERHEAD_S:.0f} s")
    return int(total_s > MOST_TOTAL_S or overhead_s > MOST_OVERHEAD_S)


if __name__ == "__main__":
    raise SystemExit(main())
