"""Runs the ordinary locust command in a child process and reads the result file it leaves.

This is the parent's side: it imports neither locust nor gevent.
"""

import errno
import json
import shlex
import signal
import socket
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import ceil
from pathlib import Path
from types import TracebackType
from typing import Self

from perf.children import (
    Child,
    ChildEnvironment,
    TemporaryFolder,
    module_command,
    with_this_package,
)
from perf.core.cost import Budget
from perf.core.durations import format_duration
from perf.core.pacing import Pacing
from perf.core.progress import Progress
from perf.core.thresholds import DEFAULT_ABORT_AFTER, Threshold
from perf.errors import (
    GeneratorCrashed,
    GeneratorTimedOut,
    InvalidOption,
    LocustfileFailed,
    PortTaken,
)
from perf.loadgen.result_file import LoadOutcome, progress_path, read_outcome

LOCUSTFILE = Path(__file__).parents[1] / "locustfile.py"
"""The workloads that ship with this package."""

DEFAULT_MASTER_BIND = "0.0.0.0:5557"
"""Where a master waits for workers on other machines, as locust itself does."""

_INSTRUMENT = Path(__file__).with_name("instrument.py")
_START_SLACK_S = 30.0
_WORKERS_MAX_WAIT_S = 60
_LOADED = "Starting Locust"
"""What locust logs once the locustfiles are imported."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSpec:
    """One load run, as the locust command takes it.

    Args:
        locustfile: the file with the user classes.
        user_classes: name → weight; empty: every class in the file, with its own weight.
        users: concurrent users in all.
        spawn_rate: users started per second.
        run_time_s: seconds of load, the warm-up included; locust takes whole ones, the next above.
        stop_timeout_s: how long requests under way are waited for at the end; likewise.
        warmup_s: time before the measurement window.
        pacing: when requests are due.
        host: locust's ``--host``, the AQP's base URL; None: users that need none.
        workload: argument name without dashes → value, for `perf.loadgen.arguments`.
        abort_rules: what ends the run as hopeless.
        abort_after: requests of an operation before they look at it.
        budget: what the requests may cost; None: whatever they do.
        processes: worker processes on this machine; 1: locust itself sends.
        expect_workers: workers on other machines to wait for; 0: none.
        master_bind: host:port where the master listens for them.
        progress_s: how often the run tells its progress; None: never.
    """

    locustfile: Path = LOCUSTFILE
    user_classes: Mapping[str, int] = field(default_factory=dict)
    users: int
    spawn_rate: float
    run_time_s: float
    stop_timeout_s: float
    warmup_s: float
    pacing: Pacing
    host: str | None = None
    workload: Mapping[str, str] = field(default_factory=dict)
    abort_rules: Sequence[Threshold] = ()
    abort_after: int = DEFAULT_ABORT_AFTER
    budget: Budget | None = None
    processes: int = 1
    expect_workers: int = 0
    master_bind: str = DEFAULT_MASTER_BIND
    progress_s: float | None = None

    @property
    def deadline_s(self) -> float:
        """When a run that is not done has gone wrong."""
        spawn_s = self.users / self.spawn_rate
        workers_s = _WORKERS_MAX_WAIT_S if self.expect_workers else 0
        return self.run_time_s + spawn_s + self.stop_timeout_s + workers_s + _START_SLACK_S

    def argv(self, result_file: Path) -> list[str]:
        """Return the locust command, that anybody can run again by hand."""
        argv = [
            "locust",
            "-f",
            f"{_short(_INSTRUMENT)},{_short(self.locustfile)}",
            *self.user_classes,
            "--headless",
            "--only-summary",
            *("-u", str(self.users)),
            *("-r", f"{self.spawn_rate:g}"),
            *("-t", f"{ceil(self.run_time_s)}s"),
            *("--stop-timeout", str(ceil(self.stop_timeout_s))),
            *("--warmup", format_duration(self.warmup_s)),
            *("--pacing", str(self.pacing)),
        ]
        if self.host is not None:
            argv += ["--host", self.host]
        for name, value in self.workload.items():
            argv += [f"--{name}", value]
        for rule in self.abort_rules:
            argv += ["--abort", str(replace(rule, aborts=False))]
        if self.abort_rules:
            argv += ["--abort-after", str(self.abort_after)]
        if self.budget is not None:
            argv += ["--budget", str(self.budget)]
        if len(self.user_classes) > 1:  # equal ones too: the classes may have others of their own
            weights = [
                {"user_class_name": name, "weight": weight}
                for name, weight in self.user_classes.items()
            ]
            argv += ["--config-users", json.dumps(weights)]
        if self.expect_workers:
            host, _, port = self.master_bind.rpartition(":")
            argv += ["--master", "--master-bind-host", host, "--master-bind-port", port]
            argv += ["--expect-workers", str(self.expect_workers)]
            argv += ["--expect-workers-max-wait", str(_WORKERS_MAX_WAIT_S)]
        elif self.processes > 1:
            port = str(_free_port())
            argv += ["--processes", str(self.processes), "--master-bind-host", "127.0.0.1"]
            argv += ["--master-bind-port", port, "--master-port", port]
        if self.progress_s is not None:
            argv += ["--progress", format_duration(self.progress_s)]
        return [*argv, "--result-file", str(result_file)]


class LoadRun:
    """A locust command under way; leaving the ``with`` block ends it, whatever happened.

    Args:
        spec: what to run.
        environment: the whole environment of locust: credentials, region.
        on_line: called with every line that locust prints.

    Raises:
        InvalidOption: there is no such locustfile.
        PortTaken: somebody else listens where workers on other machines would be waited for.
    """

    def __init__(
        self,
        spec: RunSpec,
        *,
        environment: Mapping[str, str],
        on_line: Callable[[str], None] | None = None,
    ) -> None:
        if not spec.locustfile.is_file():
            raise InvalidOption("locustfile", str(spec.locustfile), "there is no such file")
        if spec.expect_workers:
            _check_free(spec.master_bind)
        self.spec = spec
        self._on_line = on_line
        self._has_loaded = False
        self._folder = TemporaryFolder()
        self._result_file = self._folder.path / "result.json"
        self.command = tuple(spec.argv(self._result_file))
        try:
            self._child = Child(
                "locust",
                [*_locust(), *self.command[1:]],
                environment=_without_options(environment),
                on_line=self._read,
            )
        except BaseException:
            self._folder.close()
            raise

    def wait(self) -> LoadOutcome:
        """Wait until the run is done and return what it left behind.

        Raises:
            LocustfileFailed: the locustfile did not import.
            GeneratorCrashed: locust ended without a result.
            GeneratorTimedOut: it was not done in time; it has been killed.
        """
        try:
            exit_code = self._child.wait(self.spec.deadline_s)
        except TimeoutError:
            self._child.stop(grace_s=0)
            raise GeneratorTimedOut(self.spec.deadline_s, self._child.output_tail) from None
        return self._result(exit_code)

    def progress(self) -> Progress | None:
        """Return how the run is doing, as it told last; None when it told nothing yet."""
        try:
            text = progress_path(self._result_file).read_bytes()
        except FileNotFoundError:
            return None
        return Progress.from_json(json.loads(text))

    def interrupt(self) -> LoadOutcome | None:
        """End the run early; return what was measured, or None when there is nothing yet."""
        self._child.send_signal(signal.SIGTERM)
        try:
            exit_code = self._child.wait(self.spec.stop_timeout_s + _START_SLACK_S)
        except TimeoutError:
            self._child.stop(grace_s=0)
            return None
        return self._result(exit_code) if self._result_file.exists() else None

    def close(self) -> None:
        """End locust and everything it started, and remove the result file."""
        self._child.stop()
        self._folder.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def _read(self, line: str) -> None:
        if _LOADED in line:
            self._has_loaded = True
        if self._on_line is not None:
            self._on_line(line)

    def _result(self, exit_code: int) -> LoadOutcome:
        self._child.stop()  # it has ended; this waits for the rest of its output
        if not self._result_file.exists():
            output = self._child.output_tail
            if not self._has_loaded and "Traceback" in output:
                name = str(self.spec.locustfile)
                raise LocustfileFailed(name, _own_traceback(output, name))
            raise GeneratorCrashed(exit_code, output)
        return read_outcome(self._result_file)


def format_command(command: tuple[str, ...]) -> str:
    """Return a command as a shell takes it."""
    return shlex.join(command)


def _locust() -> list[str]:
    """Return how to start locust of this very environment, on the PATH or not."""
    return module_command("perf.loadgen")


def _without_options(environment: Mapping[str, str]) -> ChildEnvironment:
    """Return ``environment`` without LOCUST_*, which locust reads as options.

    What is measured would not be what the report says.
    """
    kept = {k: v for k, v in environment.items() if not k.startswith("LOCUST_")}
    return with_this_package(kept)


def _short(path: Path) -> str:
    """Return a path relative to the working folder when it is below it."""
    path = path.resolve()
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)


def _check_free(address: str) -> None:
    """Raise PortTaken when somebody listens at ``host:port``; locust would say it in a stack."""
    host, _, port = address.rpartition(":")
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, int(port)))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise PortTaken(host, int(port)) from error


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _own_traceback(output: str, locustfile: str) -> str:
    """Return the traceback without the frames that lead to the locustfile."""
    lines = output[output.index("Traceback") :].splitlines()
    own = f'File "{Path(locustfile).resolve()}", line'
    first = next((n for n, line in enumerate(lines) if own in line), 1)
    return "\n".join([lines[0], *lines[first:]])
