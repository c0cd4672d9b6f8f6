"""The verdict on a run: every threshold with its figures, and what it takes to run it again."""

import shlex
from collections.abc import Iterator
from itertools import groupby
from typing import Final

from aqp_perf.core.results.judged_run import JudgedRun
from aqp_perf.core.verdict.verdicts import Judgement, Verdict
from aqp_perf.reports.figures import observed_figure
from aqp_perf.reports.lines import Line, Style, align, printable, wrapped
from aqp_perf.reports.text.comparison_block import comparison_text, decides

STYLE_OF: Final = {
    Verdict.PASS: Style.GOOD,
    Verdict.FAIL: Style.BAD,
    Verdict.INVALID: Style.WARNING,
    Verdict.NO_DATA: Style.WARNING,
}
_HEADER: Final = ("", "threshold", "observed [95 % interval]", "margin", "samples")
_SIDES: Final = "<<<>>"
_INDENT: Final = "  "


def verdict_block(judged: JudgedRun, width: int = 100) -> list[Line]:
    """Return the verdict, its reasons and every threshold, grouped by operation."""
    verdict = judged.verdict
    opening = wrapped(headline(judged), width)
    if judged.run.aborted is not None:
        opening += wrapped(f"ended early: {judged.run.aborted}", width, "- ")
    for reason in (*verdict.invalid_reasons, *audit_faults(judged)):
        opening += wrapped(reason, width, "- ")
    style = STYLE_OF[verdict.verdict]
    return [*(Line(text, style) for text in opening), *_threshold_lines(verdict.judgements, width)]


def origin_lines(judged: JudgedRun) -> list[Line]:
    """Return target, profile, data seed and the command, which is never wrapped: it is copied."""
    run = judged.run
    profile = " ".join(f"{key}={_plain(value)}" for key, value in judged.profile.items())
    lines = {
        "target": str(judged.target),
        **({} if judged.aqp is None else {"aqp": judged.aqp}),
        "profile": profile or "none",
        "data seed": str(judged.seed),
        **({} if judged.cost is None else {"cost": str(judged.cost)}),
        "command": shlex.join(run.command),
    }
    return [Line(f"{title:9}  {printable(text)}") for title, text in lines.items()]


def _plain(value: object) -> object:
    return f"{value:g}" if isinstance(value, float) else value


def headline(judged: JudgedRun) -> str:
    """Return the verdict and what it means, in one line."""
    return f"{judged.verdict.verdict.upper()}: {headline_text(judged)}"


def headline_text(judged: JudgedRun) -> str:
    """Return what the verdict means, in a few words."""
    verdict, total = judged.verdict.verdict, len(judged.verdict.judgements)
    failed, unjudged = (
        sum(each.verdict is wanted for each in judged.verdict.judgements)
        for wanted in (Verdict.FAIL, Verdict.NO_DATA)
    )
    if verdict is Verdict.INVALID:
        text = "the run did not measure the target"
    elif judged.run.aborted is not None:
        text = "the run was hopeless"
    elif verdict is Verdict.FAIL and audit_faults(judged):
        text = "the table does not hold what was written"
    elif not judged.run.requests:
        text = "no request was completed"
    elif judged.comparison is not None and decides(judged):
        text = comparison_text(judged.comparison)
    elif not total:
        text = "no threshold was set"
    else:
        text = f"{total - failed - unjudged} of {total} thresholds met"
        text += f", {failed} broken" if failed else ""
        text += f", {unjudged} not judged" if unjudged else ""
    return text


def audit_faults(judged: JudgedRun) -> tuple[str, ...]:
    """Return what the audit of the writes found wrong, in words."""
    return () if judged.write_audit is None else judged.write_audit.faults


def _threshold_lines(judgements: tuple[Judgement, ...], width: int) -> Iterator[Line]:
    if not judgements:
        return
    # The sort is stable: operations in the order of their first threshold, thresholds as given.
    first = {each.operation: index for index, each in reversed(list(enumerate(judgements)))}
    ordered = sorted(judgements, key=lambda each: first[each.operation])
    header, *rows = align([_HEADER, *map(_cells, ordered)], _SIDES)
    yield Line(f"{_INDENT}{header}")
    numbered = iter(rows)
    for operation, group in groupby(ordered, key=lambda each: each.operation):
        for text in wrapped(operation or "every operation", width):
            yield Line(text, Style.TITLE)
        for judgement in group:
            style = STYLE_OF[judgement.verdict]
            yield Line(f"{_INDENT}{next(numbered)}", style)
            for text in wrapped(judgement.reason, width, _INDENT * 2):
                yield Line(text, style)


def _cells(judgement: Judgement) -> tuple[str, ...]:
    threshold, observed = judgement.threshold, judgement.observed
    margin = judgement.margin_ratio
    return (
        judgement.verdict.upper(),
        threshold.rule,
        "-"
        if observed is None
        else observed_figure(observed, judgement.ci95, threshold.kind, threshold.limit),
        "-" if margin is None else f"{margin:+.0%}",
        str(judgement.samples),
    )
