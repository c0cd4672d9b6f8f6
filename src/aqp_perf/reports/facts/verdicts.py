"""The verdict on a run: what it means, its reasons, and every threshold."""

from collections.abc import Iterator, Sequence
from math import inf
from typing import Final, NamedTuple

from aqp_perf.core.measured.failure_class import FailureClass
from aqp_perf.core.results.judged_run import JudgedRun
from aqp_perf.core.verdict.metrics import format_quantity
from aqp_perf.core.verdict.observations import has_interval
from aqp_perf.core.verdict.validity import exit_code_reasons
from aqp_perf.core.verdict.verdicts import Judgement, RunVerdict, Verdict
from aqp_perf.reports.facts.comparisons import comparison_text, decisive_comparison
from aqp_perf.reports.facts.proof import kinds_text
from aqp_perf.reports.facts.shown import EVERY_OPERATION, MOST_SHOWN, Shown, shown
from aqp_perf.reports.figures import UNKNOWN, counted, quantity_text, range_text
from aqp_perf.reports.lines import short_name

UNMET: Final = {
    Verdict.FAIL: "broken",
    Verdict.INVALID: "undecided",
    Verdict.NO_DATA: "not judged",
}
"""What thresholds are that are not met, the worst first."""
AS_OBSERVED: Final = "as observed"
"""Instead of bounds, where the generator cannot have changed the observed value."""
_LIMIT: Final = {"<": "limit", "<=": "limit", ">": "more than", ">=": "at least"}


class ThresholdRow(NamedTuple):
    """One threshold on one operation."""

    verdict: Verdict
    rule: str
    observed: str
    bounds: str
    """Empty where the generator cannot have changed the observed value."""
    margin: str
    samples: str
    reason: str


def threshold_rows(judged: JudgedRun) -> Shown[list[ThresholdRow]]:
    """Return the thresholds of the operations that are shown, in the order as they were given.

    A key is the label of an operation, with the number of its requests that were touched.
    """
    judgements: dict[str, list[Judgement]] = {}
    for judgement in judged.verdict.judgements:
        judgements.setdefault(judgement.operation or EVERY_OPERATION, []).append(judgement)
    kept = shown(judged, judgements)
    rows = {}
    for label, of_label in kept.of.items():
        touched = max(judgement.touched for judgement in of_label)
        title = f"{label} ({_touched_text(touched)})" if touched else label
        rows[title] = list(_rows(of_label, judged.verdict))
    return Shown(rows, kept.left_out)


def _rows(judgements: Sequence[Judgement], verdict: RunVerdict) -> Iterator[ThresholdRow]:
    for judgement in judgements:
        rule, margin = judgement.threshold, judgement.margin_ratio
        yield ThresholdRow(
            verdict=judgement.verdict,
            rule=rule.rule,
            observed=_observed_text(judgement),
            bounds=bounds_text(judgement),
            margin=UNKNOWN if margin is None else f"{margin:+.0%}",
            samples=f"{judgement.samples:,}",
            reason="" if _is_listed(judgement, verdict) else judgement.reason,
        )


def _observed_text(judgement: Judgement) -> str:
    rule = judgement.threshold
    text = quantity_text(judgement.observed, rule.kind, judgement.ci95, rule.limit)
    is_unknown = judgement.ci95 is None and has_interval(rule) and judgement.observed is not None
    return f"{text} [{UNKNOWN}]" if is_unknown else text


def _is_listed(judgement: Judgement, verdict: RunVerdict) -> bool:
    """Whether the reasons of the run say why a threshold is undecided."""
    return judgement.verdict is Verdict.INVALID and bool(verdict.invalid_reasons)


def bounds_text(judgement: Judgement) -> str:
    """Return between what the figure of the target alone lies; empty where that is as observed."""
    if judgement.bounds is None or judgement.observed is None:
        return ""
    rule, (least, most) = judgement.threshold, judgement.bounds
    is_decided = rule.is_met_by(least) == rule.is_met_by(inf if most is None else most)
    if is_decided and not judgement.touched:  # by microseconds of the event loop's lag
        return ""
    text = range_text(least, most, rule.kind, rule.limit)
    is_as_observed = text == quantity_text(judgement.observed, rule.kind, limit=rule.limit)
    return "" if is_as_observed else text


