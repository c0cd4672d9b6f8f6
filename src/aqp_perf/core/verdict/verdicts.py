"""Judges a run by its thresholds.

Counts that cannot be trusted make a run INVALID; only what needs no count FAILs it then: a lost
write, which the table proves, and a wrong answer, which the answer proves. Otherwise the precedence
is FAIL > INVALID > NO DATA > PASS. A limit FAILs only if the generator cannot have broken it, so a
FAIL is proven whatever another threshold lacks.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from math import isinf
from typing import Final

from aqp_perf.core.measured.failure_class import FailureClass
from aqp_perf.core.measured.operation import OperationResult
from aqp_perf.core.measured.run_result import RunResult
from aqp_perf.core.measured.selectors import matching_operations, name_in_text, names_in_text
from aqp_perf.core.proof.write_audit import WriteAudit
from aqp_perf.core.records import Count, Figure
from aqp_perf.core.verdict.bounds import (
    Bounds,
    bounds_of,
    has_enough_users,
    missing_requests,
    uncredited_lag_ms,
)
from aqp_perf.core.verdict.confidence import is_broken_anyhow, takes_proof, unproven_reason
from aqp_perf.core.verdict.judged_operations import JudgedOperations, Selection
from aqp_perf.core.verdict.metrics import MetricKind, format_quantity
from aqp_perf.core.verdict.observations import Observation, observe, samples_needed
from aqp_perf.core.verdict.thresholds import Threshold, parse_threshold
from aqp_perf.core.verdict.validity import (
    impairments,
    names_notes,
    unpassable_reasons,
    untimed_notes,
    untrusted_reasons,
    users_reason,
)

_NO_WRONG_ANSWER: Final = parse_threshold("wrong_answer_ratio <= 0")
_MOST_LEFT_OUT: Final = 5
"""Operations that a note names."""
_MOST_REASONS: Final = 20
"""Thresholds whose bounds were too wide, that are reasons of the run one by one."""


class Verdict(StrEnum):
    """The answer to one threshold, or to a whole run; only PASS is green."""

    PASS = "pass"  # noqa: S105 - a verdict, not a password
    FAIL = "fail"
    """The target is too slow or wrong."""
    INVALID = "invalid"
    """The load generator or the set-up impaired the measurement."""
    NO_DATA = "no data"
    """There are too few samples to judge."""


WORST_FIRST: Final = (Verdict.FAIL, Verdict.INVALID, Verdict.NO_DATA, Verdict.PASS)
"""The order of verdicts everywhere: the first of them that occurs is the verdict of a run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """One threshold on one operation; figures are in the unit of the threshold's limit."""

    operation: str | None
    """Label of the operation, or ``all``; the selector as written when it does not match exactly
    one; None for a threshold without selector that judged no operation."""
    threshold: Threshold
    """The rule, without a selector."""
    observed: Figure | None = None
    ci95: tuple[Figure, Figure] | None = None
    """95 % confidence interval; None for max and throughput, and for too few samples."""
    bounds: tuple[Figure, Figure | None] | None = None
    """Between which values it lies, whatever the generator did; the second is None when requests
    that have no latency make it endless."""
    touched: Count = 0
    """Requests that the generator can have made longer, or that have no latency."""
    samples: Count = 0
    verdict: Verdict
    reason: str = ""

    @property
    def margin_ratio(self) -> float | None:
        """Distance from the observed value to the limit, in limits; negative when broken."""
        if self.observed is None or not self.threshold.limit:
            return None
        margin = (self.threshold.limit - self.observed) / self.threshold.limit
        return margin if self.threshold.is_upper_limit else -margin


@dataclass(frozen=True, slots=True, kw_only=True)
class RunVerdict:
    """The verdict on a run, with its reasons."""

    verdict: Verdict
    judgements: tuple[Judgement, ...] = ()
    invalid_reasons: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    """What impaired load or clock, and did not decide the verdict."""
    left_out: tuple[str, ...] = ()
    """Which operations a threshold did not judge, because they have fewer requests than its
    ``min_samples``, or none after the warm-up."""

    @property
    def remarks(self) -> tuple[str, ...]:
        """What people should know beside the verdict and its reasons."""
        return (*self.left_out, *self.notes)

    @property
    def is_undecided(self) -> bool:
        """Whether it is INVALID although counts and load are sound: only bounds were too wide."""
        return any(
            reason in self.invalid_reasons[:1] for reason in _threshold_reasons(self.judgements)
        )


