"""What a verdict hangs on, in one line: the same on the screen, in JUnit, Markdown and HTML."""

from collections.abc import Iterator, Sequence
from math import inf
from typing import Final, NamedTuple

from aqp_perf.core.comparison.outcome import Comparison, ComparisonJudgement
from aqp_perf.core.results.judged_run import JudgedRun
from aqp_perf.core.verdict.metrics import MetricKind, format_quantity
from aqp_perf.core.verdict.verdicts import Judgement, Verdict, worst
from aqp_perf.reports.figures import observed_figure
from aqp_perf.reports.lines import cut_middle, printable
from aqp_perf.reports.text.comparison_block import comparison_text, then_and_now
from aqp_perf.reports.text.verdict_block import audit_faults, headline_text

_LONGEST_NAME: Final = 40
_URGENCY: Final = (Verdict.FAIL, Verdict.NO_DATA, Verdict.PASS, Verdict.INVALID)
_LIMIT: Final = {"<": "limit", "<=": "limit", ">": "more than", ">=": "at least"}


class _Finding(NamedTuple):
    verdict: Verdict
    rank: tuple[int, float]
    """Of findings with one verdict the lowest is decisive: thresholds first, then the worst."""
    text: str


def decisive_text(judged: JudgedRun) -> str:
    """Return in one line what a run's verdict hangs on most, and how much else is amiss.

    That is a limit that is broken most, or else could not be judged, or else is nearest; a
    comparison where no threshold is as bad.
    """
    verdict = judged.verdict
    if verdict.verdict is Verdict.INVALID and verdict.invalid_reasons:
        return _first_of(verdict.invalid_reasons)
    if judged.run.aborted is not None:
        return printable(f"ended early: {judged.run.aborted}")
    faults = audit_faults(judged)
    if faults:
        return _first_of(faults)
    found = [*map(_threshold, verdict.judgements), *_comparisons(judged.comparison)]
    if not judged.run.requests or not found:
        return printable(headline_text(judged))
    found.sort(key=lambda each: (_URGENCY.index(each.verdict), each.rank))
    decisive, *others = found
    return printable(decisive.text + _more(decisive.verdict, [each.verdict for each in others]))


def _more(shown: Verdict, others: Sequence[Verdict]) -> str:
    words = {Verdict.FAIL: "broken", Verdict.NO_DATA: "not judged"}
    texts = [
        f"{others.count(each)} {'more ' if each is shown else ''}{what}"
        for each, what in words.items()
        if each in others
    ]
    return f"; {', '.join(texts)}" if texts else ""


def _first_of(reasons: Sequence[str]) -> str:
    first, *others = reasons
    return printable(f"{first}; {len(others)} more" if others else first)


def _threshold(judgement: Judgement) -> _Finding:
    """Return what a threshold says; a limit of 0 has no margin: if broken, nothing is worse."""
    threshold, observed = judgement.threshold, judgement.observed
    verdict, margin = judgement.verdict, judgement.margin_ratio
    label = _label(judgement.operation)
    if verdict is Verdict.NO_DATA or observed is None:
        text = f"{label}{threshold.rule}: {judgement.reason}"
    else:
        figure = observed_figure(observed, None, threshold.kind, threshold.limit)
        limit = format_quantity(threshold.limit, threshold.kind)
        text = f"{label}{threshold.metric} {figure} ({_LIMIT[threshold.op]} {limit})"
    no_margin = -inf if verdict is Verdict.FAIL else inf
    return _Finding(verdict, (0, no_margin if margin is None else margin), text)


def _comparisons(comparison: Comparison | None) -> Iterator[_Finding]:
    if comparison is None:
        return
    if comparison.reason and comparison.judgements:
        yield _Finding(worst(comparison.verdicts), (1, 0.0), comparison_text(comparison))
        return
    for each in comparison.judgements:
        yield _Finding(each.verdict, (1, _room(each)), rule_text(each, comparison.baseline))


def rule_text(judgement: ComparisonJudgement, baseline: str) -> str:
    """Return one line about a rule: what it compared, then and now, or why it could not."""
    label, rule, change = _label(judgement.operation), judgement.rule, judgement.change
    if change is None or judgement.verdict is Verdict.NO_DATA:
        return f"{label}{rule.rule} against {baseline}: {judgement.reason}"
    return f"{label}{rule.metric} {then_and_now(change)} (rule {rule.limit})"


def _room(judgement: ComparisonJudgement) -> float:
    """Return how much worse a metric may still get, of what it was; negative when broken."""
    change, rule = judgement.change, judgement.rule
    if change is None:
        return inf
    if change.change_ratio is None:
        return -inf if change.after else inf
    worse = -change.change_ratio if rule.kind is MetricKind.THROUGHPUT else change.change_ratio
    return rule.most_ratio - worse


def _label(operation: str | None) -> str:
    return "" if operation is None else f"{cut_middle(printable(operation), _LONGEST_NAME)} "
