"""The verdict on a run: what it means, its reasons, and every threshold."""

from collections.abc import Sequence
from math import inf
from typing import NamedTuple

from aqp_perf.core.results.judged_run import JudgedRun
from aqp_perf.core.verdict.observations import has_interval
from aqp_perf.core.verdict.verdicts import Judgement, Verdict
from aqp_perf.reports.facts.comparisons import EVERY_OPERATION, comparison_text, decisive_comparison
from aqp_perf.reports.figures import UNKNOWN, quantity_text


class ThresholdRow(NamedTuple):
    """One threshold on one operation."""

    verdict: Verdict
    rule: str
    observed: str
    margin: str
    samples: str
    reason: str


def threshold_rows(judgements: Sequence[Judgement]) -> dict[str, list[ThresholdRow]]:
    """Return the thresholds of every operation, both in the order in which they were given."""
    rows: dict[str, list[ThresholdRow]] = {}
    for judgement in judgements:
        rule, margin = judgement.threshold, judgement.margin_ratio
        row = ThresholdRow(
            verdict=judgement.verdict,
            rule=rule.rule,
            observed=_observed_text(judgement),
            margin=UNKNOWN if margin is None else f"{margin:+.0%}",
            samples=f"{judgement.samples:,}",
            reason=judgement.reason,
        )
        rows.setdefault(judgement.operation or EVERY_OPERATION, []).append(row)
    return rows


def _observed_text(judgement: Judgement) -> str:
    rule = judgement.threshold
    text = quantity_text(judgement.observed, rule.kind, judgement.ci95, rule.limit)
    is_unknown = judgement.ci95 is None and has_interval(rule) and judgement.observed is not None
    return f"{text} [{UNKNOWN}]" if is_unknown else text


def margin_rank(judgement: Judgement) -> float:
    """Return the margin of a threshold, by which the worst comes first.

    A limit of 0 has no margin: it comes first when it is broken, and last when it is not.
    """
    if judgement.margin_ratio is not None:
        return judgement.margin_ratio
    return -inf if judgement.verdict is Verdict.FAIL else inf


def verdict_reasons(judged: JudgedRun) -> tuple[str, ...]:
    """Return the reasons of a verdict that come from no threshold, the decisive one first."""
    invalid, verdict = judged.verdict.invalid_reasons, judged.verdict.verdict
    aborted = () if judged.run.aborted is None else (f"aborted: {judged.run.aborted}",)
    if verdict is Verdict.INVALID:
        return (*invalid, *aborted, *audit_faults(judged))
    return (*aborted, *audit_faults(judged), *invalid)


def audit_faults(judged: JudgedRun) -> tuple[str, ...]:
    """Return what the audit of the writes found wrong, in words."""
    return () if judged.write_audit is None else judged.write_audit.faults


def headline(judged: JudgedRun) -> str:
    """Return the verdict and what it means, in one line."""
    return f"{judged.verdict.verdict.upper()}: {headline_text(judged)}"


def headline_text(judged: JudgedRun) -> str:
    """Return what the verdict means, in a few words."""
    verdict = judged.verdict.verdict
    if verdict is Verdict.INVALID:
        text = "the run did not measure the target"
    elif judged.run.aborted is not None:
        text = "the run was aborted"
    elif verdict is Verdict.FAIL and audit_faults(judged):
        text = "the table does not hold what was written"
    elif not judged.run.requests:
        text = "no request was completed"
    elif (comparison := decisive_comparison(judged)) is not None:
        text = comparison_text(comparison)
    else:
        text = _counts_text([judgement.verdict for judgement in judged.verdict.judgements])
    return text


def _counts_text(verdicts: Sequence[Verdict]) -> str:
    if not verdicts:
        return "no threshold was set"
    broken, unjudged = verdicts.count(Verdict.FAIL), verdicts.count(Verdict.NO_DATA)
    text = f"{len(verdicts) - broken - unjudged} of {len(verdicts)} thresholds met"
    text += f", {broken} broken" if broken else ""
    return text + (f", {unjudged} not judged" if unjudged else "")
