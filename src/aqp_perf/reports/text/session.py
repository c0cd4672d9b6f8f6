"""The end of a session on the screen: a line per run, and more where it is needed."""

from collections.abc import Collection, Iterator, Sequence
from os.path import commonprefix
from typing import Final

from aqp_perf.core.comparison.outcome import Comparison
from aqp_perf.core.results.judged_run import JudgedRun
from aqp_perf.core.verdict.validity import names_notes
from aqp_perf.core.verdict.verdicts import Verdict
from aqp_perf.reports.facts.comparisons import comparison_text
from aqp_perf.reports.facts.decisive import decisive_text, rule_text
from aqp_perf.reports.facts.operations import failure_groups
from aqp_perf.reports.facts.proof import is_own_system
from aqp_perf.reports.facts.runs import run_names, verdict_counts
from aqp_perf.reports.facts.shown import MOST_SHOWN
from aqp_perf.reports.lines import (
    STYLE_OF,
    Line,
    Style,
    cut_middle,
    paragraph,
    printable,
    short_name,
    wrapped,
)
from aqp_perf.reports.text.terminal import proof_lines, run_block

_COUNTED_TWICE: Final = (
    "An INVALID or NO DATA run is an error of its test. pytest counts it in addition to the "
    "outcome of the test itself: 1 passed, 1 error."
)
_SUPERSEDED: Final = "Superseded: a rerun replaced this attempt of the test; the last one counts."
_OWN_SYSTEM: Final = (
    "Target none: the tests bring their own system, so answers and writes are not verified."
)
_INDENT: Final = "  "
_VERDICT_WIDTH: Final = len("NO DATA")
_NARROWEST: Final = 40
_ROOM: Final = 60
"""With less beside the tests, what decided a verdict stands on lines of its own."""


def session_lines(
    runs: Sequence[JudgedRun], whole: Collection[int], width: int = 100
) -> Iterator[Line]:
    """Yield a line for every run, reservations about those that passed, and some runs whole.

    Those are the runs at the indexes in ``whole``.
    """
    if not runs:
        return
    header, *summary = _summary(runs, width)
    yield from header
    passed = []
    for index, (lines, judged) in enumerate(zip(summary, runs, strict=True)):
        yield from lines
        is_shown = index in whole or judged.superseded
        if judged.verdict.verdict is Verdict.PASS and not is_shown:
            passed.append(judged)
            yield from _reservations(judged, width)
    if any(map(is_own_system, passed)):
        yield from paragraph(_OWN_SYSTEM, width)
    if verdict_counts(runs).keys() & {Verdict.INVALID, Verdict.NO_DATA}:
        yield from paragraph(_COUNTED_TWICE, width)
    if any(judged.superseded for judged in runs):
        yield from paragraph(_SUPERSEDED, width)
    for index, (name, judged) in enumerate(zip(run_names(runs), runs, strict=True)):
        if index in whole:
            yield Line("")
            yield Line(name, Style.TITLE)
            yield from run_block(judged, width)


def _reservations(judged: JudgedRun, width: int) -> Iterator[Line]:
    """Yield failures and what is unproven of a run that passed, its comparison, and its cost."""
    failed = failure_groups(judged)
    texts = [f"{short_name(label)}: {it.text}" for label, it in failed.of.items() if it.failures]
    if failed.more:
        texts.append(f"failures of {failed.more}")
    for text in texts:
        yield from paragraph(text, width, Style.PLAIN, _INDENT)
    for text in (*judged.verdict.left_out, *names_notes(judged.run)):
        yield from paragraph(text, width, Style.WARNING, _INDENT)
    for line in proof_lines(judged, width - len(_INDENT)):
        if line.style is Style.WARNING:
            yield line._replace(text=f"{_INDENT}{line.text}")
    for comparison in judged.comparisons:
        yield from _compared(comparison, width)
    if judged.cost is not None:
        yield Line(f"{_INDENT}cost: {judged.cost}")


def _compared(comparison: Comparison, width: int) -> Iterator[Line]:
    style = Style.WARNING if comparison.is_doubtful else Style.PLAIN
    yield from paragraph(comparison_text(comparison), width, style, _INDENT)
    if comparison.reason:
        return  # every rule has the same reason
    doubtful = [judgement for judgement in comparison.judgements if judgement.is_doubtful]
    for judgement in doubtful[:MOST_SHOWN]:
        text = f"{rule_text(judgement, comparison)}: {judgement.reason}"
        yield from paragraph(text, width, style, f"{_INDENT}! ")
    more = len(doubtful) - MOST_SHOWN
    if more > 0:
        yield Line(f"{_INDENT}! {more} more in the results file (--perf-json)", style)


def _summary(runs: Sequence[JudgedRun], width: int) -> Iterator[list[Line]]:
    """Yield the lines of the heading, then those of every run, at most ``width`` wide.

    What decided a verdict is never cut. The folder of all tests stands in the heading.
    """
    width = max(width, _NARROWEST)
    folder = _common_folder([printable(judged.test) for judged in runs])
    names = [name.removeprefix(folder) for name in run_names(runs)]
    texts = [decisive_text(judged) for judged in runs]
    front = f"{'verdict':{_VERDICT_WIDTH}}{_INDENT}"
    title = f"test in {folder.removesuffix('/')}" if folder else "test"
    title = cut_middle(title, width - len(front))
    indent = " " * (len(front) + max(map(len, (*names, title))) + len(_INDENT))
    is_beside = width - len(indent) >= min(_ROOM, max(map(len, texts), default=0))
    yield [Line(f"{front + title:{len(indent)}}decided by" if is_beside else front + title)]
    for name, text, judged in zip(names, texts, runs, strict=True):
        verdict = judged.verdict.verdict
        start = f"{verdict.upper():{_VERDICT_WIDTH}}{_INDENT}{cut_middle(name, width - len(front))}"
        if is_beside:
            first, *rest = wrapped(text, width, indent)
            lines = [f"{start:{len(indent)}}{first.lstrip()}", *rest]
        else:
            lines = [start, *wrapped(text, width, " " * len(front))]
        style = Style.PLAIN if judged.superseded else STYLE_OF[verdict]
        yield [Line(line, style) for line in lines]


def _common_folder(tests: Sequence[str]) -> str:
    """Return the folder that holds all test files, with its slash; empty when none does."""
    folders = [test.partition("::")[0].split("/")[:-1] for test in tests]
    return "".join(f"{folder}/" for folder in commonprefix(folders))  # noqa: RUF071 - of lists
