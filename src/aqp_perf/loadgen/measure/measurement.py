"""The measurement of a test by one locust process, or on the master by all workers together.

Workers add their reports to those that they send to Locust's master, which merges them and writes
the result.
"""

import gc
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import gevent
import msgspec
from locust.env import Environment
from locust.rpc.protocol import Message
from locust.runners import MasterRunner, WorkerRunner

from aqp_perf.core.load.durations import parse_duration
from aqp_perf.core.measured.merging import merge
from aqp_perf.core.measured.run_progress import Progress
from aqp_perf.core.measured.run_result import GeneratorHealth, RunResult
from aqp_perf.loadgen.command.result_file import write_outcome
from aqp_perf.loadgen.measure.error_collector import ErrorCollector
from aqp_perf.loadgen.measure.health import HealthProbe
from aqp_perf.loadgen.measure.locust_stats import LocustStats
from aqp_perf.loadgen.measure.locust_workers import LocustWorkers
from aqp_perf.loadgen.measure.process_errors import (
    ProcessErrors,
    host_reasons,
    raised_reasons,
    shown_lines,
    together,
)
from aqp_perf.loadgen.measure.process_report import ProcessState, WorkerReport
from aqp_perf.loadgen.measure.run_end import RunEnd
from aqp_perf.loadgen.measure.soundness import (
    count_reasons,
    early_end_reasons,
    exit_code_of,
    locustfile_reasons,
    schedule_reasons,
    unmeasured_reasons,
    user_reasons,
)
from aqp_perf.loadgen.measure.watch import Watch
from aqp_perf.loadgen.record.freezes import Freezes
from aqp_perf.loadgen.record.os_delays import FreezeCauses, ServerDelays
from aqp_perf.loadgen.record.recorder import Recorder
from aqp_perf.loadgen.record.request_listener import RequestListener
from aqp_perf.loadgen.record.window import Window
from aqp_perf.loadgen.workload.workload import workload_of

_REPORT_KEY: Final = "perf"
"""Key of a `WorkerReport`, as MessagePack, in Locust's report."""
_LOOK_S: Final = 0.05


