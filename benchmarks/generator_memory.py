"""Whether the generator's memory grows with the number of requests.

    python -m benchmarks.generator_memory

Writes as fast as an nginx answers, one process, and reads its resident memory from /proc after
20,000 and after 2,000,000 requests, by nginx's own count. Exits with 1 when the second is more than
1.1 times the first; takes as long as two million requests do, five minutes or so.
"""

import os
import time
from dataclasses import replace
from pathlib import Path
from typing import Final
from urllib.request import urlopen

from benchmarks.generator_throughput import BASE, ENVIRONMENT, ROUND_S, writes
from benchmarks.nginx import cores, nginx, pinned
from perf.loadgen.launcher import LoadRun

FEW: Final = 20_000
MANY: Final = 2_000_000
MOST_RATIO: Final = 1.1
_SPARE: Final = 1.3


def resident_mb(name: str) -> float:
    """Return the resident memory of the process whose command line holds ``name``."""
    for folder in Path("/proc").iterdir():
        if not folder.name.isdecimal() or int(folder.name) == os.getpid():
            continue
        try:
            arguments = (folder / "cmdline").read_bytes().decode().split("\0")
            if name in arguments and "-m" in arguments[1:2]:
                status = (folder / "status").read_text()
                return int(status.partition("VmRSS:")[2].split()[0]) / 1_024
        except (FileNotFoundError, ProcessLookupError):
            continue
    raise LookupError(f"no process with {name}")


def requests_of(url: str) -> int:
    """Return how many requests nginx has had, by its status page."""
    with urlopen(f"{url}/status", timeout=10) as answer:  # noqa: S310 - loopback
        return int(answer.read().decode().splitlines()[2].split()[2])


def main() -> int:
    """Measure and print both sizes."""
    core, server_core = cores()
    with nginx(server_core) as url:
        per_s = writes(url, core)
        run_s = round(MANY / per_s * _SPARE) + ROUND_S
        spec = replace(
            BASE,
            user_classes={"PartiqlWriteUser": 1},
            run_time_s=run_s,
            workload={"endpoint-url": url},
        )
        before = requests_of(url)
        sizes_mb = []
        with pinned(core), LoadRun(spec, environment=ENVIRONMENT) as run:
            for wanted in (FEW, MANY):
                while (count := requests_of(url) - before) < wanted:
                    time.sleep(0.2)  # nginx tells nobody when it has had so many
                sizes_mb.append(resident_mb(run.command[-1]))
                print(f"after {count:9,} requests {sizes_mb[-1]:7.1f} MB", flush=True)
            run.interrupt()
    ratio = sizes_mb[1] / sizes_mb[0]
    print(f"ratio {ratio:.3f}, at most {MOST_RATIO}")
    return 0 if ratio <= MOST_RATIO else 1


if __name__ == "__main__":
    raise SystemExit(main())
