"""The report files of a session, all written at its end: the results first, then what shows them.

So whatever becomes of a report, the measurement is not lost.
"""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from aqp_perf.core.results.results_file import ResultsFile
from aqp_perf.core.results.trends import Trend
from aqp_perf.files import write_whole
from aqp_perf.plugin.results.session_history import SessionHistory
from aqp_perf.plugin.settings.session_settings import SessionSettings
from aqp_perf.plugin.settings.written_files import STEP_SUMMARY_VARIABLE
from aqp_perf.reports.json_file import write_aside, write_results
from aqp_perf.reports.lines import Line, Style, printable
from aqp_perf.reports.markdown import render_markdown

_FAILURES: Final = (OSError, ArithmeticError, ImportError, LookupError, TypeError, ValueError)
"""What a full disk, a broken installation or a figure that nobody foresaw makes of a report."""


class ReportFiles:
    """What a session writes.

    Args:
        session: names the files.
        history: that the session is added to; None: none.
        environment: names GitHub's file.
    """

    def __init__(
        self,
        session: SessionSettings,
        history: SessionHistory | None = None,
        environment: Mapping[str, str] = os.environ,
    ) -> None:
        self._session, self._history = session, history
        self._step_summary = environment.get(STEP_SUMMARY_VARIABLE)
        self._job_url = job_url(environment)
        self._lines: list[Line] = []
        self.has_failed = False
        """Whether a file that was asked for is missing."""
        self._has_results = False
        """Whether a file has every figure."""
        self._may_replace = True

    def are_wanted(self, *, has_runs: bool) -> bool:
        """Return whether there is any file to write."""
        session = self._session
        named = (session.json_path, session.html_path, session.markdown_path)
        if any(each is not None for each in named):
            return True
        return has_runs and (self._history is not None or bool(self._step_summary))

    def write(self, report: ResultsFile, *, may_replace: bool = True) -> None:
        """Write every file; what cannot be written keeps no other from it.

        Args:
            report: what the session measured.
            may_replace: whether one without runs may take the place of an earlier session's files.
        """
        session = self._session
        self._may_replace = may_replace or bool(report.runs)
        if session.json_path is not None:
            self._has_results = self._write(
                "json", "results", session.json_path, lambda it: write_results(it, report)
            )
        trends = self._add_to_history(report)
        if session.html_path is not None:
            self._write(
                "html", "report", session.html_path, lambda it: _write_page(it, report, trends)
            )
        if session.markdown_path is not None:
            self._write(
                "markdown",
                "summary",
                session.markdown_path,
                lambda it: write_whole(it, render_markdown(report, trends, self._job_url)),
            )
        if self._step_summary and report.runs:
            self._add_to_step_summary(Path(self._step_summary), report, trends)
        rescued = self.rescue(report) if self.has_failed else None
        if rescued is not None:
            self._lines.append(rescued)

    def rescue(self, report: ResultsFile) -> Line | None:
        """Write the results to a place of their own, and say to which; None: a file has them."""
        if self._has_results or not report.runs:
            return None
        try:
            text = f"the results are in {write_aside(report)} instead"
            self._has_results = True
        except _FAILURES as error:
            text = f"ERROR: the results could not be written to another place: {_told(error)}"
        return Line(printable(text), Style.BAD)

    def _write(self, name: str, content: str, path: Path, write: Callable[[Path], None]) -> bool:
        """Return whether a file is written; what keeps it from that keeps no other."""
        try:
            if path.is_file() and not self._may_replace:
                self._lines.append(Line(f"no {content} written, as no load test ran: {path} stays"))
                return False
            write(path)
        except _FAILURES as error:  # the screen still has the results
            self.has_failed = True
            text = f"ERROR: --perf-{name}: no {content} written: {_told(error)}"
            self._lines.append(Line(printable(text), Style.BAD))
            return False
        self._lines.append(Line(f"{content} written to {path}"))
        return True

    def _add_to_history(self, report: ResultsFile) -> tuple[Trend, ...]:
        """Return the series of the history that the session is a part of."""
        if self._history is None or not report.runs:
            return ()
        self._history.add(report)
        self.has_failed |= self._history.has_failed
        return self._history.trends

    def lines(self, width: int) -> Iterator[Line]:
        """Yield what the history tells, and what became of every file."""
        if self._history is not None:
            yield from self._history.lines(width)
        yield from self._lines

    def _add_to_step_summary(
        self, path: Path, report: ResultsFile, trends: Sequence[Trend]
    ) -> None:
        """Add to what other steps wrote; nobody asked for it, so that it may fail."""
        try:
            with path.open("a", encoding="utf-8") as page:
                page.write(render_markdown(report, trends, self._job_url))
        except _FAILURES as error:
            text = f"{STEP_SUMMARY_VARIABLE}: no summary written: {_told(error)}"
            self._lines.append(Line(printable(text), Style.WARNING))


def job_url(environment: Mapping[str, str]) -> str | None:
    """Return where the CI job of this session is to be seen; None outside of those we know."""
    run = ("GITHUB_SERVER_URL", "GITHUB_REPOSITORY", "GITHUB_RUN_ID")
    if all(environment.get(each) for each in run):
        server, repository, number = (environment[each] for each in run)
        return f"{server}/{repository}/actions/runs/{number}"
    url = environment.get("CI_JOB_URL") or environment.get("BUILD_URL") or ""  # GitLab, Jenkins
    return url if url.startswith(("https://", "http://")) else None


def _told(error: Exception) -> str:
    """Return an error in words; one that is not of the system does not say what it is."""
    return str(error) if isinstance(error, OSError) else f"{type(error).__name__}: {error}"


def _write_page(path: Path, report: ResultsFile, trends: Sequence[Trend]) -> None:
    # A twentieth of a second of import, for sessions that ask for the page.
    from aqp_perf.reports.html import render_html  # noqa: PLC0415

    write_whole(path, render_html(report, trends))
