"""Gathers the judged runs of a session, in xdist's controller if there is one, and reports them."""

import itertools
import json
import os
import platform
import subprocess
from collections.abc import Generator, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

from aqp_perf.core.measured.run_result import RunResult
from aqp_perf.core.measured.selectors import matching_operations
from aqp_perf.core.results.judged_run import JudgedRun
from aqp_perf.core.results.results_file import ResultsFile
from aqp_perf.core.verdict.thresholds import Threshold
from aqp_perf.core.verdict.verdicts import Verdict
from aqp_perf.plugin.results.report_files import ReportFiles
from aqp_perf.plugin.results.session_command import session_command
from aqp_perf.plugin.session.completeness import may_load
from aqp_perf.plugin.session.interrupts import Interrupts
from aqp_perf.plugin.session.own_errors import TOLD_ATTRIBUTE
from aqp_perf.plugin.session.screen import MARKUP
from aqp_perf.plugin.session.workers import Workers
from aqp_perf.plugin.settings.load_settings import LoadSettings
from aqp_perf.reports.lines import Line, Style
from aqp_perf.reports.text.session import session_lines

REPORT_ATTRIBUTE = "perf_runs"
"""Attribute of a test's report that carries its runs; xdist sends it to the controller.

It is JSON text: what xdist cannot send ends a worker, and what cannot be JSON shows without xdist.
"""

_WORKER_OUTPUT = "perf_interrupted_runs"
_NO_RUNS = "[]"
_RAN_ATTRIBUTE = "perf_load_test_ran"
"""Attribute of the reports of a load test that was not only set up, however it ended."""


