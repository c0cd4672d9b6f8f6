"""Baselines: results of earlier sessions, kept under a name, that runs are compared with.

A baseline is an ordinary result file. It is saved whole or not at all, in place of one of the same
name: of two sessions that save one name at once, the later one's is kept.
"""

from pathlib import Path
from typing import Final

from aqp_perf.core.comparison.compare import FALSE_ALARM_RATIO, compare
from aqp_perf.core.comparison.outcome import Comparison, not_compared
from aqp_perf.core.json_reader import JsonReader
from aqp_perf.core.results.judged_run import JudgedRun
from aqp_perf.core.results.results_file import ResultsFile
from aqp_perf.core.results.run_fingerprint import RunFingerprint
from aqp_perf.core.verdict.verdicts import Verdict
from aqp_perf.errors import BaselineUnusable, ResultError
from aqp_perf.files import read_file
from aqp_perf.plugin.results.baseline_file import MOST_BYTES, baseline_errors, parse_baseline_file
from aqp_perf.plugin.results.fingerprints import environment_fingerprint
from aqp_perf.plugin.settings.baseline_settings import (
    SUFFIX,
    BaselineSettings,
    MissingBaseline,
    is_path,
)
from aqp_perf.reports.json_file import results_text
from aqp_perf.stores.file_store import STORE_ERRORS, FileStore

_ADVICE: Final = "save one with --perf-save, or let it be missing with --perf-compare-missing=pass"


