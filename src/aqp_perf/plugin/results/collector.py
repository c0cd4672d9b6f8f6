"""Collects the judged runs of a session, under xdist in the controller, and reports them."""

import platform
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import cached_property
from typing import Any, Final

import pytest

from aqp_perf.core.measured.operation import OTHER_NAMES
from aqp_perf.core.measured.run_result import RunResult
from aqp_perf.core.measured.selectors import matching_operations
from aqp_perf.core.records import from_json, to_json
from aqp_perf.core.results.judged_run import JudgedRun, ResultsFile
from aqp_perf.core.verdict.thresholds import Threshold
from aqp_perf.core.verdict.verdicts import Verdict
from aqp_perf.history.commits import commit_in
from aqp_perf.plugin.results.baselines import Baselines, sender_versions
from aqp_perf.plugin.results.report_files import ReportFiles
from aqp_perf.plugin.results.session_command import session_command
from aqp_perf.plugin.session.screen import MARKUP
from aqp_perf.plugin.session.xdist_workers import RUNS_ATTRIBUTE, Process
from aqp_perf.reports.lines import Line, Style
from aqp_perf.reports.text.session import session_lines

_RERUN: Final[str] = "rerun"
"""Outcome that pytest-rerunfailures gives to the report of an attempt that it replaces."""
_WORKER_OUTPUT = "perf_interrupted_runs"


class Collector:
    """A plugin object: one in every process; those of xdist's workers do not report.

    Each of the session's ``thresholds`` has to apply to some run.
    """

    def __init__(
        self,
        config: pytest.Config,
        process: Process,
        files: ReportFiles,
        thresholds: Sequence[Threshold],
    ) -> None:
        self._config, self._process, self._files = config, process, files
        self._thresholds = thresholds
        self._started_at = datetime.now(UTC)
        self._judged: list[JudgedRun] = []
        self._unreported: list[JudgedRun] = []
        """Those that no report of a test shows, as after Ctrl-C."""
        self._rerun: set[str] = set()
        """Node ids of tests whose present attempt will be replaced."""
        self._has_red_load_test = False
        self.unjudged: list[Threshold] = []
        """Thresholds of the session whose operation no run had."""
        self.kept_tables: list[str] = []
        """Name and endpoint of our table, if it stays after the session."""

    @property
    def is_incomplete(self) -> bool:
        """Whether a threshold was not judged, or a report file or the history not written."""
        return bool(self.unjudged) or self._files.has_failed

    def keep(self, judged: Sequence[JudgedRun]) -> None:
        """Keep the runs of a test that will have no report."""
        if self._process.is_worker:
            output: dict[str, Any] = self._config.workeroutput  # type: ignore[attr-defined]
            output[_WORKER_OUTPUT] = to_json(tuple(judged))
        else:
            self._judged.extend(judged)
            self._unreported.extend(judged)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take the runs that a report carries, before showing it can fail.

        All reports of an attempt that a rerun replaces come before those of the rerun.
        """
        if self._process.is_worker:
            return
        runs: str | None = getattr(report, RUNS_ATTRIBUTE, None)
        if runs is not None:
            self._judged.extend(_read(runs))
            self._has_red_load_test |= report.failed
        if report.when == "setup":
            self._rerun.discard(report.nodeid)
        if report.outcome == _RERUN:
            self._rerun.add(report.nodeid)
        if report.nodeid in self._rerun:
            self._supersede(report)

    def _supersede(self, report: pytest.TestReport) -> None:
        """Mark the runs of a test so far, and its JUnit test case, which its teardown completes."""
        has_runs = False
        for index, judged in enumerate(self._judged):
            if judged.test == report.nodeid:
                self._judged[index] = replace(judged, superseded=True)
                has_runs = True
        if has_runs and report.when == "teardown":
            report.user_properties.append(("perf.superseded", "true"))

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: object) -> None:
        """Take what an interrupted worker of xdist measured."""
        self.keep(_read(getattr(node, "workeroutput", {}).get(_WORKER_OUTPUT, "[]")))

    def write_files(self) -> None:
        """Write the report files, and find the thresholds that no run was judged by.

        Without runs the files of an earlier session stay, unless a load test is red: they would
        look like its results.
        """
        if self._judged:
            self.unjudged = [
                threshold
                for threshold in self._thresholds
                if not any(applies(threshold, judged.run) for judged in self.results().final_runs)
            ]
        if self._judged or self._files.are_named:
            self._files.write(self.results(), may_replace=self._has_red_load_test)

    def save_baseline(self, baselines: Baselines, *, is_green: bool) -> None:
        """Save the results as a baseline, and print what came of it below pytest's last line.

        If it cannot be saved and no file has the results, they go to a temporary one.
        """
        results = self.results()
        saved = baselines.save(results, is_green=is_green)
        rescued = self._files.rescue(results) if baselines.is_lost else None
        terminal = self._config.pluginmanager.getplugin("terminalreporter")
        for line in (saved, rescued):
            if line is not None and terminal is not None:
                terminal.write_line(line.text, **MARKUP[line.style])

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Print a line for every run, whole those that no test shows, and what was written."""
        if self._process.is_worker:
            return
        width = terminalreporter._tw.fullwidth  # noqa: SLF001 - pytest offers no other way to it
        if self._judged:
            terminalreporter.write_sep("=", "performance")
        for line in self._lines(width):
            terminalreporter.write_line(line.text, **MARKUP[line.style])

    def _lines(self, width: int) -> Iterator[Line]:
        is_verbose = self._config.get_verbosity() > 0
        whole = [
            index
            for index, judged in enumerate(self._judged)
            if is_verbose
            or (judged.verdict.verdict is not Verdict.PASS and judged in self._unreported)
        ]
        yield from session_lines(self._judged, whole, width)
        has_further = any(judged.run.further_names for judged in self._judged)
        may_be = (
            f", unless among {OTHER_NAMES!r}, which were recorded as one" if has_further else ""
        )
        for threshold in self.unjudged:
            text = f"NO DATA: {threshold}: no run of this session had such an operation{may_be}"
            yield Line(text, Style.WARNING)
        for table in self.kept_tables:
            yield Line(f"table kept: {table}")
        yield from self._files.lines(width)

    def results(self) -> ResultsFile:
        """Return what the session has measured so far, with its environment."""
        return ResultsFile(
            started_at=self._started_at, environment=self._environment, runs=tuple(self._judged)
        )

    @cached_property
    def _environment(self) -> Mapping[str, str]:
        return {
            "python": platform.python_version(),
            **sender_versions(),
            "machine": f"{platform.system()} {platform.release()} {platform.machine()}",
            "commit": commit_in(self._config.rootpath),
            "command": session_command(self._config.invocation_params.args),
        }


def applies(threshold: Threshold, run: RunResult) -> bool:
    """Return whether a run has an operation that a threshold of the session is for."""
    if not threshold.names_operation:
        return True
    return bool(matching_operations(threshold.operation, run.labelled))


def attach(report: pytest.TestReport, judged: Sequence[JudgedRun]) -> None:
    """Let the report of a load test carry runs."""
    setattr(report, RUNS_ATTRIBUTE, to_json(tuple(judged)))


def _read(runs: str) -> tuple[JudgedRun, ...]:
    return from_json(runs, tuple[JudgedRun, ...], "runs")