class Collector:
    """A plugin object: one in every process; the one without a controller above it reports."""

    def __init__(
        self,
        config: pytest.Config,
        files: ReportFiles,
        load: LoadSettings,
        interrupts: Interrupts,
        workers: Workers,
    ) -> None:
        self._config = config
        self._interrupts, self._workers = interrupts, workers
        self._files = files
        self._session_thresholds = load.session_thresholds
        self._started_at = datetime.now(UTC)
        self._numbers = itertools.count()
        self._judged: list[JudgedRun] = []
        self._told: set[tuple[str, Verdict]] = set()
        """Tests and verdicts whose runs stand whole in pytest's own section of failures."""
        self._has_run_load_test = False
        self._unmatched: list[Threshold] = []
        self.kept_table: str | None = None
        """Name and endpoint of a table of ours that is there after the session."""
        self.is_refused = False
        """Whether an option was found wrong when the target was opened."""

    @property
    def is_worker(self) -> bool:
        """Whether this process is one of xdist's workers."""
        return hasattr(self._config, "workerinput")

    def next_number(self) -> str:
        """Return what tells this session's runs apart, over all of xdist's workers."""
        worker = getattr(self._config, "workerinput", {}).get("workerid", "")
        return f"{worker}{next(self._numbers)}"

    def applies(self, threshold: Threshold, run: RunResult) -> bool:
        """Return whether a threshold of the whole session has its operation in this run."""
        selector = threshold.operation
        return selector is None or bool(matching_operations(selector, run.labelled))

    def keep(self, judged: Sequence[JudgedRun]) -> None:
        """Keep the runs of a test that will never have a report."""
        if self.is_worker:
            output: dict[str, Any] = self._config.workeroutput  # type: ignore[attr-defined]
            output[_WORKER_OUTPUT] = _to_text(judged)
        else:
            self._judged.extend(judged)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Let the report of a load test say that it ran, as one that could not be set up did."""
        report = yield
        ran = report.failed or (report.when == "call" and not report.skipped)
        if ran and may_load(item) and not self._config.getoption("setuponly", default=False):
            setattr(report, _RAN_ATTRIBUTE, True)
        return report

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take the runs that a test's report carries, before showing it can fail."""
        if not self.is_worker:
            self._has_run_load_test |= getattr(report, _RAN_ATTRIBUTE, False)
            self._take(getattr(report, REPORT_ATTRIBUTE, _NO_RUNS))
            told = getattr(report, TOLD_ATTRIBUTE, ())
            self._told.update((report.nodeid, Verdict(each)) for each in told)

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: object) -> None:
        """Take what an interrupted worker of xdist measured."""
        self._take(getattr(node, "workeroutput", {}).get(_WORKER_OUTPUT, _NO_RUNS))

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Write the report files, and let no threshold pass that was never judged."""
        if self.is_worker:
            return
        if self._interrupts.signal is not None:
            for node in self._workers.interrupt():
                self.pytest_testnodedown(node)
        if self._judged:
            self._unmatched = [each for each in self._session_thresholds if not self._ran(each)]
        is_wanted = self._files.are_wanted(has_runs=bool(self._judged))
        if is_wanted and not session.config.option.collectonly:
            self._files.write(self.report(), may_replace=self._has_run_load_test)
        is_bad = self._unmatched or self._files.has_failed
        if is_bad and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED
        if self.is_refused:
            session.exitstatus = pytest.ExitCode.USAGE_ERROR

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Print a line for every run, what no failure told yet, and what became of files."""
        if self.is_worker:
            return
        width = terminalreporter._tw.fullwidth  # noqa: SLF001 - pytest offers no other way to it
        if self._judged:
            terminalreporter.write_sep("=", "performance")
        for line in (*self._run_lines(width), *self._session_lines(width)):
            terminalreporter.write_line(line.text, **MARKUP[line.style])

    def _run_lines(self, width: int) -> Iterator[Line]:
        is_verbose = self._config.get_verbosity() > 0
        whole = [
            index
            for index, each in enumerate(self._judged)
            if (each.test, each.verdict.verdict) not in self._told
            and (is_verbose or each.verdict.verdict is not Verdict.PASS)
        ]
        yield from session_lines(self._judged, whole, width)

    def _session_lines(self, width: int) -> Iterator[Line]:
        for threshold in self._unmatched:
            text = f"NO DATA: {threshold}: no run of this session had such an operation"
            yield Line(text, Style.WARNING)
        if self.kept_table is not None:
            yield Line(f"table kept: {self.kept_table}")
        yield from self._files.lines(width)

    def _take(self, runs: str) -> None:
        self._judged.extend(JudgedRun.from_json(each) for each in json.loads(runs))

    def _ran(self, threshold: Threshold) -> bool:
        return any(self.applies(threshold, each.run) for each in self._judged)

    def report(self) -> ResultsFile:
        """Return what the session has measured so far, with its environment."""
        return ResultsFile(
            started_at=self._started_at, environment=self._environment, runs=tuple(self._judged)
        )

    def rescue(self) -> Line | None:
        """See that what the session has measured is in a file; say in which, if in none before."""
        return self._files.rescue(self.report())

    @cached_property
    def _environment(self) -> Mapping[str, str]:
        return {
            "python": platform.python_version(),
            "locust": version("locust"),
            "botocore": version("botocore"),
            "machine": f"{platform.system()} {platform.release()} {platform.machine()}",
            "commit": _commit(self._config.rootpath),
            "command": session_command(self._config.invocation_params.args, os.environ),
        }


def attach(report: pytest.TestReport, judged: Sequence[JudgedRun]) -> None:
    """Let a test's report carry its runs, in a form that xdist can send."""
    setattr(report, REPORT_ATTRIBUTE, _to_text(judged))


def _to_text(judged: Sequence[JudgedRun]) -> str:
    return json.dumps([each.to_json() for each in judged])


def _commit(folder: Path) -> str:
    """Return the commit that is checked out in ``folder``; empty when there is none."""
    try:
        done = subprocess.run(
            ["git", "rev-parse", "--verify", "--quiet", "HEAD"],  # noqa: S607 - whichever git the user has
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
        )
    except OSError:  # no git, or the folder is gone: what was measured is reported all the same
        return ""
    return done.stdout.strip()
