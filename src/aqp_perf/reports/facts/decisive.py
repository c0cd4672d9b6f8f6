"""What decided a verdict, in one line: the same on the screen, in JUnit, Markdown and HTML."""

from collections.abc import Iterator, Sequence
from math import inf
from typing import NamedTuple

from aqp_perf.core.comparison.outcome import Comparison, ComparisonJudgement
from aqp_perf.core.results.judged_run import JudgedRun
from aqp_perf.core.verdict.metrics import MetricKind
from aqp_perf.core.verdict.validity import names_notes
from aqp_perf.core.verdict.verdicts import WORST_FIRST, Judgement, Verdict, worst
from aqp_perf.reports.facts.comparisons import change_text, comparison_text
from aqp_perf.reports.facts.verdicts import (
    UNMET,
    headline_text,
    margin_rank,
    outcome_text,
    verdict_reasons,
)
from aqp_perf.reports.figures import counted
from aqp_perf.reports.lines import printable, short_name


class _Finding(NamedTuple):
    verdict: Verdict
    rank: tuple[int, float]
    """Of findings with one verdict the lowest is decisive: thresholds first, then the worst."""
    text: str


def decisive_text(judged: JudgedRun) -> str:
    """Return what decided the verdict of a run in one line, and how much else went wrong.

    That is the first of these: a reason of the run itself, the limit broken by most, a limit that
    is undecided, one that could not be judged, the nearest limit. A rule of a comparison is named
    where no threshold is as bad.
    """
    reasons = verdict_reasons(judged)
    if reasons:
        first, *more = reasons
        return printable(f"{first}; {counted(len(more), 'more reason')}" if more else first)
    found = [_threshold(judged, judgement) for judgement in judged.verdict.judgements]
    found += _comparisons(judged.comparisons)
    if not judged.run.requests or not found:
        return printable(headline_text(judged))
    found.sort(key=lambda finding: (WORST_FIRST.index(finding.verdict), finding.rank))
    decisive, *others = found
    more_text = _more(decisive.verdict, [finding.verdict for finding in others])
    return printable("".join((decisive.text, more_text, *_names_hint(judged))))


def rule_text(judgement: ComparisonJudgement, comparison: Comparison) -> str:
    """Return the outcome of a rule in one line: the change it judged, or why it could not."""
    label, rule, change = _label(judgement.operation), judgement.rule, judgement.change
    if change is None or judgement.verdict in {Verdict.NO_DATA, Verdict.INVALID}:
        name = comparison.title if comparison.is_anchor else comparison.baseline
        return f"{label}{rule.rule} against {name}: {judgement.reason}"
    since = f" since {comparison.title}" if comparison.is_anchor else ""
    return f"{label}{rule.metric} {change_text(change)}{since} (allowed: {rule.limit})"


def _more(shown: Verdict, others: Sequence[Verdict]) -> str:
    texts = [
        f"{others.count(verdict)} {'more ' if verdict is shown else ''}{word}"
        for verdict, word in UNMET.items()
        if verdict in others
    ]
    return f"; {', '.join(texts)}" if texts else ""


def _names_hint(judged: JudgedRun) -> Iterator[str]:
    """Yield what to do when requests of too many names left too few to judge."""
    if judged.verdict.verdict is Verdict.NO_DATA:
        yield from (f"; {note}" for note in names_notes(judged.run))


def _threshold(judged: JudgedRun, judgement: Judgement) -> _Finding:
    text = outcome_text(judged, judgement)
    return _Finding(judgement.verdict, (0, margin_rank(judgement)), text)


def _comparisons(comparisons: Sequence[Comparison]) -> Iterator[_Finding]:
    for comparison in comparisons:
        if comparison.reason and comparison.judgements:
            yield _Finding(worst(comparison.verdicts), (1, 0.0), comparison_text(comparison))
            continue
        for judgement in comparison.judgements:
            text = rule_text(judgement, comparison)
            yield _Finding(judgement.verdict, (1, _room(judgement)), text)


def _room(judgement: ComparisonJudgement) -> float:
    """Return how much worse a metric may still get, as a ratio; negative when it is broken."""
    change, rule = judgement.change, judgement.rule
    if change is None:
        return inf
    if change.change_ratio is None:
        return -inf if change.after else inf
    worse = -change.change_ratio if rule.kind is MetricKind.THROUGHPUT else change.change_ratio
    return rule.most_ratio - worse


def _label(operation: str | None) -> str:
    return "" if operation is None else f"{short_name(operation)} "