def judge(
    run: RunResult,
    thresholds: Sequence[Threshold],
    audit: WriteAudit | None = None,
    *,
    set_up_problems: Sequence[str] = (),
    proof: float | None = None,
) -> RunVerdict:
    """Judge a run by all thresholds; one without operation judges every operation on its own.

    A run without any request has NO DATA, even without thresholds. An aborted run has failed,
    unless it is INVALID. A run whose target lost a write has failed, even if it is INVALID.

    Args:
        run: what was measured.
        thresholds: the rules, of which abort rules do not judge.
        audit: what became of its writes; None: there was no audit.
        set_up_problems: other reasons for INVALID, such as an audit that could not be made.
        proof: confidence with which a limit must be kept or broken; None: the observed figure
            decides.
    """
    operations = JudgedOperations(run)
    selected = [(rule, operations.of(rule)) for rule in thresholds if not rule.aborts]
    judgements = tuple(
        judgement
        for rule, selection in selected
        for judgement in _judge(run, rule, selection, proof)
    )
    left_out = tuple(
        text
        for rule, selection in selected
        if selection.judged
        for text in _left_out_texts(rule, selection)
    )
    found = _judge_run(run, judgements, audit, set_up_problems)
    return replace(found, left_out=left_out, notes=(*names_notes(run), *found.notes))


def _judge_run(
    run: RunResult,
    judgements: tuple[Judgement, ...],
    audit: WriteAudit | None,
    set_up_problems: Sequence[str],
) -> RunVerdict:
    notes = (*impairments(run, with_remedy=False), *untimed_notes(run))
    untrusted = (*untrusted_reasons(run), *set_up_problems)
    if untrusted:
        has_lost = audit is not None and audit.lost > 0
        judgements = tuple(
            one if _is_wrong_answer(one) else replace(one, verdict=Verdict.INVALID)
            for one in judgements
        )
        verdict = Verdict.FAIL if has_lost else worst(one.verdict for one in judgements)
        if verdict is not Verdict.FAIL:
            verdict = Verdict.INVALID
        return RunVerdict(
            verdict=verdict, judgements=judgements, invalid_reasons=untrusted, notes=notes
        )
    if run.aborted is not None or (audit is not None and audit.faults):
        return RunVerdict(verdict=Verdict.FAIL, judgements=judgements, notes=notes)
    unpassable = tuple(unpassable_reasons(run))
    verdict = worst(one.verdict for one in judgements)
    if verdict is Verdict.FAIL:
        return RunVerdict(verdict=verdict, judgements=judgements, notes=(*unpassable, *notes))
    if unpassable or verdict is Verdict.INVALID:
        impaired = impairments(run, with_remedy=True)
        reasons = (*unpassable, *_threshold_reasons(judgements), *impaired)
        return RunVerdict(verdict=Verdict.INVALID, judgements=judgements, invalid_reasons=reasons)
    if not run.requests:
        verdict = Verdict.NO_DATA
    return RunVerdict(verdict=verdict, judgements=judgements, notes=notes)


def _is_wrong_answer(judgement: Judgement) -> bool:
    """Whether a judgement proves a wrong answer, which needs no clock and no whole count."""
    is_broken = judgement.verdict is Verdict.FAIL
    return is_broken and judgement.threshold.failure_class is FailureClass.WRONG_ANSWER


def _threshold_reasons(judgements: Iterable[Judgement]) -> Iterator[str]:
    undecided = [one for one in judgements if one.verdict is Verdict.INVALID]
    for one in undecided[:_MOST_REASONS]:
        yield f"{name_in_text(one.operation or '')}: {one.threshold.rule}: {one.reason}"
    more = len(undecided) - _MOST_REASONS
    if more > 0:
        yield f"{more} more thresholds are undecided"


def without_wrong_answers(run: RunResult, thresholds: Sequence[Threshold]) -> Iterator[Threshold]:
    """Yield ``wrong_answer_ratio <= 0`` for operations with checks and no threshold on them.

    A threshold on all requests together is on none of them, nor is one that leaves them out.
    """
    labelled = run.labelled
    covered = {
        label
        for threshold in thresholds
        if threshold.failure_class is FailureClass.WRONG_ANSWER and not threshold.aborts
        for label in matching_operations(threshold.operation, labelled)
        if labelled[label].requests >= (threshold.min_samples or 0)
    }
    for label, operation in labelled.items():
        if operation.shows_wrong_answers and label not in covered:
            yield replace(_NO_WRONG_ANSWER, operation=label)


def worst(verdicts: Iterable[Verdict]) -> Verdict:
    """Return the verdict that takes precedence; PASS without any."""
    return min((Verdict.PASS, *verdicts), key=WORST_FIRST.index)


def _judge(
    run: RunResult, threshold: Threshold, selection: Selection, proof: float | None
) -> Iterator[Judgement]:
    rule = replace(threshold, operation=None)
    if selection.reason:
        yield _no_data(threshold.operation, rule, selection.reason)
    elif not selection.judged:
        yield _all_left_out(threshold.operation, rule, selection.left_out)
    for label, operation in selection.judged.items():
        yield _judge_operation(run, label, operation, rule, proof)


def _no_data(operation: str | None, rule: Threshold, reason: str, samples: int = 0) -> Judgement:
    return Judgement(
        operation=operation,
        threshold=rule,
        samples=samples,
        verdict=Verdict.NO_DATA,
        reason=reason,
    )


