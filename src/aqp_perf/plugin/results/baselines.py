"""Baselines: results of earlier sessions, kept under a name, that runs are compared with.

A baseline is an ordinary results file. It is saved whole or not at all, and replaces one of the
same name: when two sessions save one name at once, the later one wins.
"""

import os
import platform
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Final

from aqp_perf.core.comparison.compare import FALSE_ALARM_RATIO, compare
from aqp_perf.core.comparison.outcome import Comparison, not_compared
from aqp_perf.core.results.judged_run import JudgedRun, ResultsFile
from aqp_perf.core.results.results_document import read_results, results_text
from aqp_perf.core.results.run_fingerprint import RunFingerprint, minor
from aqp_perf.core.verdict.verdicts import Verdict
from aqp_perf.errors import BaselineUnusable, ResultError
from aqp_perf.files import read_file
from aqp_perf.plugin.settings.option_values import SUFFIX, is_path
from aqp_perf.plugin.settings.session_settings import BaselineSettings, MissingBaseline
from aqp_perf.reports.facts.decisive import rule_text
from aqp_perf.reports.facts.runs import run_names
from aqp_perf.reports.lines import Line, Style, printable
from aqp_perf.stores.file_store import STORE_ERRORS, FileStore

_MOST_BYTES: Final = 200_000_000
"""No session has results that large."""
_ADVICE: Final = (
    "save one with --perf-save, or allow it to be missing: -o perf_compare_missing=pass"
)


