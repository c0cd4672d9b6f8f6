"""The verdict on a load run from all that is known of it: thresholds, audit, baseline."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import Final

from aqp_perf.core.comparison.outcome import Comparison
from aqp_perf.core.load.cost import RunCost
from aqp_perf.core.load.pacing import OWN_PACING, OpenModel
from aqp_perf.core.measured.run_result import RunResult
from aqp_perf.core.proof.write_audit import WriteAudit
from aqp_perf.core.results.judged_run import JudgedRun
from aqp_perf.core.results.run_fingerprint import RunFingerprint
from aqp_perf.core.verdict.thresholds import Threshold
from aqp_perf.core.verdict.verdicts import Verdict, judge, without_wrong_answers, worst
from aqp_perf.plugin.results.collector import applies
from aqp_perf.plugin.runs.load_request import LoadRequest
from aqp_perf.plugin.runs.site import Site
from aqp_perf.plugin.settings.load_settings import LoadSettings

_MOST_REASONS: Final = 20
"""Undecided rules of a comparison that are reasons of the run one by one."""


@dataclass(slots=True, kw_only=True)
class FinishedRun:
    """A run that waits for its verdict."""

    request: LoadRequest
    site: Site
    result: RunResult
    fingerprint: RunFingerprint
    """What it was going to be measured with."""
    audit: WriteAudit | None = None
    cost: RunCost | None = None
    problems: tuple[str, ...] = ()
    """What makes it INVALID beside what it measured."""


def judge_run(test: str, seed: int, run: FinishedRun) -> JudgedRun:
    """Return a run of a test with its verdict, before it is compared with a baseline."""
    profile = _shown_profile(run)
    verdict = judge(
        run.result,
        applicable(run.result, run.request.load),
        run.audit,
        set_up_problems=run.problems,
        proof=run.request.load.proof,
    )
    result = run.result
    if verdict.verdict is not Verdict.INVALID:  # else they may say why
        result = replace(result, log_errors=())
    return JudgedRun(
        test=test,
        target=run.site.info,
        aqp=None if run.site.aqp is None else str(run.site.aqp),
        profile=profile,
        seed=seed,
        run=result,
        verdict=verdict,
        write_audit=run.audit,
        cost=run.cost,
        unverified=_unverified(run),
        fingerprint=run.fingerprint.measured(profile),
    )


def applicable(result: RunResult, load: LoadSettings) -> list[Threshold]:
    """Return the thresholds of a run; one of the session holds where its operation runs."""
    return [
        *(
            threshold
            for threshold in load.thresholds
            if threshold not in load.session_thresholds or applies(threshold, result)
        ),
        *without_wrong_answers(result, load.thresholds),
    ]


def with_comparisons(judged: JudgedRun, comparisons: Sequence[Comparison]) -> JudgedRun:
    """Return a run whose verdict includes comparisons: with a baseline, an anchor, or none."""
    verdict = worst(
        (judged.verdict.verdict, *chain.from_iterable(it.verdicts for it in comparisons))
    )
    reasons = judged.verdict.invalid_reasons
    if verdict is Verdict.INVALID:
        undecided = [
            f"{it.operation}: {it.rule.rule} since {comparison.title}: {it.reason}"
            for comparison in comparisons
            for it in comparison.judgements
            if it.verdict is Verdict.INVALID
        ]
        more = len(undecided) - _MOST_REASONS
        if more > 0:
            undecided[_MOST_REASONS:] = [f"{more} more rules are undecided"]
        reasons += tuple(undecided)
    return replace(
        judged,
        verdict=replace(judged.verdict, verdict=verdict, invalid_reasons=reasons),
        comparison=next((it for it in comparisons if not it.is_anchor), None),
        anchor_comparison=next((it for it in comparisons if it.is_anchor), None),
    )


def _shown_profile(run: FinishedRun) -> dict[str, object]:
    profile = run.request.load.to_json()
    if isinstance(run.request.load.pacing, OpenModel) and run.result.generator.arrivals_due is None:
        profile["pacing"] = OWN_PACING  # its users take no arrivals
    if run.site.table is None:  # neither has anything to compare with
        profile["verify"] = profile["audit"] = "off"
    return profile


def _unverified(run: FinishedRun) -> str | None:
    """Return why no answer was checked; None: some were, or there was none to check."""
    if not run.request.load.verify.ratio:
        return "the verification is off"
    if run.site.unverifiable is not None:
        return run.site.unverifiable
    reads = [
        operation
        for operation in run.result.operations
        if operation.requests and not operation.is_write
    ]
    is_unseen = bool(reads) and all(operation.is_unverified for operation in reads)
    return "none of them was checked" if is_unseen else None
