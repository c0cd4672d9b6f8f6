"""Sees that no test is green whose load failed or proved nothing.

An error of ours has no say where a skip or an xfail in a fixture's teardown takes its place, or
unittest's own skip does; and the mark xfail takes any error for the failure that it expects.
"""

import pytest

from aqp_perf.plugin.runs.judging import violations
from aqp_perf.plugin.runs.load_runs import TestRuns
from aqp_perf.plugin.session.own_errors import show_own_error


class Reports:
    """What the reports of one test have said so far."""

    def __init__(self) -> None:
        self._has_failed = False
        self._is_failure_expected = False

    def note(self, report: pytest.TestReport) -> None:
        """Know of a report, in the form in which it will be told."""
        self._has_failed |= report.failed
        self._is_failure_expected |= report.skipped and hasattr(report, "wasxfail")

    def correct(self, report: pytest.TestReport, item: pytest.Item, runs: TestRuns) -> None:
        """Make the test's last report an error, if none has told what the test must not pass over.

        A target that is too slow or wrong may be what an xfail expects; what says nothing about
        the target is not.
        """
        if self._has_failed:
            return
        error: Exception | None = runs.unproven()
        if error is None and not self._is_failure_expected:
            error = violations(runs.judge())
        if error is None:
            return
        try:
            raise error
        except type(error):
            excinfo = pytest.ExceptionInfo[BaseException].from_current()
        report.outcome = "failed"
        report.__dict__.pop("wasxfail", None)  # with it, a failure counts as none
        show_own_error(report, excinfo, item, runs.judge())
