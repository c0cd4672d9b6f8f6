"""Load runs of a test: launched, kept, judged when the test body ends."""

import os
import secrets
import warnings
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from perf.children import ChildEnvironment
from perf.core.cost import RunCost
from perf.core.dataset import DATASET_SIZES
from perf.core.pacing import OpenModel
from perf.core.prices import format_usd
from perf.core.report import JudgedRun, TargetInfo
from perf.core.result import RunResult
from perf.core.run_fingerprint import RunFingerprint
from perf.core.thresholds import Threshold
from perf.core.verdicts import Verdict, judge, without_wrong_answers, worst
from perf.core.write_audit import WriteAudit
from perf.errors import (
    InvalidOption,
    LoadWarning,
    PerfError,
    RunNotJudged,
    TargetError,
    ThresholdsViolated,
)
from perf.loadgen.arguments import NO_ENDPOINT
from perf.loadgen.launcher import LoadRun
from perf.loadgen.run_spec import LOCUSTFILE, RunSpec
from perf.plugin.audits import Writes
from perf.plugin.costs import Admission
from perf.plugin.fingerprints import fingerprint_of
from perf.plugin.load_settings import LoadSettings
from perf.plugin.preflight import announce, clear
from perf.plugin.state import State
from perf.reports.junit import properties
from perf.reports.terminal import failure_text
from perf.targets import Table, Target, TargetKind
from perf.targets.environment import isolated_environment
from perf.targets.target import DEFAULT_REGION

AQP_USERS = frozenset({"AqpZipcodeUser", "AqpStatusUser"})
"""User classes that ship and need an AQP."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """Where a run goes: what of the session's fixtures the test uses."""

    target: Target | None
    table: Table | None
    aqp_url: str | None
    aqp_label: str | None


