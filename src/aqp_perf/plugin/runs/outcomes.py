"""The outcome of a load test: FAIL is a failure of the test, INVALID and NO DATA are errors.

This holds whatever else ends the test: a skip, an xfail mark or a fixture.
"""

from collections.abc import Sequence

import pytest

from aqp_perf.core.results.judged_run import JudgedRun
from aqp_perf.core.verdict.verdicts import Verdict
from aqp_perf.errors import PerfError, RunNotJudged, ThresholdsViolated
from aqp_perf.plugin.results.collector import attach
from aqp_perf.plugin.runs.load_runs import TestRuns
from aqp_perf.plugin.session.completeness import may_load
from aqp_perf.reports.facts.decisive import decisive_text
from aqp_perf.reports.lines import printable
from aqp_perf.reports.text.terminal import failure_text

_SHOWN_VERDICTS: dict[type[BaseException], tuple[Verdict, ...]] = {
    ThresholdsViolated: (Verdict.FAIL,),
    RunNotJudged: (Verdict.INVALID, Verdict.NO_DATA),
}
"""Error of a test → the verdicts of the runs that its text shows whole."""


def complete_report(
    report: pytest.TestReport,
    call: pytest.CallInfo[None],
    item: pytest.Item,
    runs: TestRuns | None,
) -> None:
    """Let a report, as other plugins made it, show the verdicts of runs and carry the runs.

    A test that was never set up has no ``runs``.
    """
    judged = () if runs is None else runs.judged
    excinfo = call.excinfo
    if runs is not None and call.when != "setup":
        error = None if report.failed else _overdue(runs, call.when)
        if error is not None:
            report.outcome = "failed"
            report.__dict__.pop("wasxfail", None)  # with it, pytest counts a failure as expected
            excinfo = _excinfo(error)
    shown = _show(report, excinfo, item, judged) if excinfo is not None else ()
    if runs is not None and report.failed:
        runs.shown_count = len(judged)
    if runs is not None and (judged or may_load(item)):
        attach(report, runs.take_unreported(), shown)


def _overdue(runs: TestRuns, phase: str) -> Exception | None:
    """Return why a phase fails that pytest takes for passed or skipped; None: it does not fail."""
    spoiled = _with_verdict(runs.judged, RunNotJudged)
    if phase == "teardown":
        if runs.error is not None:
            return runs.error
        if spoiled:
            text = "\n\n".join(map(failure_text, spoiled))
            return RunNotJudged(str(spoiled[0].verdict.verdict), text)
    failed = _with_verdict(runs.judged[runs.shown_count :], ThresholdsViolated)
    return ThresholdsViolated("\n\n".join(map(failure_text, failed))) if failed else None


def _with_verdict(judged: Sequence[JudgedRun], error: type[BaseException]) -> list[JudgedRun]:
    verdicts = _SHOWN_VERDICTS.get(error, ())
    return [run for run in judged if run.verdict.verdict in verdicts]


def _excinfo(error: Exception) -> pytest.ExceptionInfo[BaseException]:
    try:
        raise error
    except type(error):
        return pytest.ExceptionInfo[BaseException].from_current()


def _show(
    report: pytest.TestReport,
    excinfo: pytest.ExceptionInfo[BaseException],
    item: pytest.Item,
    judged: Sequence[JudgedRun],
) -> tuple[Verdict, ...]:
    """Replace the traceback of an error of this package by its text.

    The first line also stands alone, where pytest and readers of JUnit XML show one: it says what
    was decisive.

    Returns:
        The verdicts whose runs the text shows whole.
    """
    error = excinfo.value
    if not isinstance(error, (PerfError, ThresholdsViolated)):
        return ()
    decisive = [
        f"{run.verdict.verdict.upper()}: {decisive_text(run)}"
        for run in _with_verdict(judged, type(error))
    ]
    # A verdict is named in its text; other errors need the name of their kind.
    text = str(error) if decisive else f"{type(error).__name__}: {error}"
    lines = "\n".join((text, *getattr(error, "__notes__", ()))).split("\n")
    of_test = [entry.lineno + 1 for entry in excinfo.traceback if entry.path == item.path]
    if of_test:
        lines.append(f"{item.location[0]}:{of_test[-1]}")
    shown = excinfo.getrepr(style="value", chain=False)
    (entry,) = shown.reprtraceback.reprentries
    # Not all that a target answers can be sent to xdist's controller, or shown.
    entry.lines = lines = [printable(line) for line in lines]
    if shown.reprcrash is not None:
        shown.reprcrash.message = "; ".join(decisive) or lines[0]
        if of_test:
            shown.reprcrash.path, shown.reprcrash.lineno = str(item.path), of_test[-1]
    report.longrepr = shown
    return _SHOWN_VERDICTS[type(error)] if decisive else ()
