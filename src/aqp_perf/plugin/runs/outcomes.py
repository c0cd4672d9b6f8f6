"""The outcome of a load test: FAIL is a failure of the test, INVALID and NO DATA are errors.

This holds whatever else ends the test: a skip, an xfail mark or a fixture.
"""

from collections.abc import Sequence

import pytest
from _pytest.skipping import xfailed_key

from aqp_perf.core.results.judged_run import JudgedRun
from aqp_perf.core.verdict.verdicts import Verdict
from aqp_perf.errors import PerfError, RunNotJudged, ThresholdsViolated
from aqp_perf.plugin.results.collector import attach
from aqp_perf.plugin.runs.load_runs import TestRuns
from aqp_perf.plugin.session.load_tests import may_load
from aqp_perf.reports.facts.decisive import decisive_text
from aqp_perf.reports.lines import printable
from aqp_perf.reports.text.terminal import failure_text

_UNPROVEN = {Verdict.INVALID, Verdict.NO_DATA}


def complete_report(
    report: pytest.TestReport,
    call: pytest.CallInfo[None],
    item: pytest.Item,
    runs: TestRuns | None,
) -> None:
    """Let a report show the verdicts of runs and carry the runs.

    The call is changed with it: other plugins look at either. A test that was never set up has no
    ``runs``.
    """
    judged = () if runs is None else runs.judged
    if runs is not None and call.when == "call" and report.passed and may_load(item):
        runs.expect_load()
    error = None if runs is None or call.when == "setup" else _error(runs, call.when)
    excinfo = call.excinfo
    if error is not None:
        item.stash[xfailed_key] = None  # else pytest counts the failure as expected
    is_xfail = excinfo is not None and excinfo.errisinstance(pytest.xfail.Exception)
    if error is not None and (is_xfail or not report.failed):
        report.outcome = "failed"
        excinfo = call.excinfo = _excinfo(error)
        error = None
    if excinfo is not None:
        _show(report, excinfo, item, judged)
    add_section = getattr(report.longrepr, "addsection", None)
    if error is not None and add_section is not None:
        add_section("performance", _text(error))
    if runs is not None and report.failed:
        runs.shown_count = len(judged)
    if runs is not None and (judged or may_load(item)):
        attach(report, runs.take_unreported())


def _error(runs: TestRuns, phase: str) -> Exception | None:
    """Return why a phase of the test fails by its runs; None: it does not."""
    unproven = [run for run in runs.judged if run.verdict.verdict in _UNPROVEN]
    if phase == "teardown" and runs.error is not None:
        return runs.error
    if phase == "teardown" and unproven:
        text = "\n\n".join(map(failure_text, unproven))
        return RunNotJudged(str(unproven[0].verdict.verdict), text)
    new = runs.judged[runs.shown_count :]
    failed = [run for run in new if run.verdict.verdict is Verdict.FAIL]
    return ThresholdsViolated("\n\n".join(map(failure_text, failed))) if failed else None


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
) -> None:
    """Replace the traceback of an error of this package by its text.

    The first line also stands alone, where pytest and readers of JUnit XML show one: it says what
    was decisive.
    """
    error = excinfo.value
    if not isinstance(error, (PerfError, ThresholdsViolated)):
        return
    lines = _text(error).split("\n")
    of_test = [entry.lineno + 1 for entry in excinfo.traceback if entry.path == item.path]
    if of_test:
        lines.append(f"{item.location[0]}:{of_test[-1]}")
    shown = excinfo.getrepr(style="value", chain=False)
    (entry,) = shown.reprtraceback.reprentries
    entry.lines = lines
    if shown.reprcrash is not None:
        verdicts = {ThresholdsViolated: {Verdict.FAIL}, RunNotJudged: _UNPROVEN}
        decisive = [
            f"{run.verdict.verdict.upper()}: {decisive_text(run)}"
            for run in judged
            if run.verdict.verdict in verdicts.get(type(error), ())
        ]
        shown.reprcrash.message = "; ".join(decisive) or lines[0]
        if of_test:
            shown.reprcrash.path, shown.reprcrash.lineno = str(item.path), of_test[-1]
    report.longrepr = shown


def _text(error: Exception) -> str:
    """Return an error as shown: verdicts speak for themselves, others need the name of their kind.

    Not all that a target answers can be sent to xdist's controller, or shown.
    """
    is_verdict = isinstance(error, (RunNotJudged, ThresholdsViolated))
    text = str(error) if is_verdict else f"{type(error).__name__}: {error}"
    lines = "\n".join((text, *getattr(error, "__notes__", ()))).split("\n")
    return "\n".join(map(printable, lines))
