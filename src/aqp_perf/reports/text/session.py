"""What the screen shows at the end of a session: a line per run, and more where it is needed."""

from collections.abc import Collection, Iterator, Sequence
from typing import Final

from aqp_perf.core.comparison.outcome import Comparison
from aqp_perf.core.results.judged_run import JudgedRun
from aqp_perf.core.verdict.verdicts import Verdict
from aqp_perf.reports.lines import Line, Style, wrapped
from aqp_perf.reports.text.comparison_block import comparison_text
from aqp_perf.reports.text.decisive import rule_text
from aqp_perf.reports.text.proof_lines import is_own_system, proof_lines
from aqp_perf.reports.text.run_summary import run_names, run_summary
from aqp_perf.reports.text.terminal import render_run

_COUNTED_TWICE: Final = (
    "A run that is INVALID or has NO DATA is an error of its test. pytest counts that beside what "
    "the test's own statements came to: 1 passed, 1 error."
)
_OWN_SYSTEM: Final = "Target none: answers and writes of the tests' own system are not looked at."
_INDENT: Final = "  "


def session_lines(
    runs: Sequence[JudgedRun], whole: Collection[int], width: int = 100
) -> Iterator[Line]:
    """Yield a line for every run, what is unproven of those that passed, and some runs whole.

    Args:
        runs: in order.
        whole: indexes of those that are to be shown whole.
        width: of the screen.
    """
    if not runs:
        return
    header, *summary = run_summary(runs, width)
    yield from header
    passed = []
    for index, (lines, judged) in enumerate(zip(summary, runs, strict=True)):
        yield from lines
        if judged.verdict.verdict is Verdict.PASS and index not in whole:
            passed.append(judged)
            yield from _reservations(judged, width)
    if any(is_own_system(each) for each in passed):
        yield from (Line(each) for each in wrapped(_OWN_SYSTEM, width))
    if any(each.verdict.verdict in {Verdict.INVALID, Verdict.NO_DATA} for each in runs):
        yield from (Line(each) for each in wrapped(_COUNTED_TWICE, width))
    for name, index in zip(run_names(runs), range(len(runs)), strict=True):
        if index in whole:
            title, *block = render_run(runs[index], width)
            yield Line("")
            yield title._replace(text=name)
            yield from block


def _reservations(judged: JudgedRun, width: int) -> Iterator[Line]:
    """Yield what a green run leaves open, how it did beside a baseline, and what it cost."""
    for line in proof_lines(judged, width - len(_INDENT)):
        if line.style is Style.WARNING:
            yield line._replace(text=f"{_INDENT}{line.text}")
    if judged.comparison is not None:
        yield from _compared(judged.comparison, width)
    if judged.cost is not None:
        yield Line(f"{_INDENT}cost: {judged.cost}")


def _compared(comparison: Comparison, width: int) -> Iterator[Line]:
    style = Style.WARNING if comparison.is_doubtful else Style.PLAIN
    for text in wrapped(comparison_text(comparison), width, _INDENT):
        yield Line(text, style)
    if comparison.reason:
        return  # the rules would say the same
    for each in comparison.judgements:
        if not each.is_doubtful:
            continue
        for text in wrapped(
            f"{rule_text(each, comparison.baseline)}: {each.reason}", width, f"{_INDENT}! "
        ):
            yield Line(text, style)
