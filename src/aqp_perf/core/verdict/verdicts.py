"""From figures to verdicts: what a run proves about its target, if it proves anything.

Precedence: INVALID > FAIL > NO DATA > PASS. INVALID goes first, because figures of a spoiled
measurement prove nothing; but a lost write is proven by the table, and FAILs any run. FAIL goes
before NO DATA: one limit that was broken is proven, whatever another one lacked; the missing
samples are still reported beside it.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from aqp_perf.core.measured.failure_class import FailureClass
from aqp_perf.core.measured.operation import OperationResult
from aqp_perf.core.measured.run_result import RunResult
from aqp_perf.core.measured.selectors import matching_operations
from aqp_perf.core.proof.write_audit import WriteAudit
from aqp_perf.core.verdict.metrics import MetricKind
from aqp_perf.core.verdict.observations import observe, samples_for
from aqp_perf.core.verdict.thresholds import Threshold, parse_threshold
from aqp_perf.core.verdict.validity import invalid_reasons

_NO_WRONG_ANSWER: Final = parse_threshold("wrong_answer_ratio <= 0")


class Verdict(StrEnum):
    """The answer to one threshold, or to a whole run; only PASS is green."""

    PASS = "pass"  # noqa: S105 - a verdict, not a password
    FAIL = "fail"
    """The target is too slow or wrong."""
    INVALID = "invalid"
    """The load generator or the set-up spoiled the measurement."""
    NO_DATA = "no data"
    """There are too few samples to tell."""


_PRECEDENCE: Final = (Verdict.PASS, Verdict.NO_DATA, Verdict.FAIL, Verdict.INVALID)


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """One threshold on one operation; figures are in the unit of the threshold's limit."""

    operation: str | None
    """Label of the operation; the selector as written when it did not find exactly one, and None
    for a threshold on every operation of a run that had none."""
    threshold: Threshold
    """The rule, without a selector."""
    observed: float | None = None
    ci95: tuple[float, float] | None = None
    """95 % confidence interval; None for max and throughput, and for too few samples."""
    samples: int = 0
    verdict: Verdict
    reason: str = ""

    @property
    def margin_ratio(self) -> float | None:
        """Distance from the observed value to the limit, in limits; negative when it is broken."""
        if self.observed is None or not self.threshold.limit:
            return None
        margin = (self.threshold.limit - self.observed) / self.threshold.limit
        return margin if self.threshold.is_upper_limit else -margin


@dataclass(frozen=True, slots=True, kw_only=True)
class RunVerdict:
    """The verdict on a run with everything that led to it."""

    verdict: Verdict
    judgements: tuple[Judgement, ...] = ()
    invalid_reasons: tuple[str, ...] = ()


def judge(
    run: RunResult,
    thresholds: Sequence[Threshold],
    audit: WriteAudit | None = None,
    *,
    set_up_problems: Sequence[str] = (),
) -> RunVerdict:
    """Judge every threshold, whatever the others said; one without operation judges all of them.

    A run without a single request has NO DATA, with thresholds or without. One that was aborted has
    failed, unless the load generator spoiled it. One whose target lost a write has failed whatever
    else is to be said of it: to prove that takes no clock.

    Args:
        run: what was measured.
        thresholds: what it is judged by.
        audit: what became of its writes; None: it was not asked.
        set_up_problems: what else makes the run INVALID, such as an audit that could not be made.
    """
    judgements = tuple(
        each for threshold in thresholds if not threshold.aborts for each in _judge(run, threshold)
    )
    reasons = (*invalid_reasons(run, thresholds), *set_up_problems)
    if reasons:
        has_lost = audit is not None and audit.lost > 0
        return RunVerdict(
            verdict=Verdict.FAIL if has_lost else Verdict.INVALID,
            judgements=tuple(replace(each, verdict=Verdict.INVALID) for each in judgements),
            invalid_reasons=reasons,
        )
    if run.aborted is not None or (audit is not None and audit.faults):
        return RunVerdict(verdict=Verdict.FAIL, judgements=judgements)
    if not run.requests:
        return RunVerdict(verdict=Verdict.NO_DATA, judgements=judgements)
    return RunVerdict(verdict=worst(each.verdict for each in judgements), judgements=judgements)


def without_wrong_answers(run: RunResult, thresholds: Sequence[Threshold]) -> Iterator[Threshold]:
    """Yield the threshold that holds where answers are seen and nothing else is said of them."""
    said = [
        each
        for each in thresholds
        if each.failure_class is FailureClass.WRONG_ANSWER and not each.aborts
    ]
    labelled = run.labelled
    for label, operation in labelled.items():
        is_said = any(
            each.operation is None or label in matching_operations(each.operation, labelled)
            for each in said
        )
        if operation.shows_wrong_answers and not is_said:
            yield replace(_NO_WRONG_ANSWER, operation=label)


def worst(verdicts: Iterable[Verdict]) -> Verdict:
    """Return the verdict that goes before the others; PASS when there is none."""
    return max((Verdict.PASS, *verdicts), key=_PRECEDENCE.index)


def _judge(run: RunResult, threshold: Threshold) -> Iterator[Judgement]:
    rule = replace(threshold, operation=None)
    labelled = run.labelled
    selector = threshold.operation
    labels = tuple(labelled) if selector is None else matching_operations(selector, labelled)
    if selector is None and rule.failure_class is FailureClass.WRONG_ANSWER and labels:
        labels = tuple(label for label in labels if labelled[label].shows_wrong_answers)
        if not labels:
            reason = "no answer was checked"
            yield Judgement(operation=None, threshold=rule, verdict=Verdict.NO_DATA, reason=reason)
            return
    if selector is None and labels:
        for label in labels:
            yield _judge_operation(label, labelled[label], rule)
    elif len(labels) == 1:
        yield _judge_operation(labels[0], labelled[labels[0]], rule)
    else:
        reason = (
            f"several operations match: {', '.join(labels)}"
            if labels
            else f"no such operation ran; the run has {', '.join(labelled) or 'none'}"
        )
        yield Judgement(operation=selector, threshold=rule, verdict=Verdict.NO_DATA, reason=reason)


def _judge_operation(label: str, operation: OperationResult, rule: Threshold) -> Judgement:
    observation = observe(operation, rule)
    if observation is None:
        return Judgement(
            operation=label,
            threshold=rule,
            verdict=Verdict.NO_DATA,
            reason="no answer was checked"
            if operation.requests and rule.kind is MetricKind.RATIO
            else "no request was completed",
        )
    observed, ci95 = observation
    samples = operation.requests
    if rule.kind is MetricKind.LATENCY:
        samples = operation.latency.count
    elif rule.kind is MetricKind.RATIO:
        _, samples = operation.failures_of(rule.failure_class)
    needed = 1 if rule.quantile is None else samples_for(rule.quantile)
    if samples < needed:
        verdict = Verdict.NO_DATA
        reason = f"{rule.metric} needs {needed} samples: {needed - samples} missing"
    else:
        verdict = Verdict.PASS if rule.is_met_by(observed) else Verdict.FAIL
        # No failure at all is as far from a limit as it gets: more samples narrow the interval.
        is_close = ci95 is not None and bool(observed) and ci95[0] < rule.limit < ci95[1]
        reason = "close: the limit lies inside the 95 % interval" if is_close else ""
    return Judgement(
        operation=label,
        threshold=rule,
        observed=observed,
        ci95=ci95,
        samples=samples,
        verdict=verdict,
        reason=reason,
    )
