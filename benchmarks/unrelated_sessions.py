"""What a session without load tests pays for the plugin.

    python -m benchmarks.unrelated_sessions

Compares sessions of a project with 50 ordinary tests, with the plugin and without it
(``-p no:aqp_perf.plugin``), 20 of each in turn: ``--collect-only``, and one test with ``-n 2``
while a load test of another session holds the lock of this machine. Exits with 1 when the medians
of the pairs' ratios are above 1.05 and 1.2. Takes two minutes.
"""

import fcntl
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import Final

RUNS: Final = 20
TESTS: Final = "\n".join(f"def test_{number}(): pass" for number in range(50))
WITHOUT: Final = ("-p", "no:aqp_perf.plugin")
CASES: Final = {
    "--collect-only": (("--collect-only", "-q"), 1.05),
    "one test, -n 2, beside a load test": (("-n", "2", "-k", "test_7"), 1.2),
}


def session_s(folder: Path, arguments: Sequence[str]) -> float:
    """Run a session; return how long it took, in s."""
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *arguments]
    environment = os.environ | {"PERF_LOCK_FILE": str(folder / "lock")}
    began_s = time.perf_counter()
    subprocess.run(command, cwd=folder, env=environment, check=True, capture_output=True)
    return time.perf_counter() - began_s


def main() -> int:
    """Print the ratios; return 1 when one is above its limit."""
    is_reached = True
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "test_it.py").write_text(TESTS)
        with (folder / "lock").open("w") as lock, (folder / "lock.gate").open("w") as gate:
            fcntl.flock(lock, fcntl.LOCK_EX)
            fcntl.flock(gate, fcntl.LOCK_EX)
            for title, (arguments, most) in CASES.items():
                pairs = []
                for number in range(RUNS):
                    sides = [("with", arguments), ("without", (*arguments, *WITHOUT))]
                    took_s = {
                        side: session_s(folder, each)
                        for side, each in (sides if number % 2 else sides[::-1])
                    }
                    pairs.append((took_s["with"], took_s["without"]))
                ratio = median(ours / bare for ours, bare in pairs)
                ours_s, bare_s = (median(side) for side in zip(*pairs, strict=True))
                print(
                    f"{title:36} with {ours_s:.3f} s, without {bare_s:.3f} s: {ratio:.3f} x, "
                    f"at most {most}",
                    flush=True,
                )
                is_reached = is_reached and ratio <= most
    return 0 if is_reached else 1


if __name__ == "__main__":
    sys.exit(main())