def _all_left_out(
    selector: str | None, rule: Threshold, left_out: Mapping[str, OperationResult]
) -> Judgement:
    most = max(operation.requests for operation in left_out.values())
    if len(left_out) == 1:
        (selector,) = left_out
        reason = f"it has {most} requests, fewer than min_samples {rule.min_samples}"
    else:
        reason = f"no operation has more than {most} requests: min_samples is {rule.min_samples}"
    return _no_data(selector, rule, reason, most)


def _left_out_texts(rule: Threshold, selection: Selection) -> Iterator[str]:
    """Yield which operations a rule did not judge; names are cut, and only some are given."""
    causes = {
        f"with fewer than {rule.min_samples} requests": selection.left_out,
        "whose requests were all in the warm-up": selection.warmed_up,
    }
    for cause, operations in causes.items():
        if operations:
            count = "1 operation" if len(operations) == 1 else f"{len(operations)} operations"
            named = names_in_text(tuple(operations), _MOST_LEFT_OUT)
            yield f"left out of {rule.rule}: {count} {cause}: {named}"


def _judge_operation(
    run: RunResult,
    label: str,
    operation: OperationResult,
    rule: Threshold,
    confidence: float | None,
) -> Judgement:
    found = observe(operation, rule)
    if found is None:
        reason = "no request was completed"
        if operation.requests and rule.kind is MetricKind.RATIO:
            reason = "no answer was checked"
        elif operation.is_of_warmup:
            reason = f"all of its requests ({operation.warmup_requests}) were in the warm-up"
        elif operation.untimed:
            reason = "no request has a response time"
        return _no_data(label, rule, reason)
    bounds = bounds_of(run, operation, rule)
    is_met, is_meetable = rule.is_met_by(bounds.worse(rule)), rule.is_met_by(bounds.better(rule))
    unproven, needed = "", samples_needed(rule)
    if found.samples < needed and not is_broken_anyhow(run, operation, rule):
        metric = rule.rule if rule.kind is MetricKind.RATIO else rule.metric
        unproven = f"{metric} needs {needed} samples: {needed - found.samples} missing"
    elif confidence is not None and takes_proof(rule) and is_met == is_meetable:
        unproven = unproven_reason(run, operation, rule, confidence)
    if unproven:
        verdict, reason = Verdict.NO_DATA, unproven
    elif is_met:
        verdict = Verdict.PASS
        remarks = _close_reason(found, rule), _unknown_reason(operation, rule)
        reason = "; ".join(filter(None, remarks))
    elif is_meetable:
        verdict, reason = Verdict.INVALID, _undecided_reason(run, operation, rule, bounds)
    else:
        verdict, reason = Verdict.FAIL, _close_reason(found, rule)
    touched = 0 if operation.touched is None else operation.touched.requests
    return Judgement(
        operation=label,
        threshold=rule,
        observed=found.value,
        ci95=found.ci95,
        bounds=(bounds.least, None if isinf(bounds.most) else bounds.most),
        touched=touched + missing_requests(run, operation),
        samples=found.samples,
        verdict=verdict,
        reason=reason,
    )


def _close_reason(found: Observation, rule: Threshold) -> str:
    # Without any failure the limit is as far away as it can be, whatever the interval.
    interval = found.ci95 if found.value else None
    is_close = interval is not None and interval[0] < rule.limit < interval[1]
    return "close: the limit lies inside the 95 % interval" if is_close else ""


def _unknown_reason(operation: OperationResult, rule: Threshold) -> str:
    """Return that failures without a known class may be of the one that a rule limits."""
    unknown = operation.failure_classes.get(FailureClass.OTHER, 0)
    is_limited = rule.failure_class not in {None, FailureClass.OTHER, FailureClass.WRONG_ANSWER}
    if not unknown or not is_limited or not rule.is_upper_limit:
        return ""
    failures = "1 failure is" if unknown == 1 else f"{unknown} failures are"
    counts = f"{failures} of no known class, and not counted"
    if unknown < operation.failures or not operation.failure_messages:
        return counts
    messages = operation.failure_messages
    commonest = max(messages, key=lambda text: messages[text])
    return f"{counts}: {name_in_text(' '.join(commonest.split()))}"


def _undecided_reason(
    run: RunResult, operation: OperationResult, rule: Threshold, bounds: Bounds
) -> str:
    """Return between what the figure of the target alone lies, and why not more is known."""
    least = format_quantity(float(f"{bounds.least:.3g}"), rule.kind)
    causes = []
    missing = missing_requests(run, operation)
    if missing:
        causes.append(f"{missing} requests were due and have no answer")
    if rule.kind is MetricKind.LATENCY and not has_enough_users(run, rule.limit):
        causes.append(users_reason(run, rule.limit))
    touched = 0 if operation.touched is None else operation.touched.requests
    if touched:
        causes.append(f"stalls touched {touched} of {operation.requests} requests")
    if not causes:
        lag_ms = uncredited_lag_ms(run)
        causes.append(f"the generator was up to {lag_ms:.2g} ms late")
    found = f"at least {least}"
    if not isinf(bounds.most):
        found = f"{least} to {format_quantity(float(f'{bounds.most:.3g}'), rule.kind)}"
    return f"target alone {found}: {'; '.join(causes)}"
