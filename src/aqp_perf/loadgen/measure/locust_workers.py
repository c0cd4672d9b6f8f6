"""Locust's workers, as the master knows them by their reports."""

from collections.abc import Iterator
from typing import Any, Final

import gevent
from gevent.event import Event
from locust.runners import STATE_MISSING

from aqp_perf.loadgen.measure.process_report import ProcessState, WorkerReport

STOP_MESSAGE: Final = "perf_stop"
"""Message to a worker: end your requests and report."""

_LAST_REPORTS_SLACK_S: Final = 2.0


class LocustWorkers:
    """The workers of this master; any other process has none."""

    def __init__(self, runner: Any) -> None:  # noqa: ANN401 - locust does not type its runners
        self._runner = runner
        self._last: dict[str, WorkerReport | None] = {}
        """The last report of each worker; None: there was no report yet."""
        self._unmeasured: set[str] = set()
        """Workers whose reports have no measurement: they do not run the instrument."""
        self._has_reported = Event()
        self._were_stopped = False
        self._ended: set[str] = set()
        """Workers that ended the test before this master did."""
        self._lost_reports = 0

    def begin(self) -> None:
        """Begin a test with the workers that are connected."""
        self._last = self._connected()
        self._were_stopped = False
        self._ended.clear()
        self._lost_reports = 0

    def add_connected(self) -> None:
        """Add the workers that connected since."""
        self._last = self._connected() | self._last

    @property
    def count(self) -> int:
        """Number of workers in this test."""
        return len(self._last)

    @property
    def states(self) -> list[ProcessState]:
        """The last known state of each worker that has reported."""
        return [report.state for report in self._last.values() if report is not None]

    @property
    def users_are_gone(self) -> bool:
        """Whether no worker has users any more, and all of them were there."""
        reports = self._last.values()
        return bool(reports) and all(it is not None and it.state.users_are_gone for it in reports)

    def take(self, worker: str, report: WorkerReport) -> None:
        """Keep the report of a worker, by the worker's id."""
        last = self._last.get(worker)
        if report.number:
            self._lost_reports += report.number - 1 - (0 if last is None else last.number)
        self._last[worker] = report
        if report.state.has_stopped and not self._were_stopped:
            self._ended.add(worker)
        self._unmeasured.discard(worker)
        self._has_reported.set()

    def take_unmeasured(self, worker: str) -> None:
        """Note a report without a measurement."""
        if self._last.get(worker) is None:
            self._unmeasured.add(worker)
            self._has_reported.set()

    @property
    def unmeasured(self) -> list[str]:
        """The workers in this test that do not run the instrument."""
        return [worker for worker in self._last if worker in self._unmeasured]

    def stop(self, stop_timeout_s: float) -> None:
        """Let every worker end its requests and report, for at most Locust's stop timeout.

        Locust's own master would wait half a second, however long the requests take.
        """
        if self._were_stopped:
            return
        self._were_stopped = True
        for worker in self._measured:
            self._runner.send_message(STOP_MESSAGE, {}, worker.id)
        with gevent.Timeout(stop_timeout_s + _LAST_REPORTS_SLACK_S, exception=False):
            while any(
                worker.state != STATE_MISSING and not _has_stopped(self._last.get(worker.id))
                for worker in self._measured
            ):
                self._has_reported.clear()
                self._has_reported.wait(timeout=1)  # a worker that goes missing does not report

    @property
    def lost(self) -> list[str]:
        """The workers in this test that did not report its end."""
        return [
            worker
            for worker, report in self._last.items()
            if not _has_stopped(report) and worker not in self._unmeasured
        ]

    def ended_reasons(self) -> Iterator[str]:
        """Yield that workers sent nothing more while the others went on."""
        if self._ended:
            count = f"{len(self._ended)} of {len(self._last)}"
            yield f"{count} workers ended their test themselves before the run was over"

    def lost_reasons(self) -> Iterator[str]:
        """Yield what was lost of this test: workers, and reports on the way from them."""
        if self.lost:
            yield f"lost {len(self.lost)} of {len(self._last)} workers during the run"
        if self._lost_reports:
            yield f"{self._lost_reports} reports of workers were lost, with what they counted"

    @property
    def _measured(self) -> list[Any]:
        return [it for it in self._runner.clients.all if it.id not in self._unmeasured]

    def _connected(self) -> dict[str, WorkerReport | None]:
        clients = getattr(self._runner, "clients", None)  # a master has some
        return {} if clients is None else {worker.id: None for worker in clients.all}


def _has_stopped(report: WorkerReport | None) -> bool:
    return report is not None and report.state.has_stopped
