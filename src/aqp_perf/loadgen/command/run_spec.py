"""A load run, and the ordinary locust command that does it."""

import json
import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import ceil
from pathlib import Path

from aqp_perf.core.load.cost import Budget
from aqp_perf.core.load.durations import format_duration
from aqp_perf.core.load.pacing import Pacing
from aqp_perf.core.verdict.thresholds import Threshold
from aqp_perf.loadgen.command.file_arguments import FileArgument
from aqp_perf.loadgen.command.own_arguments import RESULT_FILE

LOCUSTFILE = Path(__file__).parents[2] / "workloads" / "locustfile.py"
"""The workloads that ship with this package."""

DEFAULT_MASTER_BIND = "0.0.0.0:5557"
"""Where a master waits for workers on other machines: locust's own default."""

START_SLACK_S = 30.0
"""How long locust may take to start, and to exit at its end."""
SET_UP_S = 600.0
"""How long the listeners of ``test_start`` may take, which fill tables or log in."""

_INSTRUMENT = Path(__file__).parents[1] / "instrument.py"
_WORKERS_MAX_WAIT_S = 60
_ANY_ADDRESS = frozenset({"", "*", "0.0.0.0", "::", "[::]"})  # noqa: S104 - to recognise it


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSpec:
    """One load run, as the locust command takes it.

    Args:
        locustfile: the file with the user classes, a folder of such files, or several of them.
        user_classes: name → weight; empty: every class of the files, with its own weight.
        users: concurrent users in all.
        spawn_rate: users started per second.
        run_time_s: seconds of load, the warm-up included; rounded up to locust's whole seconds.
        stop_timeout_s: how long the end waits for requests under way; rounded up likewise.
        warmup_s: time before the measurement window.
        pacing: when requests are due.
        host: locust's ``--host``; None: the users have their own or need none.
        tags: of the tasks to run; empty: all.
        arguments: of the locustfiles' own, or of Locust.
        workload: name of an argument of `add_workload_arguments` → value.
        abort_rules: what ends the run as hopeless.
        budget: what the requests may cost; None: no limit.
        processes: worker processes on this machine; 1: locust itself sends.
        expect_workers: workers on other machines to wait for; 0: none.
        master_bind: host:port where the master listens for them.
        progress_s: how often the run writes its progress; None: never.
        server_processes: of target and AQP, where they are ours; see `process_identity`.
        ends_itself: whether the locustfile may end the load before the run time.
    """

    locustfile: Path | Sequence[Path] = LOCUSTFILE
    user_classes: Mapping[str, int] = field(default_factory=dict)
    users: int
    spawn_rate: float
    run_time_s: float
    stop_timeout_s: float
    warmup_s: float
    pacing: Pacing
    host: str | None = None
    tags: Sequence[str] = ()
    arguments: Sequence[FileArgument] = ()
    workload: Mapping[str, str] = field(default_factory=dict)
    abort_rules: Sequence[Threshold] = ()
    budget: Budget | None = None
    processes: int = 1
    expect_workers: int = 0
    master_bind: str = DEFAULT_MASTER_BIND
    progress_s: float | None = None
    server_processes: Sequence[str] = ()
    ends_itself: bool = False

    @property
    def locustfiles(self) -> Sequence[Path]:
        """The files and folders with the user classes."""
        return [self.locustfile] if isinstance(self.locustfile, Path) else self.locustfile

    @property
    def deadline_s(self) -> float:
        """Seconds after which a run that is not done has gone wrong, from when locust starts."""
        spawn_s = self.users / self.spawn_rate
        workers_s = _WORKERS_MAX_WAIT_S if self.expect_workers else 0
        return self.run_time_s + spawn_s + self.stop_timeout_s + workers_s + START_SLACK_S

    @property
    def load_deadline_s(self) -> float:
        """The same from when the load begins."""
        return self.run_time_s + self.stop_timeout_s + START_SLACK_S

    @property
    def worker_command(self) -> str:
        """The command of a worker on another machine."""
        host, _, port = self.master_bind.rpartition(":")
        return worker_command(host, int(port))

    def argv(self, result_file: Path) -> list[str]:
        """Return the locust command, which can be run again by hand."""
        argv = [
            "locust",
            "-f",
            ",".join(map(_short, [_INSTRUMENT, *self.locustfiles])),
            *self.user_classes,
            "--headless",
            "--only-summary",
            *("-u", str(self.users)),
            *("-r", f"{self.spawn_rate:g}"),
            *("-t", f"{ceil(self.run_time_s)}s"),
            *("--stop-timeout", str(ceil(self.stop_timeout_s))),
            *("--perf-warmup", format_duration(self.warmup_s)),
            *("--perf-pacing", str(self.pacing)),
        ]
        if self.host is not None:
            argv += ["--host", self.host]
        if self.tags:
            argv += ["--tags", *self.tags]
        for name, value in self.workload.items():
            argv += [f"--perf-{name}", value]
        for argument in self.arguments:
            argv += argument.words
        for rule in self.abort_rules:
            argv += ["--perf-abort", str(rule).removeprefix("abort: ")]
        if self.budget is not None:
            argv += ["--perf-budget", str(self.budget)]
        if len(self.user_classes) > 1:  # even if equal: the classes may have weights of their own
            weights = [
                {"user_class_name": name, "weight": weight}
                for name, weight in self.user_classes.items()
            ]
            argv += ["--config-users", json.dumps(weights)]
        argv += self._workers()
        if self.progress_s is not None:
            argv += ["--perf-progress", format_duration(self.progress_s)]
        argv += ["--perf-ends-itself"] * self.ends_itself
        for process in self.server_processes:
            argv += ["--perf-server-process", process]
        return [*argv, RESULT_FILE, str(result_file)]

    def _workers(self) -> list[str]:
        if self.expect_workers:
            host, _, port = self.master_bind.rpartition(":")
            return [
                *("--master", "--master-bind-host", host, "--master-bind-port", port),
                *("--expect-workers", str(self.expect_workers)),
                *("--expect-workers-max-wait", str(_WORKERS_MAX_WAIT_S)),
            ]
        if self.processes == 1:
            return []
        port = str(_free_port())
        return [
            *("--processes", str(self.processes), "--master-bind-host", "127.0.0.1"),
            *("--master-bind-port", port, "--master-port", port),
        ]


def worker_command(master_bind_host: str, master_port: int) -> str:
    """Return the command of a worker on another machine, which has this package installed.

    It gets the locustfiles, the instrument first, from the master.
    """
    host = socket.gethostname() if master_bind_host in _ANY_ADDRESS else master_bind_host
    return f"locust -f - --worker --master-host={host} --master-port={master_port}"


def _short(path: Path) -> str:
    """Return a path relative to the working folder when it is below it."""
    path = path.resolve()
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
