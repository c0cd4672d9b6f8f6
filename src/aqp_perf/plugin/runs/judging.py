"""The verdict on a load run, by all that is known of it: thresholds, audit, baseline."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from aqp_perf.core.comparison.outcome import Comparison
from aqp_perf.core.load.cost import RunCost
from aqp_perf.core.load.pacing import OWN_PACING, OpenModel
from aqp_perf.core.measured.run_result import RunResult
from aqp_perf.core.proof.write_audit import WriteAudit
from aqp_perf.core.results.judged_run import JudgedRun
from aqp_perf.core.results.run_fingerprint import RunFingerprint
from aqp_perf.core.verdict.thresholds import Threshold
from aqp_perf.core.verdict.verdicts import RunVerdict, Verdict, judge, without_wrong_answers, worst
from aqp_perf.errors import ThresholdsViolated
from aqp_perf.plugin.results.baselines import Baselines
from aqp_perf.plugin.results.collector import Collector
from aqp_perf.plugin.runs.site import Site
from aqp_perf.plugin.settings.load_settings import LoadSettings
from aqp_perf.reports.text.terminal import failure_text


@dataclass(slots=True, kw_only=True)
class FinishedRun:
    """A run that waits for its verdict."""

    result: RunResult
    load: LoadSettings
    site: Site
    fingerprint: RunFingerprint
    """What it was going to be measured with."""
    audit: WriteAudit | None = None
    cost: RunCost | None = None
    problems: tuple[str, ...] = ()
    """What makes it INVALID beside what it measured."""


class Judge:
    """Judges the runs of one test.

    Args:
        test: its node id.
        seed: of the data.
        collector: knows where a threshold of the whole session holds.
        baselines: what runs are compared with.
    """

    def __init__(self, test: str, seed: int, collector: Collector, baselines: Baselines) -> None:
        self._test, self._seed = test, seed
        self._collector, self._baselines = collector, baselines

    def so_far(self, result: RunResult, load: LoadSettings) -> RunVerdict:
        """Return what the thresholds say of a run under way."""
        return judge(result, self._applicable(result, load))

    def judge(self, run: FinishedRun) -> JudgedRun:
        """Return a run with the verdict of all but its baseline."""
        result, load, site = run.result, run.load, run.site
        verdict = judge(
            result, self._applicable(result, load), run.audit, set_up_problems=run.problems
        )
        profile = _shown_profile(run)
        return JudgedRun(
            test=self._test,
            target=site.info,
            aqp=site.aqp,
            profile=profile,
            seed=self._seed,
            run=result,
            verdict=verdict,
            write_audit=run.audit,
            cost=run.cost,
            unverified=_unverified(run),
            fingerprint=run.fingerprint.measured(profile),
        )

    def uncompared(self, judged: JudgedRun) -> JudgedRun:
        """Return a run as it is while its comparison has not come to its end."""
        return _beside(self._baselines.uncompared("the comparison was interrupted"), judged)

    def compared(self, judged: JudgedRun, number: int) -> JudgedRun:
        """Return a run with its baseline taken in.

        Args:
            judged: which, by all but its baseline.
            number: of the run in its test, from 0.
        """
        return _beside(self._baselines.compare(number, judged), judged)

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


def violations(judged: Iterable[JudgedRun]) -> ThresholdsViolated | None:
    """Return what makes the test body fail: runs whose target broke a threshold."""
    failed = [each for each in judged if each.verdict.verdict is Verdict.FAIL]
    return ThresholdsViolated("\n\n".join(map(failure_text, failed))) if failed else None


def raise_violations(judged: Iterable[JudgedRun]) -> None:
    """Raise what `violations` returns, if it is anything."""
    error = violations(judged)
    if error is not None:
        raise error


def _beside(comparison: Comparison | None, judged: JudgedRun) -> JudgedRun:
    """Return a run with what a comparison, if there is one, says of it."""
    if comparison is None:
        return judged
    taken_in = worst((judged.verdict.verdict, *comparison.verdicts))
    verdict = replace(judged.verdict, verdict=taken_in)
    return replace(judged, verdict=verdict, comparison=comparison)


def _shown_profile(run: FinishedRun) -> dict[str, object]:
    profile = run.load.to_json()
    if isinstance(run.load.pacing, OpenModel) and run.result.generator.arrivals_due is None:
        profile["pacing"] = OWN_PACING  # its users take no arrivals
    if run.site.table is None:  # there is nothing that either could be held against
        profile["verify"] = profile["audit"] = "off"
    return profile


def _unverified(run: FinishedRun) -> str | None:
    """Return why no answer was checked; None: some were, or there was none to check."""
    if not run.load.verification.ratio:
        return "the verification is off"
    if run.site.unverifiable is not None:
        return run.site.unverifiable
    reads = [each for each in run.result.operations if each.requests and not each.is_write]
    is_unseen = bool(reads) and all(each.is_unverified for each in reads)
    return "none of them was checked" if is_unseen else None
