"""Whether the generator's memory grows with the number of requests.

    python -m benchmarks.generator_memory

Writes as fast as an nginx answers, one process, and reads its resident memory from /proc after
20,000 and after 2,000,000 requests, by nginx's own count. Exits with 1 when the second is more than
1.1 times the first; takes as long as two million requests do, five minutes or so.
"""

import time
from dataclasses import replace
from pathlib import Path
from typing import Final
from urllib.request import urlopen

from aqp_perf.core.data.statements import WRITE_OPERATION
from aqp_perf.loadgen.command.launcher import LoadRun
from benchmarks.generator_throughput import BASE, ENVIRONMENT
from benchmarks.nginx import cores, nginx, pinned

FEW: Final = 20_000
MANY: Final = 2_000_000
MOST_RATIO: Final = 1.1
_MOST_S: Final = 3_600
_START_S: Final = 30.0
_POLL_S: Final = 0.1
"""Nobody says when the generator is there, or when nginx has had so many requests."""


def pid_of(result_file: str) -> int:
    """Return the process of the locust command that writes this result file, once it is there.

    Raises:
        LookupError: it did not come.
    """
    until_s = time.monotonic() + _START_S
    while time.monotonic() < until_s:
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                arguments = (folder / "cmdline").read_bytes().split(b"\0")
            except (FileNotFoundError, ProcessLookupError):  # it has just ended
                continue
            is_locust = arguments[1:4] == [b"-P", b"-m", b"aqp_perf.loadgen"]  # not its guard
            if is_locust and result_file.encode() in arguments:
                return int(folder.name)
        time.sleep(_POLL_S)
    raise LookupError(f"no locust that writes {result_file}")


def resident_mb(pid: int) -> float:
    """Return the resident memory of a process.

    Raises:
        ProcessLookupError, FileNotFoundError, ValueError: it has ended.
    """
    _, _, value = Path(f"/proc/{pid}/status").read_text().partition("VmRSS:")
    return int(value.partition("kB")[0]) / 1_024


def requests_of(url: str) -> int:
    """Return how many requests nginx has had, by its status page."""
    with urlopen(f"{url}/status", timeout=10) as answer:  # noqa: S310 - loopback
        return int(answer.read().decode().splitlines()[2].split()[2])


def size_after(requests: int, url: str, pid: int) -> float:
    """Return the resident memory in MB of a generator once nginx has had so many requests.

    Raises:
        ProcessLookupError, FileNotFoundError, ValueError: it ended before.
    """
    while (count := requests_of(url)) < requests:
        time.sleep(_POLL_S)
        resident_mb(pid)
    size_mb = resident_mb(pid)
    print(f"after {count:9,} requests {size_mb:7.1f} MB", flush=True)
    return size_mb


def main() -> int:
    """Measure and print both sizes."""
    core, server_core = cores()
    with nginx(server_core) as url:
        spec = replace(
            BASE,
            user_classes={"PartiqlWriteUser": 1},
            run_time_s=_MOST_S,
            workload={"endpoint-url": url},
        )
        with pinned(core), LoadRun(spec, environment=ENVIRONMENT) as run:
            pid = pid_of(run.command[-1])
            few_mb, many_mb = (size_after(requests, url, pid) for requests in (FEW, MANY))
            outcome = run.interrupt()
    assert outcome is not None, "the generator did not end"
    operation = outcome.result.operation(WRITE_OPERATION)
    print(f"{operation.requests:,} requests recorded, {operation.failures} failures")
    ratio = many_mb / few_mb
    print(f"ratio {ratio:.3f}, at most {MOST_RATIO}")
    return 0 if ratio <= MOST_RATIO and not operation.failures else 1


if __name__ == "__main__":
    raise SystemExit(main())