class Baselines:
    """The baselines of a session: what it is compared with is read before any load.

    Args:
        settings: what to do.
        root: folder that a relative path is of.

    Raises:
        BaselineUnusable: the one to compare with cannot be read, or none can be saved.
    """

    def __init__(self, settings: BaselineSettings, root: Path) -> None:
        self._settings, self._root = settings, root
        self.saved: str | None = None
        """What has become of the baseline to save, in words; None: nothing was to be saved."""
        self.is_lost = False
        """Whether the baseline could not be saved, though it should have been."""
        self._absence = ""
        """Why there is nothing to compare with, though there should be."""
        self.report = None if settings.compare is None else self._read(settings.compare)
        """What runs are compared with; None: nothing."""
        if settings.save is not None:
            with baseline_errors(settings.save):
                self._store().check_writable(settings.save + SUFFIX)

    def check_environment(self) -> None:
        """Find out what keeps every run from being compared, before any load.

        Raises:
            BaselineUnusable: versions or machine differ; it names the difference.
        """
        now = environment_fingerprint()
        for run in () if self.report is None else self.report.runs[:1]:
            before = self._fingerprint_of(run)
            session = RunFingerprint(versions=before.versions, machine=before.machine)
            self._check_alike(session, now)

    def check_run(self, test: str, number: int, fingerprint: RunFingerprint) -> None:
        """Find out whether a run can be compared, before its load.

        Args:
            test: node id of its test.
            number: of the run in the test, from 0.
            fingerprint: what it will be measured with, as far as that is known.

        Raises:
            BaselineUnusable: it was measured with something else; it names the difference.
        """
        before = self._run(test, number)
        if before is None:
            return
        was = self._fingerprint_of(before)
        self._check_alike(was, fingerprint.expected_beside(was))
        if before.verdict.verdict is Verdict.INVALID:
            detail = f"not comparable: its run of {test} is INVALID: it measured nothing"
            raise BaselineUnusable(str(self._settings.compare), detail)

    def compare(self, number: int, run: JudgedRun) -> Comparison | None:
        """Return a run beside its baseline; None: there is no baseline to compare with.

        One that turned out to be measured with something else is not compared.

        Every run of the baseline has an equal part of the false alarms that a session may raise.
        What cannot be reckoned with the figures of a baseline, whoever wrote them, is not compared.
        """
        name, rules = self._settings.compare, self._settings.rules
        if name is None:
            return None
        is_let_pass = self._settings.missing is MissingBaseline.PASS
        unmatched = Verdict.PASS if is_let_pass else Verdict.NO_DATA
        before = self._run(run.test, number)
        if self.report is None or before is None:
            why = self._absence or f"baseline {name} has no such run of this test"
            return not_compared(name, rules, why, unmatched)
        was, now = self._fingerprint_of(before), self._fingerprint_of(run)
        if differences := was.differences(now, self._settings.allowed):
            return self.uncompared(f"not comparable: {'; '.join(differences)}")
        try:
            comparison = compare(
                before.run,
                run.run,
                rules,
                baseline=name,
                false_alarm_ratio=FALSE_ALARM_RATIO / len(self.report.runs),
                unmatched=unmatched,
            )
            # A figure that no report can be read back with would cost the run that carries it.
            return Comparison.from_json(JsonReader.of(comparison.to_json(), "comparison"))
        except (ArithmeticError, ValueError, ResultError) as error:
            return self.uncompared(f"its figures do not add up: {type(error).__name__}: {error}")

    def uncompared(self, why: str) -> Comparison | None:
        """Return that a run was not compared, NO DATA for every rule; None: as `compare`."""
        name = self._settings.compare
        if name is None:
            return None
        return not_compared(name, self._settings.rules, f"baseline {name}: {why}")

    def save(self, report: ResultsFile, *, is_green: bool = True) -> None:
        """Save the session's results, if that was asked and every run has passed.

        Args:
            report: what the session measured.
            is_green: whether nothing else went wrong in it, which may have cost it runs.
        """
        name = self._settings.save
        if name is None:
            return
        why = _why_not_saved(report, is_green=is_green)
        if why is not None:
            self.saved = f"baseline {name} not saved: {why}"
            return
        try:
            self._store().write(name + SUFFIX, results_text(report))
        except STORE_ERRORS as error:  # what was measured is elsewhere too
            self.saved, self.is_lost = f"ERROR: baseline {name} not saved: {error}", True
        else:
            self.saved = f"baseline saved as {name} in {self._settings.place}"

    def _store(self) -> FileStore:
        return self._settings.place.open(self._root)

    def _read(self, name: str) -> ResultsFile | None:
        """Return what runs are compared with; None: there is nothing, and it may be so."""
        with baseline_errors(name):
            if is_path(name):
                held = read_file(self._root / name, MOST_BYTES + 1)
                absence = "there is no such file"
            else:
                store = self._store()
                held = store.read(name + SUFFIX, MOST_BYTES + 1)
                known = [
                    each.removesuffix(SUFFIX) for each in store.names() if each.endswith(SUFFIX)
                ]
                absence = f"there is none in {self._settings.place}, which has "
                absence += ", ".join(known) or "none at all"
        if held is not None:
            return parse_baseline_file(name, held)
        if self._settings.missing is MissingBaseline.ERROR:
            raise BaselineUnusable(name, f"{absence}: {_ADVICE}")
        self._absence = f"baseline {name}: {absence}"
        return None

    def _run(self, test: str, number: int) -> JudgedRun | None:
        runs = () if self.report is None else self.report.runs
        of_test = [each for each in runs if each.test == test]
        return of_test[number] if number < len(of_test) else None

    def _fingerprint_of(self, run: JudgedRun) -> RunFingerprint:
        if run.fingerprint is None:
            detail = "it does not say what it was measured with: save it again"
            raise BaselineUnusable(str(self._settings.compare), detail)
        return run.fingerprint

    def _check_alike(self, before: RunFingerprint, now: RunFingerprint) -> None:
        allowed = self._settings.allowed
        differences = before.differences(now, allowed)
        if differences:
            parts = {each.partition(":")[0] for each in differences}
            detail = (
                f"not comparable: {'; '.join(differences)}: measure as it was, save another "
                "baseline with --perf-save, or allow the difference with "
                f"--perf-compare-allow={','.join(sorted(allowed | parts))}"
            )
            raise BaselineUnusable(str(self._settings.compare), detail)


def _why_not_saved(report: ResultsFile, *, is_green: bool) -> str | None:
    """Return what keeps a session from being a baseline; None: nothing does."""
    bad = sum(each.verdict.verdict is not Verdict.PASS for each in report.runs)
    if bad:
        return f"{bad} of {len(report.runs)} runs did not pass"
    if not report.runs:
        return "no load was run"
    return None if is_green else "the session is not green"
