"""Adds a session to its history, and finds where the levels of its own series changed."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from aqp_perf.core.results.judged_run import ResultsFile
from aqp_perf.core.results.results_document import results_text
from aqp_perf.core.results.series import history_name, names_in, series_of
from aqp_perf.core.results.trends import Trend, find_trends
from aqp_perf.errors import InvalidOption
from aqp_perf.extras import Extra, is_installed
from aqp_perf.history.change_points import INSTALL_HINT, find_changes
from aqp_perf.history.commits import commits_in
from aqp_perf.history.reading import HISTORY_ERRORS, error_text, read_history
from aqp_perf.reports.lines import Line, Style, printable
from aqp_perf.reports.text.trend_lines import skipped_lines, trend_lines
from aqp_perf.stores.file_store import STORE_ERRORS, Place

_CHECKED_NAME: Final = "permission-check"
"""Stands for the session's file, whose name is not known before its end."""


class SessionHistory:
    """The history that a session belongs to.

    Args:
        place: where it is.
        run_id: of the session, a part of the name of its file.
        checkout: folder of the git checkout with the commits of the history.

    Raises:
        InvalidOption: files cannot be written, listed or read there.
    """

    def __init__(self, place: Place, run_id: str, checkout: Path) -> None:
        self._run_id, self._checkout = run_id, checkout
        try:
            self._store = place.open(Path.cwd())
            self._store.check_writable(_CHECKED_NAME)
            self._store.names()  # S3 has a permission for each
            self._store.read(_CHECKED_NAME, 1)
        except STORE_ERRORS as error:
            hint = f"give a place where files can be written, listed and read: {error}"
            raise InvalidOption("--perf-history", str(place), hint) from error
        self._added: str | None = None
        self._skipped: tuple[str, ...] = ()
        self._error: Exception | None = None
        self.trends: tuple[Trend, ...] = ()
        """The series that this session is a part of, with their changes."""

    @property
    def has_failed(self) -> bool:
        """Whether the session could not be added, or not be compared with the others."""
        return self._error is not None

    def add(self, report: ResultsFile) -> None:
        """Add the session, then compare it with those before."""
        name = history_name(report, self._run_id)
        try:
            self._store.add(name, results_text(report))
            self._added = name
            history = read_history(self._store)
            self._skipped = history.skipped
            own = names_in(report)
            self.trends = find_trends(
                (series for series in series_of(history.sessions) if series.name in own),
                find_changes if is_installed(Extra.HISTORY) else lambda _: (),
                commits_in(self._checkout),
            )
        except FileExistsError:
            hint = f"a session of this id, commit and second is there already, as {name}"
            self._error = InvalidOption("--perf-run-id", self._run_id, f"{hint}: give another")
        except HISTORY_ERRORS as error:
            self._error = error  # the results are on the screen, and where --perf-json said

    def lines(self, width: int) -> Iterator[Line]:
        """Yield what to print about the history."""
        yield from skipped_lines(self._skipped, width)
        if self._error is not None:
            is_added = self._added is not None
            what = "added, but not compared with the others" if is_added else "not added"
            text = f"ERROR: --perf-history: this session was {what}: {error_text(self._error)}"
            yield Line(printable(text), Style.BAD)
            return
        if self._added is None:
            return
        if not self.trends:
            yield Line("history: no run of this session measured anything to compare")
        elif is_installed(Extra.HISTORY):
            yield from trend_lines(self.trends, width)
        else:
            yield Line(f"history: no changes were looked for: {INSTALL_HINT}")
        yield Line(f"added to the history as {self._added}")
