"""Results that runs are compared with: a baseline, an anchor, or the best sessions of a history."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Final

from aqp_perf.core.comparison.compare import compare
from aqp_perf.core.comparison.outcome import Comparison, not_compared
from aqp_perf.core.load.pacing import changes_rate
from aqp_perf.core.results.judged_run import JudgedRun, ResultsFile
from aqp_perf.core.results.run_fingerprint import RunFingerprint
from aqp_perf.core.verdict.verdicts import Verdict
from aqp_perf.errors import BaselineUnusable, ResultError
from aqp_perf.plugin.settings.option_values import MissingBaseline
from aqp_perf.plugin.settings.session_settings import BaselineSettings
from aqp_perf.stores.file_store import STORE_ERRORS

_PACING: Final = "pacing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """One baseline or anchor, with the results that it stands for."""

    name: str
    """As the user wrote it."""
    is_anchor: bool
    settings: BaselineSettings
    sessions: Sequence[ResultsFile] = ()
    """One; none if it may be missing and is; of a history several, the newest last."""
    absence: str = ""
    """Why there is nothing to compare with, though there should be."""

    def check_environment(self, now: RunFingerprint) -> None:
        """Check that runs of this machine and these versions can be compared.

        Raises:
            BaselineUnusable: they differ; it names the difference.
        """
        of_sessions = [
            self._fingerprint_of(it.final_runs[0]) for it in self.sessions if it.final_runs
        ]
        self._check_alike(
            [RunFingerprint(versions=it.versions, machine=it.machine) for it in of_sessions], now
        )

    def check_run(self, test: str, number: int, fingerprint: RunFingerprint) -> None:
        """Check that a run can be compared; as `Baselines.check_run`."""
        before = self._runs(test, number)
        found = [self._fingerprint_of(run) for run in before]
        if not found:
            return
        self._check_alike(found, fingerprint.expected_beside(found[-1]))
        if all(run.verdict.verdict is Verdict.INVALID for run in before):
            why = next((f": {it}" for run in before for it in run.verdict.invalid_reasons), "")
            detail = f"not comparable: its run of {test} is INVALID{why}"
            raise self._error(detail)

    def compare(self, number: int, run: JudgedRun, false_alarm_ratio: float) -> Comparison:
        """Return the comparison of a run, which may raise so many false alarms in its session.

        A run that turned out to be measured with something else is not compared. Every run of the
        reference has an equal part of the false alarms.
        """
        may_be_missing = self.settings.missing is MissingBaseline.PASS
        unmatched = Verdict.PASS if may_be_missing else Verdict.NO_DATA
        before = self._runs(run.test, number)
        if not before:
            why = self.absence or f"{self._title} has no such run of this test"
            return self._not_compared(why, unmatched)
        now = self._fingerprint_of(run)
        alike = [it for it in before if not self._differences(self._fingerprint_of(it), now)]
        if not alike:
            differences = self._differences(self._fingerprint_of(before[-1]), now)
            return self.uncompared(f"not comparable: {'; '.join(differences)}")
        found = compare(
            [it.run for it in alike],
            run.run,
            self.settings.rules,
            baseline=self.name,
            false_alarm_ratio=false_alarm_ratio / self._run_count,
            unmatched=unmatched,
            is_staged=all(_has_same_stages(self._fingerprint_of(it), now) for it in alike),
        )
        return replace(found, is_anchor=self.is_anchor)

    def uncompared(self, why: str) -> Comparison:
        """Return that a run was not compared: NO DATA for every rule."""
        return self._not_compared(f"{self._title}: {why}", Verdict.NO_DATA)

    @property
    def _kind(self) -> str:
        return "anchor" if self.is_anchor else "baseline"

    @property
    def _title(self) -> str:
        return f"{self._kind} {self.name}"

    @property
    def _run_count(self) -> int:
        return max(len(session.final_runs) for session in self.sessions)

    def _not_compared(self, why: str, verdict: Verdict) -> Comparison:
        nothing = not_compared(self.name, self.settings.rules, why, verdict)
        return replace(nothing, is_anchor=self.is_anchor)

    def _runs(self, test: str, number: int) -> list[JudgedRun]:
        """Return this run of the test in every session that has it."""
        of_test = ([run for run in it.final_runs if run.test == test] for it in self.sessions)
        return [runs[number] for runs in of_test if number < len(runs)]

    def _fingerprint_of(self, run: JudgedRun) -> RunFingerprint:
        if run.fingerprint is None:
            raise self._error("it does not say what it was measured with: save it again")
        return run.fingerprint

    def _differences(self, before: RunFingerprint, now: RunFingerprint) -> list[str]:
        return before.differences(now, self.settings.allowed)

    def _check_alike(self, before: Sequence[RunFingerprint], now: RunFingerprint) -> None:
        """Check that at least one of several was measured in the same way."""
        if not before or not all(differences := [self._differences(it, now) for it in before]):
            return
        newest = differences[-1]
        parts = {difference.partition(":")[0] for difference in newest}
        allowed = ",".join(sorted(self.settings.allowed | parts))
        other = (
            "name another anchor" if self.is_anchor else "save another baseline with --perf-save"
        )
        raise self._error(
            f"not comparable: {'; '.join(newest)}: measure as it was, {other}, or allow the "
            f"difference with -o perf_compare_allow={allowed}"
        )

    def _error(self, detail: str) -> BaselineUnusable:
        return BaselineUnusable(self.name, detail, self._kind)


@contextmanager
def reference_errors(name: str, kind: str = "baseline") -> Iterator[None]:
    """Raise errors of a store or of its files as BaselineUnusable, with the reference's name."""
    try:
        yield
    except (*STORE_ERRORS, ResultError) as error:
        raise BaselineUnusable(name, str(error), kind) from error


def _has_same_stages(before: RunFingerprint, now: RunFingerprint) -> bool:
    """Whether two runs had the same arrivals at a rate that changed over time."""
    return before.profile == now.profile and changes_rate(now.profile.get(_PACING, ""))