class Measurement:
    """Listens to Locust's events and makes one result of them."""

    def __init__(self, environment: Environment) -> None:
        self._environment = environment
        options: Any = environment.parsed_options
        self._options = options
        self._runner: Any = environment.runner
        self._workload = workload_of(environment)
        self._workload.on_schedule_start = self.on_schedule_start
        self._workload.ending.on_stop = self._end_window
        self._recorder = Recorder()
        self._window = Window(self._workload)
        causes = FreezeCauses()
        servers = options.perf_server_process
        freezes = Freezes(causes.cause, ServerDelays(servers) if servers else None)
        self.requests = RequestListener(self._recorder, self._window, freezes)
        self.probe = HealthProbe(freezes, causes)
        self._errors = ErrorCollector.of(environment)
        self._workers = LocustWorkers(environment.runner)
        self._stats = LocustStats(environment)
        self.run_end = RunEnd(environment, self._end_at_last)
        self._watch = Watch(
            environment,
            progress=self._progress,
            metered=lambda: self._recorder.metered,
            is_over=lambda: self._window.is_over,
        )
        self._reports = 0
        """Number of reports that this worker sent in this test."""
        self._has_reported_end = False
        self._users = 0
        self._is_interrupted = False
        self._busy_place: str | None = None
        """Where the process was that could not end its test."""
        self._is_written = False

    def clear(self) -> None:
        """Forget an earlier test; requests count from here on, as Locust counts them."""
        self._recorder.clear()
        self._stats.were_reset = False

    def on_test_start(self, **_: object) -> None:
        """Begin the warm-up, unless it begins with the schedule; call it after all listeners."""
        self.run_end.on_test_start()
        if self.run_end.is_quitting:  # a listener ended the run
            return
        warmup_s = parse_duration(self._options.perf_warmup, allow_zero=True)
        self._errors.attach()
        self._workers.begin()
        self._reports = 0
        # Without this every full collection visits all that was imported, and blocks the event
        # loop for tens of milliseconds.
        gc.collect()
        gc.freeze()
        self._is_interrupted = False
        self._window.begin_test(warmup_s)
        self.probe.begin()
        if not self._window.waits_for_schedule:
            gevent.spawn_later(warmup_s, self.probe.open_window)
        self._watch.begin_test()
        if isinstance(self._runner, MasterRunner):
            gevent.spawn(self._begin_with_workers)
        else:
            if self._environment.shape_class is not None:
                self._environment.shape_class.reset_time()  # as locust's master does
            self.run_end.begin()

    def _begin_with_workers(self) -> None:
        """Begin when the first worker has users: its listeners of ``test_start`` take time, too."""
        while not self._runner.clients.running and not self._window.is_over:
            gevent.sleep(_LOOK_S)
        if not self._window.is_over:
            self._window.begin_anew()
            self.run_end.begin()

    def on_spawning_complete(self, user_count: int, **_: object) -> None:
        """Note the users and the workers that run them."""
        self._users = max(self._users, user_count)
        self._workers.add_connected()
        self.run_end.on_spawning_complete()

    def on_schedule_start(self) -> None:
        """Begin the warm-up with the schedule."""
        if self._window.waits_for_schedule:
            self._window.begin_schedule()
            warmup_s = parse_duration(self._options.perf_warmup, allow_zero=True)
            gevent.spawn_later(warmup_s, self.probe.open_window)

    def _end_window(self) -> None:
        """End the measurement window: no further request will be due."""
        self._window.end()
        self.probe.close_window()
        self.run_end.end_soon()

    def on_quitting(self, **_: object) -> None:
        """Notice an interruption: locust ends while the test still runs.

        On SIGTERM a master quits twice, and the second time the test has stopped. A worker that
        ends by itself sends its last report.
        """
        if self._window.has_begun and not self._window.is_over:
            self._is_interrupted = True
            self.run_end.end_soon()
        elif isinstance(self._runner, WorkerRunner) and not self._has_reported_end:
            self._send_report()

    def on_report_to_master(self, data: dict[str, Any], **_: object) -> None:
        """Send what this worker recorded since its last report."""
        self._reports += self._window.has_begun
        self._has_reported_end = self._window.is_over
        report = WorkerReport(
            number=self._reports,
            state=self._own_state(),
            operations=self._recorder.results(self._window.length_s),
            metered=self._recorder.metered,
            further_names=self._recorder.further_names,
        )
        data[_REPORT_KEY] = msgspec.msgpack.encode(report)
        self._recorder.begin_report()

    def on_worker_report(self, client_id: str, data: Mapping[str, Any], **_: object) -> None:
        """Merge what a worker sent."""
        encoded = data.get(_REPORT_KEY)
        if encoded is None:
            self._workers.take_unmeasured(client_id)
        else:
            report = msgspec.msgpack.decode(encoded, type=WorkerReport)
            self._recorder.add(report.operations, report.metered, report.further_names)
            self._workers.take(client_id, report)
            if self._workers.users_are_gone:
                self.run_end.end_without_users()

    def on_stop_message(self, msg: Message, **_: object) -> None:
        """End the test in this worker and send the master a last report."""
        del msg
        self._runner.stop()
        self._send_report()

    def _send_report(self) -> None:
        self._runner._send_stats()  # noqa: SLF001 - as locust itself does when it quits

    def stop_workers(self) -> None:
        """End the test on this master, and let every worker end its requests and report."""
        self._workload.ending.stop()
        self._workers.stop(self._environment.stop_timeout)

    def on_quit(self, **_: object) -> None:
        """Write the result file, if one was asked for."""
        path = self._options.perf_result_file
        if path and not self._is_written and not isinstance(self._runner, WorkerRunner):
            logs = {
                stream: text
                for state in self._states()
                for stream, text in state.write_logs.items()
            }
            write_outcome(Path(path), self._result(), logs)
            self._is_written = True

    def _end_at_last(self, place: str) -> None:
        """Write the result, unless it is written, of a process that does not end by itself."""
        if not self._window.is_over:
            self._busy_place = place
            self._window.end()
            self.probe.close_window()
        self._workload.ending.cut_off()
        self.on_quit()

    def _result(self) -> RunResult:
        states = self._states()
        errors = self._all_errors(states)
        reasons = tuple(self._invalid_reasons(states, errors))
        # Workers begin and end a little later than the master says, each by its own clock.
        duration_s = max((state.window_s for state in states), default=self._window.length_s)
        return RunResult(
            command=("locust", *sys.argv[1:]),
            started_at=self._window.begins_at,
            duration_s=duration_s,
            users=self._users,
            interrupted=self._is_interrupted,
            aborted=self._watch.aborted,
            exit_code=exit_code_of(self._environment),
            invalid_reasons=reasons,
            log_errors=shown_lines(errors, reasons),
            generator=self._health(states),
            operations=self._recorder.results(duration_s),
            further_names=self._recorder.further_names,
            metered=self._recorder.metered,
        )

    def _progress(self) -> Progress:
        return Progress(
            elapsed_s=self._window.test_s, users=self._runner.user_count, run=self._result()
        )

    def _health(self, states: Sequence[ProcessState]) -> GeneratorHealth:
        is_master = isinstance(self._runner, MasterRunner)
        processes = self._workers.count if is_master else 1
        if not states:
            return GeneratorHealth(processes=processes)
        return replace(merge([state.health for state in states]), processes=processes)

    def _states(self) -> list[ProcessState]:
        """Return the state of every process that sends: the workers, or this one."""
        if isinstance(self._runner, MasterRunner):
            return self._workers.states
        return [self._own_state()]

    def _own_state(self) -> ProcessState:
        return ProcessState.of(
            self._window,
            self._workload,
            self.probe,
            errors=self._errors.errors,
            has_reset_stats=self._stats.were_reset,
        )

    def _all_errors(self, states: Sequence[ProcessState]) -> ProcessErrors:
        """Return the errors of all processes, those of a master first."""
        own = [self._errors.errors] if isinstance(self._runner, MasterRunner) else []
        return together([*own, *(state.errors for state in states)])

    def _invalid_reasons(
        self, states: Sequence[ProcessState], errors: ProcessErrors
    ) -> Iterator[str]:
        watch, busy_place, unmeasured = self._watch, self._busy_place, self._workers.unmeasured
        if watch.overspent is not None:
            yield watch.overspent
        if errors.without_host:
            yield from host_reasons(errors)  # all else follows from it
            return
        yield from locustfile_reasons(self._environment)
        if busy_place is not None and not self._is_interrupted:
            yield f"the locustfile kept the process busy: the run could not end ({busy_place})"
        yield from unmeasured_reasons(unmeasured, self._options)
        gave_up = self._workload.gave_up is not None
        was_cut_short = gave_up or busy_place is not None or watch.has_ended_run
        is_explained = was_cut_short
        if was_cut_short or unmeasured:
            yield from raised_reasons(errors)
        else:
            users = Counter(dict.fromkeys(self._runner.user_classes_count, 0))
            for state in states:
                users.update(state.users_at_stop)
            of_users = [
                *user_reasons(
                    self._environment,
                    users,
                    errors,
                    elapsed_s=self._window.test_s,
                    has_lost_workers=bool(self._workers.lost),
                )
            ]
            yield from of_users
            has_no_users = errors.have_ended_users or not self._workload.spawnings
            is_explained = has_no_users and bool(of_users)
        if self._window.is_over and not self._is_interrupted and not is_explained:
            asked_s = self._options.run_time or self.run_end.run_time_s
            run_time_s = None if self._options.perf_ends_itself else asked_s
            early = [*early_end_reasons(self._window.test_s, run_time_s)]
            yield from early or schedule_reasons(
                self._workload.schedule, self._window.test_s, self._window.scheduled_s
            )
            if not self._options.perf_ends_itself:
                yield from self._workers.ended_reasons()
        were_reset = self._stats.were_reset or any(state.has_reset_stats for state in states)
        if not unmeasured:
            yield from count_reasons(
                self._recorder.total_requests, self._environment, were_reset=were_reset
            )
        yield from self._workers.lost_reasons()
        if any(state.has_cut_off_users for state in states):
            yield (
                "users were waiting for an answer when the stop timeout of "
                f"{self._environment.stop_timeout:g} s was over: what they had sent is not counted"
            )
