"""What one locust process measures of a test, and what all of them together measured.

Workers send what they recorded inside Locust's own reports to the master, which merges it and
writes the result.
"""

import gc
import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import gevent
from locust.env import Environment
from locust.rpc.protocol import Message
from locust.runners import MasterRunner, WorkerRunner

from aqp_perf.core.load.durations import parse_duration
from aqp_perf.core.measured.run_progress import Progress
from aqp_perf.core.measured.run_result import RunResult
from aqp_perf.files import write_whole
from aqp_perf.loadgen.command.result_file import WRITE_LOGS
from aqp_perf.loadgen.measure.health import HealthProbe
from aqp_perf.loadgen.measure.own_wire import own_wire
from aqp_perf.loadgen.measure.senders import Wire, Workers, health_of
from aqp_perf.loadgen.measure.soundness import (
    count_reasons,
    early_end_reasons,
    locustfile_reasons,
    user_reasons,
)
from aqp_perf.loadgen.measure.watch import Watch
from aqp_perf.loadgen.record.recorder import Recorder
from aqp_perf.loadgen.record.request_listener import RequestListener
from aqp_perf.loadgen.record.window import Window
from aqp_perf.loadgen.workload.workload import workload_of

_WIRE_KEY: Final = "perf"


class Measurement:
    """Listens to locust's events, and makes one result of what they say."""

    def __init__(self, environment: Environment) -> None:
        self._environment = environment
        options: Any = environment.parsed_options
        self._options = options
        self._runner: Any = environment.runner
        self._workload = workload_of(environment)
        self._recorder = Recorder()
        self._window = Window(self._workload)
        self.requests = RequestListener(self._recorder, self._window)
        self.probe = HealthProbe()
        self._workers = Workers(environment.runner)
        self._watch = Watch(
            environment,
            progress=self._progress,
            metered=lambda: self._recorder.metered,
            is_over=lambda: self._window.is_over,
        )
        self._reports = 0
        """Sent by this worker in this test."""
        self._users = 0
        self._is_interrupted = False

    def on_test_start(self, **_: object) -> None:
        """Begin the warm-up; the measurement window follows it."""
        warmup_s = parse_duration(self._options.warmup, allow_zero=True)
        self._recorder.clear()
        self._workers.begin()
        self._reports = 0
        # What was imported stays: without this, every full collection looks through all of it,
        # and holds the event loop for tens of milliseconds.
        gc.collect()
        gc.freeze()
        self._is_interrupted = False
        self._window.begin_test(warmup_s)
        self.probe.begin()
        gevent.spawn_later(warmup_s, self.probe.open_window)
        self._watch.begin_test()

    def on_spawning_complete(self, user_count: int, **_: object) -> None:
        """Remember the number of users, and the workers that run them."""
        self._users = max(self._users, user_count)
        self._workers.add_connected()

    def on_test_stopping(self, **_: object) -> None:
        """End the measurement window: no further request will be due."""
        self._window.end()
        self.probe.close_window()

    def on_quitting(self, **_: object) -> None:
        """Notice an interruption: locust ends while the test still runs.

        On SIGTERM a master quits twice, and the second time the test has stopped.
        """
        if self._window.has_begun and not self._window.is_over:
            self._is_interrupted = True

    def on_report_to_master(self, data: dict[str, Any], **_: object) -> None:
        """Send what this worker recorded since its last report."""
        self._reports += self._window.has_begun
        data[_WIRE_KEY] = {
            "number": self._reports,
            "operations": self._recorder.take(),
            **self._own_wire(),
        }

    def on_worker_report(self, client_id: str, data: Mapping[str, Any], **_: object) -> None:
        """Merge what a worker sent."""
        wire = data.get(_WIRE_KEY)
        if wire is not None:
            self._recorder.add(wire["operations"])
            self._workers.take(client_id, wire)

    def on_stop_message(self, msg: Message, **_: object) -> None:
        """End the test in this worker and tell the master what it has not heard of yet."""
        del msg
        self._runner.stop()
        self._runner._send_stats()  # noqa: SLF001 - as locust itself does when it quits

    def stop_workers(self) -> None:
        """End the test on this master, and let every worker end its requests and report."""
        self._workload.ending.stop()
        self._workers.stop(self._environment.stop_timeout)

    def on_quit(self, **_: object) -> None:
        """Write the result file, if one was asked for."""
        path = self._options.result_file
        if path and not isinstance(self._runner, WorkerRunner):
            document = self._result().to_json() | {WRITE_LOGS: self._write_logs()}
            write_whole(Path(path), json.dumps(document, allow_nan=False))

    def _result(self) -> RunResult:
        wires = self._sender_wires()
        # Workers begin and end a little later than the master says, each by its own clock.
        duration_s = max((wire["window_s"] for wire in wires), default=self._window.length_s)
        return RunResult(
            command=("locust", *sys.argv[1:]),
            started_at=self._window.begins_at,
            duration_s=duration_s,
            users=self._users,
            interrupted=self._is_interrupted,
            aborted=self._watch.aborted,
            invalid_reasons=tuple(self._invalid_reasons(wires)),
            generator=health_of(wires, self._processes),
            operations=self._recorder.results(duration_s),
            metered=self._recorder.metered,
        )

    def _progress(self) -> Progress:
        return Progress(
            elapsed_s=self._window.test_s, users=self._runner.user_count, run=self._result()
        )

    @property
    def _processes(self) -> int:
        return self._workers.count if isinstance(self._runner, MasterRunner) else 1

    def _write_logs(self) -> dict[str, str]:
        """Return the log of every stream that wrote, as text, of all processes."""
        return {
            stream: text
            for wire in self._sender_wires()
            for stream, text in wire["write_logs"].items()
        }

    def _sender_wires(self) -> list[Wire]:
        """Return what is known of every process that sends: the workers, or this one."""
        if isinstance(self._runner, MasterRunner):
            return self._workers.wires
        return [self._own_wire()]

    def _own_wire(self) -> dict[str, Any]:
        return own_wire(self._window, self._workload, self.probe)

    def _invalid_reasons(self, wires: list[Wire]) -> Iterator[str]:
        watch = self._watch
        if watch.overspent is not None:
            yield watch.overspent
        if self._window.is_over and not self._is_interrupted and not watch.has_ended_run:
            yield from early_end_reasons(self._window.test_s, self._options.run_time)
        if not watch.has_ended_run:
            yield from user_reasons(self._environment)
        yield from count_reasons(self._recorder.total_requests, self._environment)
        yield from self._workers.lost_reasons()
        if any(wire["has_cut_off_users"] for wire in wires):
            yield (
                "users were waiting for an answer when the stop timeout of "
                f"{self._environment.stop_timeout:g} s was over: what they had sent is not counted"
            )
        yield from locustfile_reasons(self._environment)
