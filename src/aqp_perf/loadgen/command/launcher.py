"""Runs the ordinary locust command in a child process and reads its result file.

This is the parent's side: it imports neither locust nor gevent.
"""

import errno
import os
import signal
import socket
import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Final, Self

from aqp_perf.children import Child, TemporaryFolder, module_command, with_this_package
from aqp_perf.core.measured.run_progress import Progress
from aqp_perf.core.records import from_json
from aqp_perf.errors import GeneratorTimedOut, PortTaken
from aqp_perf.loadgen.command.failed_start import LOADED, FailedInit, no_result
from aqp_perf.loadgen.command.locustfiles import locustfiles_in
from aqp_perf.loadgen.command.result_file import (
    LoadOutcome,
    begun_path,
    progress_path,
    read_outcome,
)
from aqp_perf.loadgen.command.run_spec import SET_UP_S, START_SLACK_S, RunSpec

_LOOK_S: Final = 0.2
_EXIT_S: Final = 2.0
"""How long a process may live on that has written its result."""


class LoadRun:
    """A running locust command; leaving the ``with`` block ends it.

    Args:
        spec: what to run.
        environment: the whole environment of locust: credentials, region.

    Raises:
        InvalidOption: a locustfile is missing, or cannot be one.
        PortTaken: another process listens where workers on other machines would connect.
    """

    def __init__(self, spec: RunSpec, *, environment: Mapping[str, str]) -> None:
        locustfiles_in(spec.locustfiles)
        if spec.expect_workers:
            _check_free(spec.master_bind)
        self.spec = spec
        self._has_loaded = False
        self._started_s = time.monotonic()
        self._begun_s: float | None = None
        self._written_s: float | None = None
        self._folder = TemporaryFolder()
        self._result_file = self._folder.path / "result.json"
        self.command = tuple(spec.argv(self._result_file))
        # Locust would take LOCUST_* for options of this run.
        own = with_this_package(
            {name: text for name, text in environment.items() if not name.startswith("LOCUST_")}
        )
        try:
            self._child = Child(
                "locust",
                [*module_command("aqp_perf.loadgen"), *self.command[1:]],
                environment=own,
                on_line=self._read,
            )
        except BaseException:
            self._folder.close()
            raise

    def wait(self) -> LoadOutcome:
        """Wait until the run is done and return what it measured.

        Raises:
            InvalidOption: the locustfiles have no such user class, tag or argument.
            LocustfileFailed: the locustfile did not import, or raised when locust started.
            GeneratorCrashed: locust ended without a result.
            GeneratorTimedOut: it had no result in time; it has been killed.
        """
        while self._is_awaited():
            if time.monotonic() > self._deadline_s():
                self._child.stop(grace_s=0)
                if not self._result_file.exists():
                    waited_s = round(time.monotonic() - self._started_s)
                    raise GeneratorTimedOut(waited_s, self._child.output_tail)
        self._child.stop(grace_s=0)  # the rest of its group, and it waits for their output
        if not self._result_file.exists():
            raise no_result(
                self._child.wait(),
                self._child.output_tail,
                self.spec,
                has_loaded=self._has_loaded,
            )
        return read_outcome(self._result_file)

    def progress(self) -> Progress | None:
        """Return the latest progress that the run has written; None before the first."""
        try:
            with progress_path(self._result_file).open("rb") as file:
                text, written_at_s = file.read(), os.fstat(file.fileno()).st_mtime
        except FileNotFoundError:
            return None
        age_s = max(time.time() - written_at_s, 0.0)
        return replace(from_json(text, Progress, "progress"), age_s=age_s)

    def interrupt(self) -> LoadOutcome | None:
        """End the run early; return what it measured, None if it had not begun to measure."""
        self._child.send_signal(signal.SIGTERM)
        deadline_s = time.monotonic() + self.spec.stop_timeout_s + START_SLACK_S
        while self._is_awaited() and time.monotonic() < deadline_s:
            pass
        self._child.stop(grace_s=0)
        return read_outcome(self._result_file) if self._result_file.exists() else None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._child.stop()
        self._folder.close()

    def _read(self, line: str) -> None:
        if LOADED in line:
            self._has_loaded = True
        elif FailedInit.find_in(line) is not None:
            # A master would wait for a worker that ended by it.
            self._child.send_signal(signal.SIGTERM)

    def _is_awaited(self) -> bool:
        """Wait a moment; return whether locust runs on, unless it wrote its result long ago."""
        try:
            self._child.wait(_LOOK_S)
        except TimeoutError:
            if self._written_s is None and self._result_file.exists():
                self._written_s = time.monotonic()
            return self._written_s is None or time.monotonic() < self._written_s + _EXIT_S
        return False

    def _deadline_s(self) -> float:
        """Return the instant (monotonic) at which a run that has come so far has gone wrong."""
        if self._begun_s is None and begun_path(self._result_file).exists():
            self._begun_s = time.monotonic()
        if self._begun_s is not None:
            return self._begun_s + self.spec.load_deadline_s
        return self._started_s + self.spec.deadline_s + (SET_UP_S if self._has_loaded else 0)


def _check_free(address: str) -> None:
    """Raise PortTaken if another process listens at ``host:port``: locust shows only a stack."""
    host, _, port = address.rpartition(":")
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, int(port)))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise PortTaken(host, int(port)) from error
