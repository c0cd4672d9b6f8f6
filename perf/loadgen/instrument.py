"""Measures any locustfile: put it in front of it, as in ``locust -f perf/loadgen/instrument.py,…``.

It adds ``--result-file`` and ``--warmup`` to the locust command and registers event listeners; it
changes nothing else. Latency counts from the ``due_ns`` in a request's context (see `perf.loadgen.
users`); without one, from when the request was sent. Workers send what they recorded inside
Locust's own reports to the master, which merges it and writes the result.
"""

import argparse
import json
import sys
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import gevent
from locust import events
from locust.env import Environment
from locust.runners import MasterRunner, WorkerRunner

from perf.core.durations import parse_duration
from perf.core.result import GeneratorHealth, RunResult
from perf.loadgen.failure_classes import failure_class_of
from perf.loadgen.health import HealthProbe
from perf.loadgen.recorder import Recorder
from perf.loadgen.workload import Workload, find_workload, install

_NS = 1_000_000_000
_NS_PER_MS = 1_000_000
_WIRE_KEY = "perf"


class Instrument:
    """Everything that one locust process measures of one run."""

    def __init__(self, environment: Environment) -> None:
        self._environment = environment
        self._options: Any = environment.parsed_options
        self._runner: Any = environment.runner
        self._recorder = Recorder()
        self._probe = HealthProbe()
        self._workers: dict[str, Mapping[str, Any]] = {}
        self._window_from_ns = 0
        self._window_from = datetime.now(UTC)
        self._started_ns = 0
        self._stopped_ns: int | None = None
        self._users = 0
        self._is_interrupted = False

    def on_test_start(self, **_: object) -> None:
        """Begin the warm-up; the measurement window follows it."""
        warmup_s = parse_duration(self._options.warmup, allow_zero=True)
        self._recorder = Recorder()
        self._workers = {}
        self._started_ns = time.perf_counter_ns()
        self._stopped_ns = None
        self._window_from_ns = self._started_ns + round(warmup_s * _NS)
        self._window_from = datetime.now(UTC) + timedelta(seconds=warmup_s)
        gevent.spawn_later(warmup_s, self._probe.open_window)

    def on_spawning_complete(self, user_count: int, **_: object) -> None:
        """Remember the number of users."""
        self._users = max(self._users, user_count)

    def on_test_stopping(self, **_: object) -> None:
        """End the measurement window: no further request will be due."""
        workload = find_workload(self._environment)
        stopped_ns = None if workload is None else workload.stopped_ns
        self._stopped_ns = stopped_ns or time.perf_counter_ns()
        self._probe.close_window()

    def on_quitting(self, **_: object) -> None:
        """Notice an interruption: locust ends while the test still runs."""
        self._is_interrupted = self._started_ns > 0 and self._stopped_ns is None

    def on_request(  # noqa: PLR0913 - locust names them, and gives them by keyword
        self,
        *,
        request_type: str,
        name: str,
        response_time: float,
        exception: BaseException | None = None,
        context: Mapping[str, Any] | None = None,
        response: object = None,
        **_: object,
    ) -> None:
        """Record one request."""
        operation = self._recorder.operation(request_type, name)
        service_time_ns = round(response_time * _NS_PER_MS)
        context = context or {}
        due_ns = context.get("due_ns")
        if due_ns is None:
            due_ns = time.perf_counter_ns() - service_time_ns
            latency_ns = service_time_ns
        else:
            latency_ns = service_time_ns + context["start_ns"] - due_ns
        if due_ns < self._window_from_ns:
            operation.warmup_requests += 1
            return
        operation.record(latency_ns, service_time_ns)
        if exception is not None:
            operation.record_failure(failure_class_of(exception, response), _text_of(exception))
        if len(context) > 2:  # noqa: PLR2004 - more than due_ns and start_ns
            operation.record_units(
                read=context.get("consumed_read_units"), write=context.get("consumed_write_units")
            )

    def on_report_to_master(self, data: dict[str, Any], **_: object) -> None:
        """Send what this worker recorded since its last report."""
        data[_WIRE_KEY] = {
            "operations": self._recorder.take(),
            "has_stopped": self._stopped_ns is not None,
            **self._process_wire(),
        }

    def on_worker_report(self, client_id: str, data: Mapping[str, Any], **_: object) -> None:
        """Merge what a worker sent."""
        wire = data.get(_WIRE_KEY)
        if wire is not None:
            self._recorder.add(wire["operations"])
            self._workers[client_id] = wire

    def on_quit(self, **_: object) -> None:
        """Write the result file, if one was asked for."""
        path = self._options.result_file
        if path and not isinstance(self._runner, WorkerRunner):
            _write(Path(path), self.result())

    def result(self) -> RunResult:
        """Return what was measured."""
        stopped_ns = self._stopped_ns or time.perf_counter_ns()
        duration_s = max(0.0, (stopped_ns - self._window_from_ns) / _NS)
        return RunResult(
            command=("locust", *sys.argv[1:]),
            started_at=self._window_from,
            duration_s=duration_s,
            users=self._users,
            interrupted=self._is_interrupted,
            invalid_reasons=tuple(self._invalid_reasons()),
            generator=self._health(),
            operations=self._recorder.results(duration_s),
        )

    def _invalid_reasons(self) -> list[str]:
        reasons = []
        ours, locusts = self._recorder.total_requests, self._environment.stats.total.num_requests
        if ours != locusts:
            reasons.append(f"we counted {ours} requests, Locust {locusts}: some were not recorded")
        lost = [name for name, wire in self._workers.items() if not wire["has_stopped"]]
        if lost:
            reasons.append(f"lost {len(lost)} of {len(self._workers)} workers during the run")
        exceptions = self._runner.exceptions.values()
        if exceptions:
            count = sum(each["count"] for each in exceptions)
            first = next(iter(exceptions))["msg"]
            reasons.append(f"the locustfile raised {count} exceptions, the first: {first}")
        return reasons

    def _health(self) -> GeneratorHealth:
        if isinstance(self._runner, MasterRunner):
            wires = list(self._workers.values())
        else:
            wires = [self._process_wire()]
        return GeneratorHealth(
            processes=len(wires),
            cpu_ratio_max=_max_known(wires, "cpu_ratio_max"),
            loop_lag_p99_ms=_max_known(wires, "loop_lag_p99_ms"),
            arrivals_due=_sum_known(wires, "arrivals_due"),
            arrivals_sent=_sum_known(wires, "arrivals_sent"),
        )

    def _process_wire(self) -> dict[str, Any]:
        workload = find_workload(self._environment)
        return {**self._probe.to_wire(), **self._arrivals_wire(workload)}

    def _arrivals_wire(self, workload: Workload | None) -> dict[str, int | None]:
        if workload is None or not workload.has_arrivals:
            return {"arrivals_due": None, "arrivals_sent": None}
        until_ns = self._stopped_ns or time.perf_counter_ns()
        due, sent = workload.arrivals_between(self._window_from_ns, until_ns)
        return {"arrivals_due": due, "arrivals_sent": sent}


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.conflict_handler = "resolve"  # a locustfile may have an argument of one of our names
    group = parser.add_argument_group("Measurement")
    group.add_argument("--result-file", default="", help="write what was measured, as JSON")
    group.add_argument(
        "--warmup", type=_duration, default="0", help="time before the measurement window"
    )


def _duration(text: str) -> str:
    try:
        parse_duration(text, allow_zero=True)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error
    return text


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
    if not isinstance(environment.runner, MasterRunner):
        gevent.spawn(instrument._probe.run)  # noqa: SLF001 - the same module


def _write(path: Path, result: RunResult) -> None:
    """Write so that whoever finds the file finds all of it."""
    part = path.with_name(path.name + ".part")
    part.write_text(json.dumps(result.to_json(), allow_nan=False))
    part.replace(path)


def _text_of(exception: BaseException) -> str:
    return str(exception) or repr(exception)


def _max_known(wires: list[Mapping[str, Any]], key: str) -> float | None:
    return max((wire[key] for wire in wires if wire[key] is not None), default=None)


def _sum_known(wires: list[Mapping[str, Any]], key: str) -> int | None:
    known = [wire[key] for wire in wires if wire[key] is not None]
    return sum(known) if known else None


events.init_command_line_parser.add_listener(_add_arguments)
install(events)
events.init.add_listener(_on_init)