class Baselines:
    """The baselines of a session; the one to compare with is read before any load.

    Args:
        settings: what to do.
        root: folder that relative paths start from.

    Raises:
        BaselineUnusable: the one to compare with cannot be read, or none can be saved.
    """

    def __init__(self, settings: BaselineSettings, root: Path) -> None:
        self._settings, self._root = settings, root
        self.is_lost = False
        """Whether the baseline could not be saved, though it should have been."""
        self._absence = ""
        """Why there is nothing to compare with, though there should be."""
        self.results = None if settings.compare is None else self._read(settings.compare)
        """What runs are compared with; None: nothing."""
        if settings.save is not None:
            with _baseline_errors(settings.save):
                self._store().check_writable(settings.save + SUFFIX)

    def check_environment(self) -> None:
        """Check that runs of this machine and these versions can be compared, before any load.

        Raises:
            BaselineUnusable: they differ; it names the difference.
        """
        for run in () if self.results is None else self.results.runs[:1]:
            before = self._fingerprint_of(run)
            session = RunFingerprint(versions=before.versions, machine=before.machine)
            self._check_alike(session, environment_fingerprint())

    def check_run(self, test: str, number: int, fingerprint: RunFingerprint) -> None:
        """Check that a run can be compared, before its load.

        Args:
            test: node id of its test.
            number: of the run in the test, from 0.
            fingerprint: as far as it is known.

        Raises:
            BaselineUnusable: its baseline has another one; it names the difference.
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
        """Return the comparison of a run with its baseline; None: there is none to compare with.

        A run that turned out to be measured with something else is not compared. Every run of the
        baseline has an equal part of the false alarms that a session may raise.
        """
        name, rules = self._settings.compare, self._settings.rules
        if name is None:
            return None
        may_be_missing = self._settings.missing is MissingBaseline.PASS
        unmatched = Verdict.PASS if may_be_missing else Verdict.NO_DATA
        before = self._run(run.test, number)
        if self.results is None or before is None:
            why = self._absence or f"baseline {name} has no such run of this test"
            return not_compared(name, rules, why, unmatched)
        was, now = self._fingerprint_of(before), self._fingerprint_of(run)
        if differences := was.differences(now, self._settings.allowed):
            return self.uncompared(f"not comparable: {'; '.join(differences)}")
        return compare(
            before.run,
            run.run,
            rules,
            baseline=name,
            false_alarm_ratio=FALSE_ALARM_RATIO / len(self.results.runs),
            unmatched=unmatched,
        )

    def uncompared(self, why: str) -> Comparison | None:
        """Return that a run was not compared: NO DATA for every rule; None as in `compare`."""
        name = self._settings.compare
        if name is None:
            return None
        return not_compared(name, self._settings.rules, f"baseline {name}: {why}")

    def save(self, results: ResultsFile, *, is_green: bool = True) -> Line | None:
        """Save the session's results, if that was asked for and every run has passed.

        A run that passes because a change is not proven leaves the baseline as it is, too.

        Args:
            results: what the session measured.
            is_green: whether nothing else went wrong in the session, which may have cost it runs.

        Returns:
            What to print; None: nothing was to be saved.
        """
        name = self._settings.save
        if name is None:
            return None
        why = _why_not_saved(results, is_green=is_green)
        if why is not None:
            return Line(printable(f"baseline {name} not saved: {why}"))
        try:
            self._store().write(name + SUFFIX, results_text(results))
        except STORE_ERRORS as error:
            self.is_lost = True
            return Line(printable(f"ERROR: baseline {name} not saved: {error}"), Style.BAD)
        return Line(printable(f"baseline saved as {name} in {self._settings.place}"))

    def _store(self) -> FileStore:
        return self._settings.place.open(self._root)

    def _read(self, name: str) -> ResultsFile | None:
        """Return what runs are compared with; None: there is nothing, which is allowed."""
        with _baseline_errors(name):
            if is_path(name):
                held = read_file(self._root / name, _MOST_BYTES)
                absence = "there is no such file"
            else:
                store = self._store()
                held = store.read(name + SUFFIX, _MOST_BYTES)
                known = [
                    file.removesuffix(SUFFIX) for file in store.names() if file.endswith(SUFFIX)
                ]
                absence = f"there is none in {self._settings.place}, which has "
                absence += ", ".join(known) or "none at all"
            if held is not None:
                return read_results(held)
        if self._settings.missing is MissingBaseline.ERROR:
            raise BaselineUnusable(name, f"{absence}: {_ADVICE}")
        self._absence = f"baseline {name}: {absence}"
        return None

    def _run(self, test: str, number: int) -> JudgedRun | None:
        runs = () if self.results is None else self.results.runs
        of_test = [run for run in runs if run.test == test]
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
            parts = {difference.partition(":")[0] for difference in differences}
            detail = (
                f"not comparable: {'; '.join(differences)}: measure as it was, save another "
                "baseline with --perf-save, or allow the difference with "
                f"-o perf_compare_allow={','.join(sorted(allowed | parts))}"
            )
            raise BaselineUnusable(str(self._settings.compare), detail)


def environment_fingerprint() -> RunFingerprint:
    """Return the parts that are the same for all runs of a session."""
    packages = {name: minor(version(name)) for name in ("locust", "botocore")}
    return RunFingerprint(
        versions={"python": minor(platform.python_version()), **packages},
        machine={"cores": str(len(os.sched_getaffinity(0))), "architecture": platform.machine()},
    )


@contextmanager
def _baseline_errors(name: str) -> Iterator[None]:
    """Raise errors of a store or of its files as BaselineUnusable, with the baseline's name."""
    try:
        yield
    except (*STORE_ERRORS, ResultError) as error:
        raise BaselineUnusable(name, str(error)) from error


def _why_not_saved(results: ResultsFile, *, is_green: bool) -> str | None:
    """Return why a session cannot be a baseline; None: it can."""
    bad = sum(run.verdict.verdict is not Verdict.PASS for run in results.runs)
    if bad:
        return f"{bad} of {len(results.runs)} runs did not pass"
    if not results.runs:
        return "no load was run"
    return next(_unproven(results), None if is_green else "the session is not green")


def _unproven(results: ResultsFile) -> Iterator[str]:
    """Yield every change that is above its rule and not proven.

    As a baseline it would hide that change from the sessions that are to prove it.
    """
    for name, run in zip(run_names(results.runs), results.runs, strict=True):
        if run.comparison is not None:
            for judgement in run.comparison.judgements:
                if judgement.is_unproven:
                    found = rule_text(judgement, run.comparison.baseline)
                    yield f"{name}: {found}: worse than the rule allows, and not proven"
