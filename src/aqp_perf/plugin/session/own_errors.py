"""How a test's report shows an error of ours: what a person needs, and none of our stack."""

from collections.abc import Sequence

import pytest

from aqp_perf.core.results.judged_run import JudgedRun
from aqp_perf.core.verdict.verdicts import Verdict
from aqp_perf.errors import PerfError, RunNotJudged, ThresholdsViolated
from aqp_perf.reports.facts.decisive import decisive_text
from aqp_perf.reports.lines import printable

TOLD_ATTRIBUTE = "perf_told"
"""Attribute of a test's report: the verdicts whose runs its text shows whole."""

_NATURE = {
    ThresholdsViolated: (Verdict.FAIL,),
    RunNotJudged: (Verdict.INVALID, Verdict.NO_DATA),
}


def show_own_error(
    report: pytest.TestReport,
    excinfo: pytest.ExceptionInfo[BaseException],
    item: pytest.Item,
    judged: Sequence[JudgedRun],
) -> None:
    """Replace a stack of ours by the error's text; leave what is no error of ours as it is.

    The first line also stands alone, where pytest and readers of JUnit XML show one: it says what
    was decisive.
    """
    error = excinfo.value
    if not isinstance(error, (PerfError, ThresholdsViolated)):
        return
    verdicts = _NATURE.get(type(error), ())
    told = [each for each in judged if each.verdict.verdict in verdicts]
    notes = getattr(error, "__notes__", ())
    # The verdict goes first; the name of another error says what kind of trouble it is.
    text = str(error) if told else f"{type(error).__name__}: {error}"
    lines = "\n".join((text, *notes)).split("\n")
    of_test = [each.lineno + 1 for each in excinfo.traceback if each.path == item.path]
    if of_test:
        lines.append(f"{item.location[0]}:{of_test[-1]}")
    shown = excinfo.getrepr(style="value", chain=False)
    (entry,) = shown.reprtraceback.reprentries
    # Not all that a target says can be sent to xdist's controller, or shown.
    entry.lines = lines = [printable(each) for each in lines]
    if shown.reprcrash is not None:
        decisive = (f"{each.verdict.verdict.upper()}: {decisive_text(each)}" for each in told)
        shown.reprcrash.message = "; ".join(decisive) or lines[0]
        if of_test:
            shown.reprcrash.path, shown.reprcrash.lineno = str(item.path), of_test[-1]
    report.longrepr = shown
    setattr(report, TOLD_ATTRIBUTE, [str(each) for each in verdicts] if told else [])
