"""Load runs of a test: launched, kept, judged when the test body ends."""

import os
import secrets
import warnings
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path

import pytest

from aqp_perf.core.aws.prices import format_usd
from aqp_perf.core.load.cost import RunCost
from aqp_perf.core.measured.run_result import RunResult
from aqp_perf.core.results.judged_run import JudgedRun
from aqp_perf.core.results.run_fingerprint import RunFingerprint
from aqp_perf.core.verdict.verdicts import Verdict
from aqp_perf.errors import LoadWarning, PerfError, RunNotJudged, TargetError
from aqp_perf.loadgen.command.launcher import LoadRun
from aqp_perf.loadgen.command.run_spec import RunSpec
from aqp_perf.plugin.results.fingerprints import fingerprint_of
from aqp_perf.plugin.runs.admission import clear
from aqp_perf.plugin.runs.audits import Writes
from aqp_perf.plugin.runs.costs import Admission
from aqp_perf.plugin.runs.judging import FinishedRun, Judge
from aqp_perf.plugin.runs.locust_spec import spec_of
from aqp_perf.plugin.runs.site import Site
from aqp_perf.plugin.runs.state import State
from aqp_perf.plugin.runs.user_classes import shipped_classes
from aqp_perf.plugin.session.screen import announce
from aqp_perf.plugin.settings.load_settings import LoadSettings
from aqp_perf.reports.junit import properties
from aqp_perf.reports.text.terminal import failure_text


