"""Measures any locustfile: put it in front of it, as in ``locust -f perf/loadgen/instrument.py,…``.

It adds arguments to the locust command and registers event listeners; it changes nothing else.
Latency counts from the ``due_ns`` in a request's context (see `perf.loadgen.users`); without one,
from when the request was sent. Workers send what they recorded inside Locust's own reports to the
master, which merges it and writes the result.
"""

import gc
import json
import sys
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import gevent
from locust import events
from locust.env import Environment
from locust.rpc.protocol import Message
from locust.runners import MasterRunner, WorkerRunner

from perf.core.cost import parse_budget
from perf.core.durations import parse_duration
from perf.core.progress import Progress
from perf.core.result import RunResult
from perf.core.thresholds import parse_abort_rule
from perf.core.verdicts import abort_reason
from perf.files import write_whole
from perf.loadgen.budget import wait_until_spent
from perf.loadgen.failure_classes import failure_class_of
from perf.loadgen.failure_texts import encodable, text_of
from perf.loadgen.health import HealthProbe
from perf.loadgen.measurement_arguments import add_measurement_arguments
from perf.loadgen.progress import tell_progress
from perf.loadgen.recorder import Recorder
from perf.loadgen.result_file import WRITE_LOGS, progress_path
from perf.loadgen.senders import STOP_MESSAGE, Wire, Workers, health_of
from perf.loadgen.soundness import (
    count_reasons,
    early_end_reasons,
    locustfile_reasons,
    user_reasons,
)
from perf.loadgen.workload import Workload, find_workload, install

_NS = 1_000_000_000
_NS_PER_MS = 1_000_000
_WIRE_KEY = "perf"
_WATCH_S = 0.5
_NO_LATENCY_NS = -_NS
"""Out of every histogram's range."""


