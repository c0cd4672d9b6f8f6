"""How soon after their time locustfiles end that do not want to, and what is kept of them.

    python -m benchmarks.run_end [--file NAME]

Each file hangs in another place: in a listener of the end, in a user, in a thread, at the exit.
Prints for each file the seconds from run time + stop timeout, counted from when the load began,
until the parent has the result, and the reasons why it is INVALID. Exits with 1 when a file takes
more than 5 s, or leaves no result; takes about two minutes.
"""

import argparse
import os
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from aqp_perf.core.load.pacing import ClosedModel
from aqp_perf.errors import GeneratorError
from aqp_perf.loadgen.command.launcher import LoadRun
from aqp_perf.loadgen.command.run_spec import RunSpec

LIMIT_S: Final = 5.0
SPEC: Final = RunSpec(
    users=2, spawn_rate=100, run_time_s=2, stop_timeout_s=1, warmup_s=0, pacing=ClosedModel.THINK
)
USERS: Final = """
import atexit, ctypes, multiprocessing, signal, threading, time
import gevent
from gevent.monkey import get_original
from locust import LoadTestShape, User, constant, events, task

block = get_original("time", "sleep")

class Visitor(User):
    wait_time = constant(0.01)
    visits = 0
    @task
    def visit(self):
        self.visits += 1
        self.environment.events.request.fire(
            request_type="VISIT", name="visit", response_time=2, response_length=0,
            exception=None, context={},
        )
        self.hang()
    def hang(self):
        pass
"""
HANGING_LISTENER: Final = """
@events.{event}.add_listener
def hang(**_):
    gevent.sleep(600)
"""
HANGING_USER: Final = """
class Hanging(Visitor):
    def hang(self):
        if self.visits > 20:
            {hang}
"""
FILES: Final[Mapping[str, str]] = {
    "ends in time": "",
    "endless load shape": """
class Endless(LoadTestShape):
    def tick(self):
        return (2, 100)
""",
    **{
        f"listener of {event} hangs": HANGING_LISTENER.format(event=event)
        for event in ("test_stopping", "test_stop", "quitting", "quit")
    },
    "user computes for good": HANGING_USER.format(hang="while True: pass"),
    "user blocks the process": HANGING_USER.format(hang="block(600)"),
    "user waits in C, without signals": HANGING_USER.format(
        hang="signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGALRM]); ctypes.CDLL(None).pause()"
    ),
    "user ignores its end": """
class Hanging(Visitor):
    def hang(self):
        while self.visits > 20:
            try:
                gevent.sleep(1)
            except BaseException:
                pass
""",
    "on_stop hangs": """
class Hanging(Visitor):
    def on_stop(self):
        gevent.sleep(600)
""",
    "thread that is no daemon": """
@events.test_start.add_listener
def start_thread(**_):
    threading.Thread(target=time.sleep, args=(600,)).start()
""",
    "child process that is no daemon": """
@events.test_start.add_listener
def start_process(**_):
    multiprocessing.Process(target=block, args=(600,)).start()
""",
    "handler at exit hangs": """
atexit.register(block, 600)
""",
    "ends itself, then a listener hangs": HANGING_USER.format(hang="self.environment.runner.quit()")
    + HANGING_LISTENER.format(event="quitting"),
    "one of two processes computes for good": HANGING_USER.format(
        hang="while self.environment.runner.worker_index == 1: pass"
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class End:
    """How a run ended."""

    late_s: float
    """Seconds after run time and stop timeout."""
    reasons: tuple[str, ...]
    """Why it is INVALID."""


def end_of(folder: Path, name: str) -> End:
    """Run a file and return how it ended.

    Raises:
        GeneratorError: it left no result.
    """
    path = folder / "users.py"
    path.write_text(USERS + FILES[name])
    user_class = "Hanging" if "class Hanging" in FILES[name] else "Visitor"
    processes = 2 if "two processes" in name else 1
    spec = replace(SPEC, locustfile=path, user_classes={user_class: 1}, processes=processes)
    with LoadRun(spec, environment=os.environ) as load:
        result = load.wait().result
    took_s = (datetime.now(UTC) - result.started_at).total_seconds()
    return End(
        late_s=took_s - spec.run_time_s - spec.stop_timeout_s, reasons=result.invalid_reasons
    )


def failures(names: list[str]) -> Iterator[str]:
    """Run files, print how each ended, and yield those that did so too late or without a result."""
    print(f"{'file':40} {'s late':>6}  INVALID because")
    with TemporaryDirectory() as folder:
        for name in names:
            try:
                end = end_of(Path(folder), name)
            except GeneratorError as error:
                print(f"{name:40} {'-':>6}  {error}")
                yield name
                continue
            print(f"{name:40} {end.late_s:6.2f}  {'; '.join(end.reasons) or '-'}", flush=True)
            if end.late_s > LIMIT_S:
                yield name


def main() -> int:
    """Run the benchmark and return its exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--file", choices=[*FILES], action="append")
    arguments = parser.parse_args()
    late = [*failures(arguments.file or [*FILES])]
    if late:
        print(f"over {LIMIT_S:g} s, or without a result: {', '.join(late)}")
    return 1 if late else 0


if __name__ == "__main__":
    sys.exit(main())
