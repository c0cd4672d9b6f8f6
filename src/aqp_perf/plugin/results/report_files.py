"""The files that a session writes at its end: the results first, then the reports that show them.

So the measurement is not lost, whatever happens to a report.
"""

import os
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Final

from aqp_perf.core.results.judged_run import ResultsFile
from aqp_perf.core.results.results_document import results_text
from aqp_perf.core.results.trends import Trend
from aqp_perf.files import write_whole
from aqp_perf.plugin.results.session_history import SessionHistory
from aqp_perf.plugin.settings.session_settings import SessionSettings
from aqp_perf.plugin.settings.written_files import STEP_SUMMARY_VARIABLE
from aqp_perf.reports.lines import Line, Style, printable
from aqp_perf.reports.markdown import render_markdown

_FAILURES: Final = (OSError, ArithmeticError, ImportError, LookupError, TypeError, ValueError)
"""A full disk, a broken installation, or a figure that a report cannot show."""


class ReportFiles:
    """The files that options name, the history, and the page of GitHub's job."""

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
        self.are_named = any((session.json_path, session.html_path, session.markdown_path))
        """Whether options name a file, which a session without runs writes too."""

    def write(self, results: ResultsFile, *, may_replace: bool = True) -> None:
        """Write every file; one that cannot be written does not keep the others from it.

        Results without runs replace the files of an earlier session only if they ``may_replace``.
        """
        session = self._session
        write = partial(self._write, may_replace=may_replace or bool(results.runs))
        trends: tuple[Trend, ...] = ()
        self._has_results = write(
            "--perf-json", "results", session.json_path, lambda: results_text(results)
        )
        if self._history is not None and results.runs:
            self._history.add(results)
            self.has_failed |= self._history.has_failed
            trends = self._history.trends
        write("--perf-html", "report", session.html_path, partial(_page, results, trends))
        summary = partial(render_markdown, results, trends, self._job_url)
        write("--perf-markdown", "summary", session.markdown_path, summary)
        if self._step_summary and results.runs:
            self._add_to_step_summary(Path(self._step_summary), summary)
        rescued = self.rescue(results) if self.has_failed else None
        if rescued is not None:
            self._lines.append(rescued)

    def rescue(self, results: ResultsFile) -> Line | None:
        """Write results that no file has to a temporary one, and return a line that names it."""
        if self._has_results or not results.runs:
            return None
        try:
            text = f"the results are in {_write_aside(results)} instead"
            self._has_results = True
        except _FAILURES as error:
            text = f"ERROR: the results could not be written to another place: {_text(error)}"
        return Line(printable(text), Style.BAD)

    def _write(
        self,
        option: str,
        content: str,
        path: Path | None,
        text: Callable[[], str],
        *,
        may_replace: bool,
    ) -> bool:
        """Return whether the file is written."""
        if path is None:
            return False
        try:
            if path.is_file() and not may_replace:
                self._lines.append(Line(f"no {content} written, as no load test ran: {path} stays"))
                return False
            write_whole(path, text())
        except _FAILURES as error:  # the screen still has the results
            self.has_failed = True
            problem = f"ERROR: {option}: no {content} written: {_text(error)}"
            self._lines.append(Line(printable(problem), Style.BAD))
            return False
        self._lines.append(Line(f"{content} written to {path}"))
        return True

    def lines(self, width: int) -> Iterator[Line]:
        """Yield what the history found, and what happened to every file."""
        if self._history is not None:
            yield from self._history.lines(width)
        yield from self._lines

    def _add_to_step_summary(self, path: Path, summary: Callable[[], str]) -> None:
        """Append to what other steps wrote; no option asked for it, so it may fail."""
        try:
            with path.open("a", encoding="utf-8") as page:
                page.write(summary())
        except _FAILURES as error:
            text = f"{STEP_SUMMARY_VARIABLE}: no summary written: {_text(error)}"
            self._lines.append(Line(printable(text), Style.WARNING))


def job_url(environment: Mapping[str, str]) -> str | None:
    """Return the URL of the CI job on GitHub, GitLab or Jenkins; None elsewhere."""
    run = ("GITHUB_SERVER_URL", "GITHUB_REPOSITORY", "GITHUB_RUN_ID")
    if all(environment.get(name) for name in run):
        server, repository, number = (environment[name] for name in run)
        return f"{server}/{repository}/actions/runs/{number}"
    url = environment.get("CI_JOB_URL") or environment.get("BUILD_URL") or ""  # GitLab, Jenkins
    return url if url.startswith(("https://", "http://")) else None


def _text(error: Exception) -> str:
    """Return an error with its type, unless it is the system's, which says what it is."""
    return str(error) if isinstance(error, OSError) else f"{type(error).__name__}: {error}"


def _page(results: ResultsFile, trends: tuple[Trend, ...]) -> str:
    # Its import takes 50 ms, which only sessions that ask for the page wait for.
    from aqp_perf.reports.html import render_html  # noqa: PLC0415

    return render_html(results, trends)


def _write_aside(results: ResultsFile) -> Path:
    """Write the results to a new file in the folder for temporary files, and return its path."""
    text = results_text(results)  # first: what cannot be written leaves no file
    with NamedTemporaryFile(
        "w", prefix="aqp-perf-", suffix=".json", encoding="utf-8", delete=False
    ) as file:
        file.write(text)
    return Path(file.name)
