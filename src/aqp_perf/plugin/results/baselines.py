"""Baselines: results of earlier sessions, kept under a name, that runs are compared with.

An anchor is one that stays: against a baseline that every night replaces, a change of a few percent
a night is never seen.

A baseline is an ordinary results file. It is saved whole or not at all, and replaces one of the
same name: when two sessions save one name at once, the later one wins.
"""

import platform
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Final

from aqp_perf.core.comparison.compare import FALSE_ALARM_RATIO
from aqp_perf.core.comparison.outcome import Comparison
from aqp_perf.core.results.judged_run import JudgedRun, ResultsFile
from aqp_perf.core.results.results_document import read_results, results_text
from aqp_perf.core.results.run_fingerprint import RunFingerprint, minor
from aqp_perf.core.verdict.verdicts import Verdict
from aqp_perf.errors import BaselineUnusable
from aqp_perf.files import read_file
from aqp_perf.history.reading import read_history
from aqp_perf.operating_system import usable_cores
from aqp_perf.plugin.results.references import Reference, reference_errors
from aqp_perf.plugin.settings.option_values import SUFFIX, MissingBaseline, best_sessions, is_path
from aqp_perf.plugin.settings.session_settings import BaselineSettings
from aqp_perf.reports.facts.decisive import rule_text
from aqp_perf.reports.facts.runs import run_names
from aqp_perf.reports.lines import Line, Style, printable
from aqp_perf.stores.file_store import STORE_ERRORS, FileStore

_MOST_BYTES: Final = 200_000_000
"""No session has results that large."""
_NONE_PASSED: Final = "no session of the history has passed"
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
        self.references: Final = tuple(self._references())
        """What runs are compared with: the baseline, the anchor."""
        if settings.save is not None:
            with reference_errors(settings.save):
                self._store().check_writable(settings.save + SUFFIX)

    def check_environment(self) -> None:
        """Check that runs of this machine and these versions can be compared, before any load.

        Raises:
            BaselineUnusable: they differ; it names the difference.
        """
        for reference in self.references:
            reference.check_environment(environment_fingerprint())

    def check_run(self, test: str, number: int, fingerprint: RunFingerprint) -> None:
        """Check that a run can be compared, before its load.

        Args:
            test: node id of its test.
            number: of the run in the test, from 0.
            fingerprint: as far as it is known.

        Raises:
            BaselineUnusable: its baseline has another one; it names the difference.
        """
        for reference in self.references:
            reference.check_run(test, number, fingerprint)

    def compare(self, number: int, run: JudgedRun) -> tuple[Comparison, ...]:
        """Return the comparisons of a run; they share the false alarms that a session may raise."""
        ratio = FALSE_ALARM_RATIO / max(len(self.references), 1)
        return tuple(reference.compare(number, run, ratio) for reference in self.references)

    def uncompared(self, why: str) -> tuple[Comparison, ...]:
        """Return that a run was not compared: NO DATA for every rule."""
        return tuple(reference.uncompared(why) for reference in self.references)

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

    def _references(self) -> Iterator[Reference]:
        settings = self._settings
        may_be_missing = settings.missing is MissingBaseline.PASS
        if settings.compare is not None:
            found = self._read(settings.compare, "baseline")
            baseline = Reference(name=settings.compare, is_anchor=False, settings=settings)
            if isinstance(found, ResultsFile):
                yield replace(baseline, sessions=(found,))
            elif may_be_missing:
                yield replace(baseline, absence=f"baseline {settings.compare}: {found}")
            else:
                raise BaselineUnusable(settings.compare, f"{found}: {_ADVICE}")
        if settings.anchor is not None:
            anchor = Reference(name=settings.anchor, is_anchor=True, settings=settings)
            best_of = best_sessions(settings.anchor)
            if best_of is None:
                found = self._read(settings.anchor, "anchor")
                if not isinstance(found, ResultsFile):
                    raise BaselineUnusable(settings.anchor, found, "anchor")
                yield replace(anchor, sessions=(found,))
            elif sessions := self._passed()[-best_of:]:
                yield replace(anchor, sessions=sessions)
            elif may_be_missing:
                yield replace(anchor, absence=f"anchor {settings.anchor}: {_NONE_PASSED}")
            else:
                detail = f"{_NONE_PASSED}: allow it for now: -o perf_compare_missing=pass"
                raise BaselineUnusable(settings.anchor, detail, "anchor")

    def _read(self, name: str, kind: str) -> ResultsFile | str:
        """Return the results of this name or in this file, or that there are none."""
        with reference_errors(name, kind):
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
            return absence if held is None else read_results(held)

    def _passed(self) -> list[ResultsFile]:
        """Return the sessions of the history that passed and say what they were measured with."""
        place = self._settings.history
        if place is None:
            return []
        with reference_errors(str(self._settings.anchor), "anchor"):
            sessions = read_history(place.open(Path.cwd())).sessions
        return [
            session
            for session in sessions
            if session.final_runs and all(map(_is_good, session.final_runs))
        ]


def _is_good(run: JudgedRun) -> bool:
    return run.verdict.verdict is Verdict.PASS and run.fingerprint is not None


def sender_versions() -> dict[str, str]:
    """Return the versions of what sends the load by package; botocore is in an extra."""
    versions = {"locust": version("locust")}
    with suppress(PackageNotFoundError):
        versions["botocore"] = version("botocore")
    return versions


def environment_fingerprint() -> RunFingerprint:
    """Return the parts that are the same for all runs of a session."""
    packages = {name: minor(text) for name, text in sender_versions().items()}
    return RunFingerprint(
        versions={"python": minor(platform.python_version()), **packages},
        machine={"cores": str(usable_cores()), "architecture": platform.machine()},
    )


def _why_not_saved(results: ResultsFile, *, is_green: bool) -> str | None:
    """Return why a session cannot be a baseline; None: it can."""
    runs = results.final_runs
    bad = sum(run.verdict.verdict is not Verdict.PASS for run in runs)
    if bad:
        return f"{bad} of {len(runs)} runs did not pass"
    if not runs:
        return "no load was run"
    return next(_unproven(results), None if is_green else "the session is not green")


def _unproven(results: ResultsFile) -> Iterator[str]:
    """Yield every change that is above its rule and not proven.

    As a baseline it would hide that change from the sessions that are to prove it.
    """
    runs = results.final_runs
    for name, run in zip(run_names(runs), runs, strict=True):
        for comparison in run.comparisons:
            for judgement in comparison.judgements:
                if judgement.is_unproven:
                    found = rule_text(judgement, comparison)
                    yield f"{name}: {found}: worse than the rule allows, and not proven"