def threshold_text(judgement: Judgement) -> str:
    """Return the outcome of a threshold in one line."""
    threshold, observed = judgement.threshold, judgement.observed
    label = "" if judgement.operation is None else f"{short_name(judgement.operation)} "
    if judgement.verdict is Verdict.NO_DATA or observed is None:
        return f"{label}{threshold.rule}: {judgement.reason}"
    figure = quantity_text(observed, threshold.kind, limit=threshold.limit)
    limit = format_quantity(threshold.limit, threshold.kind)
    text = f"{label}{threshold.metric} {figure} ({_LIMIT[threshold.op]} {limit})"
    bounds = bounds_text(judgement)
    if not bounds or judgement.verdict is Verdict.PASS:  # they decided nothing
        return text
    return f"{text}, target alone {bounds} ({_touched_text(judgement.touched)})"


def outcome_text(judged: JudgedRun, judgement: Judgement) -> str:
    """Return the outcome of a threshold in one line; wrong answers that broke it are counted."""
    operation = judged.run.labelled.get(judgement.operation or "")
    answers = None if operation is None else operation.answers
    if (
        judgement.verdict is not Verdict.FAIL
        or judgement.threshold.failure_class is not FailureClass.WRONG_ANSWER
        or answers is None
    ):
        return threshold_text(judgement)
    return (
        f"{short_name(judgement.operation or '')}: {answers.wrong_count:,} of "
        f"{counted(answers.checked, 'answer')} {'was' if answers.checked == 1 else 'were'} wrong "
        f"({kinds_text(answers)})"
    )


def _touched_text(touched: int) -> str:
    return f"{counted(touched, 'request')} touched"


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
    # What is proven comes first, although the counts cannot be trusted.
    is_broken = [one for one in judged.verdict.judgements if one.verdict is Verdict.FAIL]
    proven = [outcome_text(judged, one) for one in (is_broken if invalid else ())]
    if len(proven) > MOST_SHOWN:
        proven[MOST_SHOWN:] = [f"{len(proven) - MOST_SHOWN} more are broken"]
    untrusted = (f"counts cannot be trusted: {reason}" for reason in invalid)
    return (*aborted, *audit_faults(judged), *proven, *untrusted)


def log_texts(judged: JudgedRun) -> tuple[str, ...]:
    """Return the errors in the load generator's log; only an INVALID run has any."""
    return tuple(f"log: {line}" for line in judged.run.log_errors)


def audit_faults(judged: JudgedRun) -> tuple[str, ...]:
    """Return what the audit of the writes found wrong, in words."""
    return () if judged.write_audit is None else judged.write_audit.faults


def headline(judged: JudgedRun) -> str:
    """Return the verdict and what it means, in one line."""
    return f"{judged.verdict.verdict.upper()}: {headline_text(judged)}"


def headline_text(judged: JudgedRun) -> str:
    """Return what the verdict means, in a few words."""
    verdict = judged.verdict.verdict
    counts = _counts_text([judgement.verdict for judgement in judged.verdict.judgements])
    own_check = tuple(exit_code_reasons(judged.run))
    if judged.verdict.is_undecided:
        text = f"{counts}: the load generator or its machine may have decided"
    elif own_check and judged.verdict.invalid_reasons[:1] == own_check:  # counts and load are sound
        text = f"{counts}: a check of the locustfile's own was not"
    elif verdict is Verdict.INVALID and decisive_comparison(judged) is None:
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
        text = counts
    return text


def _counts_text(verdicts: Sequence[Verdict]) -> str:
    if not verdicts:
        return "no threshold was set"
    others = ", ".join(
        f"{verdicts.count(verdict)} {word}"
        for verdict, word in UNMET.items()
        if verdict in verdicts
    )
    met = f"{verdicts.count(Verdict.PASS)} of {len(verdicts)} thresholds met"
    return f"{met}, {others}" if others else met
