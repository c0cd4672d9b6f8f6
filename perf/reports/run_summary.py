"""The runs of a session, a line each: the verdict, and which limit was nearest or broken most."""

from collections import Counter
from collections.abc import Iterator, Sequence
from math import inf
from typing import Final

from perf.core.report import JudgedRun
from perf.core.verdicts import Judgement, Verdict
from perf.reports.comparison_block import decides
from perf.reports.figures import observed_figure
from perf.reports.lines import Line, cut_end, printable
from perf.reports.verdict_block import STYLE_OF, audit_faults, headline_text

_VERDICT_WIDTH: Final = len("NO DATA")
_GAP: Final = "  "
_URGENCY: Final = (Verdict.FAIL, Verdict.NO_DATA, Verdict.PASS, Verdict.INVALID)


def run_summary(runs: Sequence[JudgedRun], width: int = 100) -> Iterator[Line]:
    """Yield a line of at most ``width`` for every run, under a line that names the columns."""
    names = run_names(runs)
    room = min(max(map(len, names), default=0), (width - _VERDICT_WIDTH) // 2)
    yield Line(f"{'verdict':{_VERDICT_WIDTH}}{_GAP}{'test':{room}}{_GAP}worst margin")
    for name, judged in zip(names, runs, strict=True):
        verdict = judged.verdict.verdict
        front = f"{verdict.upper():{_VERDICT_WIDTH}}{_GAP}{_cut_front(name, room):{room}}{_GAP}"
        text = cut_end(decisive_text(judged), max(width - len(front), 1))
        yield Line(f"{front}{text}".rstrip(), STYLE_OF[verdict])


def run_names(runs: Sequence[JudgedRun]) -> list[str]:
    """Return what tells the runs apart: the test's name, with a number from its second run on."""
    seen: Counter[str] = Counter()
    names = []
    for judged in runs:
        seen[judged.test] += 1
        number = seen[judged.test]
        names.append(printable(judged.test) + (f" (run {number})" if number > 1 else ""))
    return names


def decisive_text(judged: JudgedRun) -> str:
    """Return in one line what a run's verdict hangs on most."""
    verdict = judged.verdict
    if verdict.invalid_reasons and verdict.verdict is Verdict.INVALID:
        return printable(verdict.invalid_reasons[0])
    if judged.run.aborted is not None:
        return printable(f"ended early: {judged.run.aborted}")
    faults = audit_faults(judged)
    if faults:
        return printable(faults[0])
    worst = worst_judgement(judged)
    if worst is None or not judged.run.requests or decides(judged):
        return headline_text(judged)
    return printable(_judgement_text(worst))


def worst_judgement(judged: JudgedRun) -> Judgement | None:
    """Return what is broken most, or else could not be judged, or else is nearest to its limit.

    A limit of 0 has no margin: where it is broken, nothing is worse.
    """

    def urgency(each: Judgement) -> tuple[int, float]:
        no_margin = -inf if each.verdict is Verdict.FAIL else inf
        margin = no_margin if each.margin_ratio is None else each.margin_ratio
        return _URGENCY.index(each.verdict), margin

    return min(judged.verdict.judgements, key=urgency, default=None)


def _judgement_text(judgement: Judgement) -> str:
    threshold, margin = judgement.threshold, judgement.margin_ratio
    if judgement.verdict is Verdict.NO_DATA or judgement.observed is None:
        text = f"{threshold.rule}: {judgement.reason}"
    else:
        text = "" if margin is None else f"{margin:+.0%} "
        text += f"{threshold.rule}: {observed_figure(judgement.observed, None, threshold.kind)}"
    return text if judgement.operation is None else f"{text}, {judgement.operation}"


def _cut_front(text: str, width: int) -> str:
    """Return the last ``width`` > 0 characters: there the name of a test stands."""
    return text if len(text) <= width else f"…{text[len(text) - width + 1 :]}"
