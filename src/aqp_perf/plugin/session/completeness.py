"""Whether all of a session has been heard of: what was lost on the way is not green.

By itself xdist ends with exit code 0 when a worker has an internal error, or ends after its last
report.
"""

from typing import Any, Final

import pytest

from aqp_perf.plugin.session.screen import MARKUP
from aqp_perf.reports.lines import Style, printable

_WORKER_OUTPUT: Final = "perf_load_tests"


def asks_for_load(item: pytest.Item) -> bool:
    """Tell whether a test names the fixture that puts load on something."""
    return "perf_load" in getattr(item, "fixturenames", ())


def may_load(item: pytest.Item) -> bool:
    """Tell whether a test can put load on anything: a marked one may get the fixture by itself."""
    return asks_for_load(item) or item.get_closest_marker("perf") is not None


class Completeness:
    """A plugin object: one in every process; that of xdist's controller speaks for all."""

    def __init__(self) -> None:
        self._expected: set[str] = set()
        """Node ids of the load tests that were collected."""
        self._reported: set[str] = set()
        self._loss: str | None = None
        """What may have cost results."""
        self._is_decisive = False
        """Whether nothing else keeps the session from being green."""

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Expect a report of every load test; a worker tells its controller of them at its end."""
        tests = [each.nodeid for each in session.items if may_load(each)]
        output: dict[str, Any] | None = getattr(session.config, "workeroutput", None)
        if output is not None:
            output[_WORKER_OUTPUT] = tests
        elif not session.config.option.collectonly:
            self._expected.update(tests)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Know of a test that has its last report, or one that is red."""
        if report.when == "teardown" or report.failed:
            self._reported.add(report.nodeid)

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any, error: object) -> None:  # noqa: ANN401 - xdist does not type it
        """Know of a worker that was lost, and of the load tests of one that was not."""
        self._expected.update(getattr(node, "workeroutput", {}).get(_WORKER_OUTPUT, ()))
        if error is not None:
            self._loss = f"worker {node.gateway.id} of xdist ended: {error}"

    def pytest_internalerror(self) -> None:
        """Know of an error outside of any test, here or in a worker."""
        self._loss = "pytest or a plugin had an internal error, which stands above"

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Let no session be green that lost something."""
        missing = sorted(self._expected - self._reported)
        if missing and self._loss is None:
            more = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
            self._loss = f"no report came of {missing[0]}{more}"
        if self._loss is not None and session.exitstatus == pytest.ExitCode.OK:
            self._is_decisive = True
            session.exitstatus = pytest.ExitCode.INTERNAL_ERROR

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Say why the session is red, where nothing else does."""
        if self._is_decisive:
            text = f"ERROR: {self._loss}: what it measured may be missing"
            terminalreporter.write_line(printable(text), **MARKUP[Style.BAD])
