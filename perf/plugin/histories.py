"""Adds a session to its history, and tells where the levels of its own series changed."""

import pytest

from perf.core.history import history_name, names_in, series_of
from perf.core.trends import Trend, find_trends
from perf.errors import InvalidOption
from perf.history.change_points import INSTALL_HINT, find_changes, is_installed
from perf.history.commits import commits_in
from perf.history.place import OPTION, HistoryPlace
from perf.history.reading import read_history
from perf.history.store import STORE_ERRORS
from perf.plugin.collector import MARKUP, Collector
from perf.reports.json_file import report_text
from perf.reports.lines import Line, Style
from perf.reports.trend_lines import skipped_lines, trend_lines


class SessionHistory:
    """A plugin object: the history that a session belongs to.

    Args:
        place: where it is.
        collector: has what the session measured.
        run_id: of the session; it makes the name of its file its own.

    Raises:
        InvalidOption: the place takes no files.
    """

    def __init__(self, place: HistoryPlace, collector: Collector, run_id: str) -> None:
        self._collector, self._run_id = collector, run_id
        try:
            self._store = place.open()
            self._store.check()
        except STORE_ERRORS as error:
            raise InvalidOption(
                OPTION, str(place), f"give a place that takes files: {error}"
            ) from error
        self._added: str | None = None
        self._skipped: tuple[str, ...] = ()
        self._error: Exception | None = None
        self.trends: tuple[Trend, ...] = ()
        """The series that this session is a part of, with their changes."""

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Add the session when it measured anything; only then read what was measured before."""
        report = self._collector.report()
        if not report.runs:
            return
        name = history_name(report, self._run_id)
        try:
            self._store.add(name, report_text(report))
            self._added = name
            history = read_history(self._store)
        except STORE_ERRORS as error:  # the screen and the report file still have the results
            self._error = error
            if session.exitstatus == pytest.ExitCode.OK:
                session.exitstatus = pytest.ExitCode.TESTS_FAILED
            return
        self._skipped = history.skipped
        own = names_in(report)
        if is_installed():
            self.trends = find_trends(
                (each for each in series_of(history.sessions) if each.name in own),
                find_changes,
                commits_in(session.config.rootpath),
            )

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Print what a person should know of the history."""
        if self._added is None and self._error is None:
            return
        for line in self._lines(terminalreporter._tw.fullwidth):  # noqa: SLF001 - pytest offers no other way to its width
            terminalreporter.write_line(line.text, **MARKUP[line.style])

    def _lines(self, width: int) -> list[Line]:
        if self._error is not None:
            what = "not added" if self._added is None else "added, but the others were not read"
            text = f"ERROR: --perf-history: this session was {what}: {self._error}"
            return [Line(text, Style.BAD)]
        trends = trend_lines(self.trends, width)
        if not is_installed():
            trends = iter([Line(f"history: no changes were looked for: {INSTALL_HINT}")])
        added = Line(f"added to the history as {self._added}")
        return [*skipped_lines(self._skipped, width), *trends, added]
