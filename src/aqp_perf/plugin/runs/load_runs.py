"""The load runs of a test: launched, audited, judged and kept, also when interrupted."""

import secrets
import warnings
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final

import pytest

from aqp_perf.core.aws.prices import format_usd
from aqp_perf.core.measured.run_result import GeneratorHealth, RunResult
from aqp_perf.core.results.judged_run import JudgedRun
from aqp_perf.core.verdict.verdicts import Verdict, judge
from aqp_perf.errors import (
    GeneratorCrashed,
    GeneratorError,
    GeneratorTimedOut,
    LoadWarning,
    PerfError,
    RunNotJudged,
    TargetError,
)
from aqp_perf.loadgen.command.launcher import LoadRun
from aqp_perf.operating_system import usable_cores
from aqp_perf.plugin.runs.audits import Writes
from aqp_perf.plugin.runs.costs import Admission
from aqp_perf.plugin.runs.judging import FinishedRun, applicable, judge_run, with_comparisons
from aqp_perf.plugin.runs.load_request import LoadRequest
from aqp_perf.plugin.runs.site import Site
from aqp_perf.plugin.runs.state import State
from aqp_perf.plugin.session.screen import announce
from aqp_perf.reports.figures import counted
from aqp_perf.reports.junit import properties

_INTERRUPTIONS: Final = (KeyboardInterrupt, pytest.fail.Exception)
"""What signal handlers raise: ours and Python's the first, that of pytest-timeout the second."""


class TestRuns:
    """All load runs of one test, in order."""

    __test__ = False

    def __init__(self, item: pytest.Item, state: State) -> None:
        self._item, self._state, self._session = item, state, state.session
        self.judged: list[JudgedRun] = []
        self.shown_count = 0
        """How many of them ended before the last report that is red: it speaks for them."""
        self._reported_count = 0
        self.error: PerfError | None = None
        """What ended the test's body, when it says nothing about the target."""

    def run(self, request: LoadRequest, site: Site) -> RunResult:
        """Run locust to its end and return what it measured."""
        state, session, load = self._state, self._session, request.load
        every_s = state.progress.told_every_s
        # It marks the orders of the run, even if two sessions share an id.
        run_id = f"{session.run_id}.{secrets.token_hex(4)}"
        spec = request.spec(site, run_id=run_id, progress_s=every_s)
        fingerprint = request.fingerprint(site)
        state.baselines.check_run(self._item.nodeid, len(self.judged), fingerprint)
        config = self._item.config
        patterns = config.getini("python_files")
        for doubt in (*load.doubts(usable_cores()), *request.doubts(config.rootpath, patterns)):
            warnings.warn(doubt, LoadWarning, stacklevel=3)
        admission = state.costs.admit_run(site, request)
        if admission is not None:
            limit = f"limit {format_usd(session.max_cost_usd)} USD for the session"
            announce(self._item.config, f"cost estimate: {admission.estimate}, {limit}")
            spec = replace(spec, budget=admission.budget)

        if spec.expect_workers:
            wanted = counted(spec.expect_workers, "worker")
            text = f"the run waits for {wanted}: start each with {spec.worker_command}"
            announce(self._item.config, text)

        def finish(result: RunResult, writes: Writes | None) -> None:
            run = FinishedRun(request=request, site=site, result=result, fingerprint=fingerprint)
            self.finish(run, writes, admission)

        with (
            LoadRun(spec, environment=site.environment(session.target.kind)) as locust,
            state.progress.showing(
                self._item.nodeid,
                locust.progress,
                run_time_s=load.run_time_s,
                judge=lambda progress: judge(progress.run, applicable(progress.run, load)),
            ),
        ):
            try:
                result, logs = locust.wait()
            except (*_INTERRUPTIONS, PerfError) as error:
                if site.table is not None:
                    state.audits.note_unknown(site.table)
                partial = locust.interrupt() if isinstance(error, _INTERRUPTIONS) else None
                if partial is not None:
                    finish(replace(partial.result, interrupted=True), None)
                elif isinstance(error, (GeneratorCrashed, GeneratorTimedOut)):
                    finish(_unmeasured(locust.command, load.processes, error), None)
                elif admission is not None:
                    state.costs.charge(admission)
                raise
        are_all = request.shipped_classes is not None and not result.invalid_reasons
        finish(result, Writes(logs, are_all=are_all))
        return result

    def finish(
        self, run: FinishedRun, writes: Writes | None = None, admission: Admission | None = None
    ) -> None:
        """Audit, charge, judge and compare a run; interrupted, it is kept as far as it came.

        Without ``writes`` the audit is left out; without ``admission`` the load costs nothing.
        """
        try:
            if writes is not None:
                self._audit(run, writes)
        finally:
            if admission is not None:
                read_units = None if run.audit is None else run.audit.consumed_read_units
                run.cost = self._state.costs.charge(admission, run.result.metered, read_units)
            self._judge(run)

    def expect_load(self) -> None:
        """Let the test be NO DATA if its body put no load on anything."""
        if not self.judged and self.error is None:
            text = "the test put no load on anything: call perf_load"
            self.error = RunNotJudged("no data", text)

    def take_unreported(self) -> Sequence[JudgedRun]:
        """Return the runs that no report of the test has carried yet."""
        taken = self.judged[self._reported_count :]
        self._reported_count = len(self.judged)
        return taken

    def _judge(self, run: FinishedRun) -> None:
        baselines, number = self._state.baselines, len(self.judged)
        judged = judge_run(self._item.nodeid, self._session.seed, run)
        self.judged.append(judged)
        if judged.verdict.verdict is not Verdict.INVALID:  # else there is nothing to compare
            interrupted = baselines.uncompared("the comparison was interrupted")
            self.judged[-1] = with_comparisons(judged, interrupted)  # unless it comes to its end
            self.judged[-1] = with_comparisons(judged, baselines.compare(number, judged))
        prefix = "perf" if number == 0 else f"perf.{number + 1}"
        self._item.user_properties.extend(properties(self.judged[-1], prefix))

    def _audit(self, run: FinishedRun, writes: Writes) -> None:
        """Look for what a run wrote, if that was asked for; what prevents it makes it INVALID."""
        table, most_items = run.site.table, run.request.load.audited_items
        dataset = run.request.dataset
        if table is None or run.site.target is None:
            return
        if not writes.logs or not most_items:
            self._state.audits.pass_over(table, dataset, writes)
            return
        run.problems = ("the audit of the writes was interrupted",)  # unless it comes to its end
        try:
            audits, target = self._state.audits, run.site.target
            run.audit = audits.audit(target, table, dataset, writes, most_items)
            run.problems = ()
        except (TargetError, ValueError, RecursionError) as error:
            run.problems = (f"the writes could not be audited: {error}",)


def _unmeasured(command: tuple[str, ...], processes: int, error: GeneratorError) -> RunResult:
    """Return the result of a run that left none: reports show that there was a run."""
    return RunResult(
        command=command,
        started_at=datetime.now(UTC),
        duration_s=0.0,
        users=0,
        invalid_reasons=(str(error).partition("\n")[0],),
        generator=GeneratorHealth(processes=processes),
        operations=(),
    )


RUNS = pytest.StashKey[TestRuns]()
"""On a test: its load runs."""