class TestRuns:
    """All load runs of one test, in order."""

    __test__ = False

    def __init__(self, item: pytest.Item, state: State) -> None:
        self._item = item
        self._session = state.session
        self._collector = state.collector
        self._audits = state.audits
        self._costs = state.costs
        self._display = state.progress
        self._baselines = state.baselines
        self._judge = Judge(
            item.nodeid, state.session.dataset.seed, state.collector, state.baselines
        )
        self._runs: list[FinishedRun] = []
        self._judged: list[JudgedRun] = []
        self._reported = 0
        self.error: PerfError | None = None
        """What ended the test's body, when it says nothing about the target."""

    def run(
        self,
        users: str | Mapping[str, int] | None,
        locustfile: str | Path | None,
        load: LoadSettings,
        site: Site,
    ) -> RunResult:
        """Run locust to its end and return what it measured; interrupted, keep what there is."""
        spec = spec_of(
            users,
            locustfile,
            load=load,
            site=site,
            dataset=self._session.dataset,
            run_id=self._next_run_id(),
            progress_s=self._display.told_every_s,
        )
        fingerprint = self._fingerprint(spec, load, site)
        self._baselines.check_run(self._item.nodeid, len(self._runs), fingerprint)
        for doubt in load.doubts(len(os.sched_getaffinity(0))):
            warnings.warn(doubt, LoadWarning, stacklevel=3)
        classes = shipped_classes(users, locustfile)
        admission, budget = clear(
            self._costs,
            self._session.dataset,
            target=site.target,
            table=site.table,
            load=load,
            classes=classes,
        )
        if admission is not None:
            limit = f"limit {format_usd(self._session.max_cost_usd)} USD for the session"
            announce(self._item.config, f"cost estimate: {admission.estimate}, {limit}")
        spec = replace(spec, budget=budget)
        with (
            LoadRun(spec, environment=site.environment(self._session.target.kind)) as locust,
            self._shown(locust, load),
        ):
            try:
                result, logs = locust.wait()
            except KeyboardInterrupt:
                if site.table is not None:
                    self._audits.note_unknown(site.table)
                partial = locust.interrupt()
                if partial is not None:
                    result = replace(partial.result, interrupted=True)
                    finished = FinishedRun(
                        result=result, load=load, site=site, fingerprint=fingerprint
                    )
                    finished.cost = self._cost(admission, finished)
                    self._runs.append(finished)
                raise
            except PerfError:
                if site.table is not None:
                    self._audits.note_unknown(site.table)
                self._cost(admission, None)
                raise
        finished = FinishedRun(result=result, load=load, site=site, fingerprint=fingerprint)
        self._runs.append(finished)
        are_all = classes is not None and not result.invalid_reasons
        try:
            self._audit(finished, Writes(logs, are_all=are_all))
        finally:
            finished.cost = self._cost(admission, finished)
        return result

    def keep(self) -> None:
        """Keep the runs that no report of the test has carried, for none will any more."""
        left = self.take_unreported()
        if left:
            self._collector.keep(left)

    def judge(self) -> list[JudgedRun]:
        """Judge every run of the test that was not judged yet; return all."""
        for number in range(len(self._judged), len(self._runs)):
            judged = self._judge.judge(self._runs[number])
            self._judged.append(judged)
            if judged.verdict.verdict is not Verdict.INVALID:  # else there is nothing to compare
                self._judged[number] = self._judge.uncompared(judged)  # unless it comes to its end
                self._judged[number] = judged = self._judge.compared(judged, number)
            prefix = "perf" if number == 0 else f"perf.{number + 1}"
            self._item.user_properties.extend(properties(judged, prefix))
        return self._judged

    def take_unreported(self) -> list[JudgedRun]:
        """Return the runs that no report of the test has carried yet."""
        judged = self.judge()
        taken, self._reported = judged[self._reported :], len(judged)
        return taken

    def unproven(self) -> PerfError | None:
        """Return what makes the test an error: it does not tell how its target does."""
        if self.error is not None:
            return self.error
        spoiled = [
            each
            for each in self.judge()
            if each.verdict.verdict in {Verdict.INVALID, Verdict.NO_DATA}
        ]
        if not spoiled:
            return None
        text = "\n\n".join(map(failure_text, spoiled))
        return RunNotJudged(str(spoiled[0].verdict.verdict), text)

    def _next_run_id(self) -> str:
        """Return what marks the orders of a run; even an id given twice marks none twice."""
        parts = (self._session.run_id, self._collector.next_number(), secrets.token_hex(2))
        return ".".join(parts)

    def _fingerprint(self, spec: RunSpec, load: LoadSettings, site: Site) -> RunFingerprint:
        weights = (f"{name} {weight}" for name, weight in spec.user_classes.items())
        return fingerprint_of(
            load,
            {"locustfile": spec.locustfile.name, "user classes": ", ".join(weights) or "all"},
            target=site.kinds,
            dataset=None if site.table is None else self._session.dataset,
        )

    def _shown(self, locust: LoadRun, load: LoadSettings) -> AbstractContextManager[None]:
        """Show how a run is doing, and what its thresholds say so far."""
        return self._display.showing(
            self._item.nodeid,
            locust.progress,
            run_time_s=load.run_time_s,
            judge=lambda told: self._judge.so_far(told.run, load),
        )

    def _cost(self, admission: Admission | None, run: FinishedRun | None) -> RunCost | None:
        """Count what a run cost, None one that left no result; None: load costs nothing here."""
        if admission is None:
            return None
        audit = None if run is None else run.audit
        return self._costs.charge(
            admission,
            metered=None if run is None else run.result.metered,
            audit_read_units=None if audit is None else audit.consumed_read_units,
        )

    def _audit(self, run: FinishedRun, writes: Writes) -> None:
        """Look for what the run wrote, if that was asked; what spoils it is kept with the run."""
        table, most_items = run.site.table, run.load.audited_items
        if table is None or run.site.target is None:
            return
        if not writes.logs or not most_items:
            self._audits.pass_over(table, writes)
            return
        run.problems = ("the audit of the writes was interrupted",)  # unless it comes to its end
        try:
            run.audit = self._audits.audit(run.site.target, table, writes, most_items)
            run.problems = ()
        except (TargetError, ValueError, RecursionError) as error:
            run.problems = (f"the writes could not be audited: {error}",)
