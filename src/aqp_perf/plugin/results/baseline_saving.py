"""Saves what a session measured as a baseline, when all else has had its say."""

from collections.abc import Generator, Iterator

import pytest

from aqp_perf.plugin.results.baselines import Baselines
from aqp_perf.plugin.results.collector import Collector
from aqp_perf.plugin.session.screen import MARKUP
from aqp_perf.reports.lines import Line, Style, printable


class BaselineSaving:
    """A plugin object: the baseline that a session leaves.

    Args:
        baselines: where to.
        collector: has what the session measured.
    """

    def __init__(self, baselines: Baselines, collector: Collector) -> None:
        self._baselines, self._collector = baselines, collector
        self._is_cut_short = False

    def pytest_keyboard_interrupt(self) -> None:
        """Know of a session that ended before its end, whatever it says of itself."""
        self._is_cut_short = True

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> Generator[None, object, object]:
        """Save the session after all hooks, for any of them may still cost it the green.

        What was to be saved and is not does so too. pytest has printed its last line by then.
        """
        result = yield
        if session.config.option.collectonly:
            return result
        is_green = session.exitstatus == pytest.ExitCode.OK and not self._is_cut_short
        self._baselines.save(self._collector.report(), is_green=is_green)
        if self._baselines.is_lost and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED
        terminal = session.config.pluginmanager.get_plugin("terminalreporter")
        for line in self._lines():
            if terminal is not None:
                terminal.write_line(line.text, **MARKUP[line.style])
        return result

    def _lines(self) -> Iterator[Line]:
        """Yield what has become of the baseline, and of the results without it."""
        if self._baselines.saved is not None:
            style = Style.BAD if self._baselines.is_lost else Style.PLAIN
            yield Line(printable(self._baselines.saved), style)
        rescued = self._collector.rescue() if self._baselines.is_lost else None
        if rescued is not None:
            yield rescued
