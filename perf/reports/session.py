"""What the screen shows at the end of a session: a line per run, and more where it is needed."""

from collections.abc import Collection, Iterator, Sequence
from typing import Final

from perf.core.report import JudgedRun
from perf.core.verdicts import Verdict
from perf.reports.lines import Line, Style, wrapped
from perf.reports.proof_lines import proof_lines
from perf.reports.run_summary import run_names, run_summary
from perf.reports.terminal import render_run

_COUNTED_TWICE: Final = (
    "A run that is INVALID or has NO DATA is an error of its test. pytest counts that beside what "
    "the test's own statements came to: 1 passed, 1 error."
)


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
    yield header
    for index, (line, judged) in enumerate(zip(summary, runs, strict=True)):
        yield line
        if judged.verdict.verdict is Verdict.PASS and index not in whole:
            yield from _reservations(judged, width)
    if any(each.verdict.verdict in {Verdict.INVALID, Verdict.NO_DATA} for each in runs):
        yield from (Line(each) for each in wrapped(_COUNTED_TWICE, width))
    for name, index in zip(run_names(runs), range(len(runs)), strict=True):
        if index in whole:
            title, *block = render_run(runs[index], width)
            yield Line("")
            yield title._replace(text=name)
            yield from block


def _reservations(judged: JudgedRun, width: int) -> Iterator[Line]:
    """Yield what a green run leaves open, and what it cost."""
    for line in proof_lines(judged, width):
        if line.style is Style.WARNING:
            yield line._replace(text=f"  {line.text}")
    if judged.cost is not None:
        yield Line(f"  cost: {judged.cost}")
