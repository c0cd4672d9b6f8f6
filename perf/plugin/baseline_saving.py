"""Saves what a session measured as a baseline, after every other report."""

import pytest

from perf.plugin.baselines import Baselines
from perf.plugin.collector import MARKUP, Collector
from perf.reports.lines import Style, printable


class BaselineSaving:
    """A plugin object: the baseline that a session leaves.

    Args:
        baselines: where to.
        collector: has what the session measured.
    """

    def __init__(self, baselines: Baselines, collector: Collector) -> None:
        self._baselines, self._collector = baselines, collector

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Save the session; what was to be saved and is not costs the green."""
        if session.config.option.collectonly:
            return
        is_green = session.exitstatus == pytest.ExitCode.OK
        self._baselines.save(self._collector.report(), is_green=is_green)
        if not self._baselines.is_lost:
            return
        self._collector.rescue()
        if session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    @pytest.hookimpl(trylast=True)
    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Say what has become of it."""
        if self._baselines.saved is not None:
            style = Style.BAD if self._baselines.is_lost else Style.PLAIN
            terminalreporter.write_line(printable(self._baselines.saved), **MARKUP[style])
