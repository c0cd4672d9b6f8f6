"""Finds load tests and workers of xdist whose results never came: such a session is not green.

By itself xdist ends with exit code 0 when a worker has an internal error, or ends after its last
report.
"""

from typing import Any, Final

import pytest

from aqp_perf.plugin.session.load_tests import may_load
from aqp_perf.plugin.session.screen import MARKUP
from aqp_perf.reports.lines import Style, printable

_WORKER_OUTPUT: Final = "perf_load_tests"


class Completeness:
    """A plugin object: compares the load tests that were collected with those that reported."""

    def __init__(self) -> None:
        self._expected: set[str] = set()
        """Node ids of load tests."""
        self._reported: set[str] = set()
        self._breakdown: str | None = None

    @property
    def loss(self) -> str | None:
        """What may have cost results; None: nothing did."""
        missing = sorted(self._expected - self._reported)
        if self._breakdown is None and missing:
            more = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
            return f"no report came of {missing[0]}{more}"
        return self._breakdown

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Expect a report of every load test; a worker sends their ids when it ends."""
        tests = [item.nodeid for item in session.items if may_load(item)]
        output: dict[str, Any] | None = getattr(session.config, "workeroutput", None)
        if output is not None:
            output[_WORKER_OUTPUT] = tests
        elif not session.config.option.collectonly:
            self._expected.update(tests)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Count a test as reported by its last report, or by one that is red."""
        if report.when == "teardown" or report.failed:
            self._reported.add(report.nodeid)

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any, error: object) -> None:  # noqa: ANN401 - xdist does not type it
        """Expect a report of a worker's load tests; note a worker that broke down."""
        self._expected.update(getattr(node, "workeroutput", {}).get(_WORKER_OUTPUT, ()))
        if error is not None:
            self._breakdown = f"worker {node.gateway.id} of xdist ended: {error}"

    def pytest_internalerror(self) -> None:
        """Note an error outside of any test, here or in a worker."""
        self._breakdown = "pytest or a plugin had an internal error, see above"

    def pytest_terminal_summary(
        self, terminalreporter: pytest.TerminalReporter, exitstatus: int
    ) -> None:
        """Say why the session is red, if nothing else does."""
        if self.loss is not None and exitstatus == pytest.ExitCode.OK:
            text = f"ERROR: {self.loss}: what it measured may be missing"
            terminalreporter.write_line(printable(text), **MARKUP[Style.BAD])