class Instrument:
    """Everything that one locust process measures of one run."""

    def __init__(self, environment: Environment) -> None:
        self._environment = environment
        options: Any = environment.parsed_options
        self._options = options
        self._runner: Any = environment.runner
        self._recorder = Recorder()
        self._probe = HealthProbe()
        self._workers = Workers(environment.runner)
        self._reports = 0
        """Sent by this worker in this test."""
        self._window_from_ns = 0
        self._window_from = datetime.now(UTC)
        self._started_ns = 0
        self._stopped_ns: int | None = None
        self._users = 0
        self._is_interrupted = False
        self._workload: Workload | None = None
        self._abort_rules = [parse_abort_rule(text) for text in options.abort]
        self._aborted: str | None = None
        self._overspent: str | None = None

    def on_test_start(self, **_: object) -> None:
        """Begin the warm-up; the measurement window follows it."""
        warmup_s = parse_duration(self._options.warmup, allow_zero=True)
        self._recorder = Recorder()
        self._workers.begin()
        self._reports = 0
        # What was imported stays: without this, every full collection looks through all of it,
        # and holds the event loop for tens of milliseconds.
        gc.collect()
        gc.freeze()
        self._started_ns = time.perf_counter_ns()
        self._stopped_ns = None
        self._is_interrupted = False
        self._aborted = self._overspent = None
        self._workload = find_workload(self._environment)
        self._window_from_ns = self._started_ns + round(warmup_s * _NS)
        self._window_from = datetime.now(UTC) + timedelta(seconds=warmup_s)
        self._probe.begin()
        gevent.spawn_later(warmup_s, self._probe.open_window)
        if self._abort_rules and not isinstance(self._runner, WorkerRunner):
            gevent.spawn(self._abort_when_hopeless)
        if self._options.budget and not isinstance(self._runner, WorkerRunner):
            gevent.spawn(self._stop_when_spent)
        is_told = self._options.progress and self._options.result_file
        if is_told and not isinstance(self._runner, WorkerRunner):
            gevent.spawn(self._tell_progress)

    def on_spawning_complete(self, user_count: int, **_: object) -> None:
        """Remember the number of users, and the workers that run them."""
        self._users = max(self._users, user_count)
        self._workers.add_connected()

    def on_test_stopping(self, **_: object) -> None:
        """End the measurement window: no further request will be due."""
        stopped_ns = None if self._workload is None else self._workload.ending.stopped_ns
        self._stopped_ns = stopped_ns or time.perf_counter_ns()
        self._probe.close_window()

    def on_quitting(self, **_: object) -> None:
        """Notice an interruption: locust ends while the test still runs.

        On SIGTERM a master quits twice, and the second time the test has stopped.
        """
        if self._started_ns > 0 and self._stopped_ns is None:
            self._is_interrupted = True

    def on_request(  # noqa: PLR0913 - locust names them, and gives them by keyword
        self,
        *,
        request_type: str,
        name: str,
        response_time: float,
        response_length: int | None = 0,
        exception: BaseException | None = None,
        context: Mapping[str, Any] | None = None,
        response: object = None,
        **_: object,
    ) -> None:
        """Record one request."""
        operation = self._recorder.operation(encodable(request_type), encodable(name))
        # First, so that nothing is counted when this raises.
        failure = (
            None
            if exception is None
            else (failure_class_of(exception, response), text_of(exception))
        )
        if failure is None and self._is_in_window():
            operation.answered += 1
        service_time_ns = round(response_time * _NS_PER_MS)
        context = context or {}
        due_ns = context.get("due_ns")
        if due_ns is None:
            due_ns = time.perf_counter_ns() - service_time_ns
            latency_ns = service_time_ns
        else:
            waited_ns = context["start_ns"] - due_ns
            # Nobody sends before it is due: such a context is no latency, and is counted as that.
            latency_ns = service_time_ns + waited_ns if waited_ns >= 0 else _NO_LATENCY_NS
        if failure is not None or len(context) > 2:  # noqa: PLR2004 - as below
            operation.meter(context, None if failure is None else failure[0])
        if due_ns < self._window_from_ns:
            operation.warmup_requests += 1
            return
        operation.record(
            latency_ns,
            service_time_ns,
            since_start_ns=due_ns - self._window_from_ns,
            failed=failure is not None,
        )
        if failure is not None:
            operation.record_failure(*failure)
        elif isinstance(response_length, int):  # a locustfile may say anything
            operation.record_answer(response_length, context.get("items"))
        if len(context) > 2:  # noqa: PLR2004 - more than due_ns and start_ns
            operation.record_details(context, latency_ns, service_time_ns)

    def _is_in_window(self) -> bool:
        """Tell whether now is a time that throughput is measured over."""
        workload = self._workload
        has_ended = workload is not None and workload.ending.stopped_ns is not None
        return not has_ended and time.perf_counter_ns() >= self._window_from_ns

    def _abort_when_hopeless(self) -> None:
        """End the run as soon as a rule says that it is hopeless."""
        while self._stopped_ns is None:
            gevent.sleep(_WATCH_S)
            operations = self.result().labelled
            reason = abort_reason(operations, self._abort_rules, self._options.abort_after)
            if reason is not None and self._stopped_ns is None:
                self._aborted = reason
                self._runner.quit()

    def _stop_when_spent(self) -> None:
        """End the run as soon as its budget is spent."""
        self._overspent = wait_until_spent(
            parse_budget(self._options.budget),
            metered=lambda: self._recorder.metered,
            is_over=lambda: self._stopped_ns is not None,
        )
        if self._overspent is not None:
            self._runner.quit()

    def _tell_progress(self) -> None:
        """Tell those who wait how the run is doing."""
        tell_progress(
            progress_path(Path(self._options.result_file)),
            parse_duration(self._options.progress),
            progress=self._progress,
            is_over=lambda: self._stopped_ns is not None,
        )

    def _progress(self) -> Progress:
        elapsed_s = (self._until_ns - self._started_ns) / _NS
        return Progress(elapsed_s=elapsed_s, users=self._runner.user_count, run=self.result())

    def on_report_to_master(self, data: dict[str, Any], **_: object) -> None:
        """Send what this worker recorded since its last report."""
        self._reports += self._started_ns > 0
        data[_WIRE_KEY] = {
            "number": self._reports,
            "operations": self._recorder.take(),
            "has_stopped": self._stopped_ns is not None,
            **self._process_wire(),
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
        """Let every worker end its requests and report."""
        self._workers.stop(self._environment.stop_timeout)

    def on_quit(self, **_: object) -> None:
        """Write the result file, if one was asked for."""
        path = self._options.result_file
        if path and not isinstance(self._runner, WorkerRunner):
            document = self.result().to_json() | {WRITE_LOGS: self._write_logs()}
            write_whole(Path(path), json.dumps(document, allow_nan=False))

    def result(self) -> RunResult:
        """Return what was measured."""
        wires = self._sender_wires()
        # Workers begin and end a little later than the master says, each by its own clock.
        duration_s = max((wire["window_s"] for wire in wires), default=self._window_s())
        return RunResult(
            command=("locust", *sys.argv[1:]),
            started_at=self._window_from,
            duration_s=duration_s,
            users=self._users,
            interrupted=self._is_interrupted,
            aborted=self._aborted,
            invalid_reasons=tuple(self._invalid_reasons(wires)),
            generator=health_of(wires, self._processes),
            operations=self._recorder.results(duration_s),
            metered=self._recorder.metered,
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
        return [self._process_wire()]

    def _invalid_reasons(self, wires: list[Wire]) -> Iterator[str]:
        was_ended = self._aborted is not None or self._overspent is not None
        is_early = self._is_interrupted or was_ended
        if self._overspent is not None:
            yield self._overspent
        if self._stopped_ns is not None and not is_early:
            elapsed_s = (self._stopped_ns - self._started_ns) / _NS
            yield from early_end_reasons(elapsed_s, self._options.run_time)
        if not was_ended:
            yield from user_reasons(self._environment)
        yield from count_reasons(self._recorder.total_requests, self._environment)
        yield from self._workers.lost_reasons()
        if any(wire["has_cut_off_users"] for wire in wires):
            yield (
                "users were waiting for an answer when the stop timeout of "
                f"{self._environment.stop_timeout:g} s was over: what they had sent is not counted"
            )
        yield from locustfile_reasons(self._environment)

    def _process_wire(self) -> dict[str, Any]:
        workload = self._workload
        return {
            "window_s": self._window_s(),
            "has_cut_off_users": workload is not None and workload.ending.has_cut_off_users,
            "write_logs": self._write_logs_wire(),
            **self._probe.to_wire(),
            **self._arrivals_wire(),
        }

    def _write_logs_wire(self) -> dict[str, str]:
        """Return what became of this process's writes, once no more are sent."""
        if self._workload is None or self._stopped_ns is None:
            return {}
        return {log.stream: log.to_text() for log in self._workload.write_logs if log.count}

    @property
    def _until_ns(self) -> int:
        """The end of the window, or now."""
        return self._stopped_ns or time.perf_counter_ns()

    def _window_s(self) -> float:
        workload = self._workload
        # Before its users are there, the open model asks for nothing.
        arrivals_ns = 0 if workload is None else workload.arrivals.started_ns
        return max(0.0, (self._until_ns - max(self._window_from_ns, arrivals_ns)) / _NS)

    def _arrivals_wire(self) -> dict[str, int | None]:
        workload = self._workload
        if workload is None or not workload.arrivals.has_started:
            return {"arrivals_due": None, "arrivals_sent": None, "arrivals_caught_up": None}
        due, sent = workload.arrivals.counts_between(self._window_from_ns, self._until_ns)
        return {
            "arrivals_due": due,
            "arrivals_sent": sent,
            "arrivals_caught_up": workload.arrivals.caught_up_count,
        }


def _on_init(environment: Environment, **_: object) -> None:
    # The event loop's clock stood still while everything was imported; timers started now, such as
    # the one behind locust's --run-time, would end that much too early.
    gevent.get_hub().loop.update_now()
    instrument = Instrument(environment)
    own = environment.events
    own.test_start.add_listener(instrument.on_test_start)
    own.spawning_complete.add_listener(instrument.on_spawning_complete)
    own.test_stopping.add_listener(instrument.on_test_stopping)
    own.quitting.add_listener(instrument.on_quitting)
    own.request.add_listener(instrument.on_request)
    own.report_to_master.add_listener(instrument.on_report_to_master)
    own.worker_report.add_listener(instrument.on_worker_report)
    own.quit.add_listener(instrument.on_quit)
    if isinstance(environment.runner, WorkerRunner):
        environment.runner.register_message(STOP_MESSAGE, instrument.on_stop_message)
    if isinstance(environment.runner, MasterRunner):
        _stop_workers_first(environment.runner, instrument)
    else:
        gevent.spawn(instrument._probe.run)  # noqa: SLF001 - the same module


def _stop_workers_first(runner: Any, instrument: Instrument) -> None:  # noqa: ANN401 - as locust
    quit_runner = runner.quit

    def quit_() -> None:
        workload = find_workload(runner.environment)
        if workload is not None:
            workload.ending.stop()
        instrument.stop_workers()
        quit_runner()

    runner.quit = quit_


events.init_command_line_parser.add_listener(add_measurement_arguments)
install(events)
events.init.add_listener(_on_init)