@dataclass(slots=True, kw_only=True)
class _FinishedRun:
    """A run that waits for its verdict."""

    result: RunResult
    load: LoadSettings
    site: Site
    fingerprint: RunFingerprint
    audit: WriteAudit | None = None
    cost: RunCost | None = None
    problems: tuple[str, ...] = ()
    """What makes it INVALID beside what it measured."""


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
        self._runs: list[_FinishedRun] = []
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
        spec = RunSpec(
            locustfile=LOCUSTFILE if locustfile is None else Path(locustfile),
            user_classes=_user_classes(users),
            users=load.users,
            spawn_rate=load.spawn_rate,
            run_time_s=load.run_time_s,
            stop_timeout_s=load.stop_timeout_s,
            warmup_s=load.warmup_s,
            pacing=load.pacing,
            host=site.aqp_url,
            workload=self._workload(load, site),
            abort_rules=[each for each in load.thresholds if each.aborts],
            abort_after=load.abort_after,
            processes=load.processes,
            expect_workers=load.expect_workers,
            master_bind=load.master_bind,
            progress_s=self._display.told_every_s,
        )
        fingerprint = fingerprint_of(
            load,
            {"locustfile": spec.locustfile.name, "user classes": _shown_classes(spec.user_classes)},
            target=_target_kinds(site),
            dataset=None if site.table is None else self._session.dataset,
        )
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
            LoadRun(spec, environment=self._environment(site)) as locust,
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
                    finished = _FinishedRun(
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
        finished = _FinishedRun(result=result, load=load, site=site, fingerprint=fingerprint)
        self._runs.append(finished)
        are_all = classes is not None and not result.invalid_reasons
        try:
            self._audit(finished, Writes(logs, are_all=are_all))
        finally:
            finished.cost = self._cost(admission, finished)
        return result

    def _shown(self, locust: LoadRun, load: LoadSettings) -> AbstractContextManager[None]:
        """Show how a run is doing, and what its thresholds say so far."""
        return self._display.showing(
            self._item.nodeid,
            locust.progress,
            run_time_s=load.run_time_s,
            judge=lambda told: judge(told.run, self._applicable(told.run, load)),
        )

    def _cost(self, admission: Admission | None, run: "_FinishedRun | None") -> RunCost | None:
        """Count what a run cost, None one that left no result; None: load costs nothing here."""
        if admission is None:
            return None
        audit = None if run is None else run.audit
        return self._costs.charge(
            admission,
            metered=None if run is None else run.result.metered,
            audit_read_units=None if audit is None else audit.consumed_read_units,
        )

    def _audit(self, run: "_FinishedRun", writes: Writes) -> None:
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
        except (TargetError, ValueError) as error:
            run.problems = (f"the writes could not be audited: {error}",)

    def keep(self) -> None:
        """Keep the runs of a test that was interrupted: no report of it will carry them."""
        self._collector.keep(self.judge())

    def judge(self) -> list[JudgedRun]:
        """Judge every run of the test that was not judged yet; return all."""
        while len(self._judged) < len(self._runs):
            self._judge_next()
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

    def _judge_next(self) -> None:
        run = self._runs[len(self._judged)]
        result, load, site = run.result, run.load, run.site
        profile = load.to_json()
        if isinstance(load.pacing, OpenModel) and result.generator.arrivals_due is None:
            profile["pacing"] = "the locustfile's own"  # its users take no arrivals
        if site.table is None:  # there is nothing that either could be held against
            profile["verify"] = profile["audit"] = "off"
        verdict = judge(
            result, self._applicable(result, load), run.audit, set_up_problems=run.problems
        )
        comparison = None
        if verdict.verdict is not Verdict.INVALID:  # else there is nothing to compare
            number = len(self._judged)
            comparison = self._baselines.compare(self._item.nodeid, number, result)
        if comparison is not None:
            taken_in = worst((verdict.verdict, *comparison.verdicts))
            verdict = replace(verdict, verdict=taken_in)
        judged = JudgedRun(
            test=self._item.nodeid,
            target=_target_info(site),
            aqp=None if site.aqp_url is None else f"{site.aqp_label} at {site.aqp_url}",
            profile=profile,
            seed=self._session.dataset.seed,
            run=result,
            verdict=verdict,
            write_audit=run.audit,
            cost=run.cost,
            unverified=_unverified(load, site) or _unseen(result),
            fingerprint=run.fingerprint,
            comparison=comparison,
        )
        self._judged.append(judged)
        prefix = "perf" if len(self._judged) == 1 else f"perf.{len(self._judged)}"
        self._item.user_properties.extend(properties(judged, prefix))

    def _applicable(self, result: RunResult, load: LoadSettings) -> list[Threshold]:
        """Return the thresholds of a run: a session's own holds where its operation runs."""
        return [
            *(
                each
                for each in load.thresholds
                if each not in load.session_thresholds or self._collector.applies(each, result)
            ),
            *without_wrong_answers(result, load.thresholds),
        ]

    def _workload(self, load: LoadSettings, site: Site) -> dict[str, str]:
        dataset = self._session.dataset
        arguments = {
            "data-seed": str(dataset.seed),
            "client": str(load.client),
            "max-attempts": str(load.max_attempts),
            "key-choice": str(dataset.key_choice),
            "verify": "off" if _unverified(load, site) else str(load.verification),
            # Even a run id that was given twice gives no order id twice.
            "run-id": ".".join(
                [self._session.run_id, self._collector.next_number(), secrets.token_hex(2)]
            ),
        }
        for name in DATASET_SIZES:
            arguments[name.replace("_", "-")] = str(getattr(dataset, name))
        if site.table is not None:
            arguments["table"] = site.table.name
        if site.target is None:
            arguments["endpoint-url"] = NO_ENDPOINT
        else:
            arguments["region"] = site.target.region
            if site.target.endpoint_url is not None:
                arguments["endpoint-url"] = site.target.endpoint_url
        return arguments

    def _environment(self, site: Site) -> Mapping[str, str]:
        """Return the environment of locust: with real AWS credentials only for who chose them."""
        if site.target is not None:
            return site.target.environment()
        if self._session.target.kind is TargetKind.NONE:
            return ChildEnvironment(os.environ)  # as a locust that is started by hand
        return isolated_environment(os.environ, DEFAULT_REGION)


def raise_violations(judged: list[JudgedRun]) -> None:
    """Raise what makes the test body fail: a run whose target broke a threshold."""
    failed = [each for each in judged if each.verdict.verdict is Verdict.FAIL]
    if failed:
        raise ThresholdsViolated("\n\n".join(map(failure_text, failed)))


def shipped_classes(
    users: str | Mapping[str, int] | None, locustfile: str | Path | None
) -> dict[str, int] | None:
    """Return the user classes of a run with their weights; None: they are of another locustfile."""
    ships = locustfile is None or Path(locustfile).resolve() == LOCUSTFILE.resolve()
    return _user_classes(users) if ships else None


def _user_classes(users: str | Mapping[str, int] | None) -> dict[str, int]:
    if users is None:
        return {}
    classes = {users: 1} if isinstance(users, str) else dict(users)
    for name, weight in classes.items():
        if not name.isidentifier():
            raise InvalidOption("perf_load", name, "give the name of a locust user class")
        if type(weight) is not int or weight < 1:
            hint = "a weight is a whole number, at least 1"
            raise InvalidOption(f"perf_load: weight of {name}", weight, hint)
    return classes


def _unverified(load: LoadSettings, site: Site) -> str | None:
    """Return why answers cannot be checked, or are not; None: they are."""
    if not load.verification.ratio:
        return "the verification is off"
    if site.table is None:
        return "the run has no table of ours"
    if not site.table.is_seeded:
        return f"table {site.table.name!r} does not carry the tag of this data, nobody knows them"
    return None


def _unseen(result: RunResult) -> str | None:
    """Return that no answer was checked, though it was asked; None: some were, or none came."""
    reads = [each for each in result.operations if each.requests and not each.is_write]
    is_unseen = bool(reads) and all(each.is_unverified for each in reads)
    return "none of them was checked" if is_unseen else None


def _target_info(site: Site) -> TargetInfo:
    if site.target is None:
        return TargetInfo(kind=TargetKind.NONE, endpoint="", label="the locustfile's own")
    return TargetInfo(
        kind=str(site.target.kind), endpoint=site.target.endpoint, label=site.target.label
    )


def _target_kinds(site: Site) -> dict[str, str]:
    aqp = "none" if site.aqp_label is None else site.aqp_label
    return {"kind": _target_info(site).kind, "AQP": aqp}


def _shown_classes(classes: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {weight}" for name, weight in classes.items()) or "all"
