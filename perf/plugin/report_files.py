"""The report files of a session, all written at its end: the results first, then what shows them.

So whatever becomes of a report, the measurement is not lost.
"""

import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Final, NamedTuple

from perf.core.report import ReportFile
from perf.files import write_whole
from perf.plugin.settings import SessionSettings
from perf.reports.json_file import write_report
from perf.reports.lines import Line, Style
from perf.reports.markdown import render_markdown

STEP_SUMMARY_VARIABLE: Final = "GITHUB_STEP_SUMMARY"
"""GitHub Actions: the file whose Markdown it shows with the job."""


class _Report(NamedTuple):
    origin: str
    """The option or variable that names the file."""
    content: str
    path: Path
    write: Callable[[Path, ReportFile], None]


class ReportFiles:
    """What a session writes.

    Args:
        session: names the files.
        environment: names GitHub's file.
    """

    def __init__(
        self, session: SessionSettings, environment: Mapping[str, str] = os.environ
    ) -> None:
        self._reports = [
            _Report(f"--perf-{name}", content, path, write)
            for name, content, path, write in (
                ("json", "results", session.json_path, write_report),
                ("html", "report", session.html_path, _write_html),
                ("markdown", "summary", session.markdown_path, _write_markdown),
            )
            if path is not None
        ]
        self._step_summary = environment.get(STEP_SUMMARY_VARIABLE)
        self._lines: list[Line] = []
        self.has_failed = False
        """Whether a file that was asked for is missing."""

    def are_wanted(self, *, has_runs: bool) -> bool:
        """Return whether there is any file to write."""
        return bool(self._reports) or (has_runs and bool(self._step_summary))

    def write(self, report: ReportFile) -> None:
        """Write every file; what cannot be written keeps no other from it."""
        for each in self._reports:
            try:
                each.write(each.path, report)
            except (OSError, ValueError) as error:  # the screen still has the results
                self.has_failed = True
                text = f"ERROR: {each.origin}: no {each.content} written: {error}"
                self._lines.append(Line(text, Style.BAD))
            else:
                self._lines.append(Line(f"{each.content} written to {each.path}"))
        if self._step_summary and report.runs:
            self._add_to_step_summary(Path(self._step_summary), report)

    def lines(self) -> Iterator[Line]:
        """Yield what became of every file."""
        yield from self._lines

    def _add_to_step_summary(self, path: Path, report: ReportFile) -> None:
        """Add to what other steps wrote; nobody asked for it, so that it may fail."""
        try:
            with path.open("a", encoding="utf-8") as summary:
                summary.write(render_markdown(report))
        except OSError as error:
            text = f"{STEP_SUMMARY_VARIABLE}: no summary written: {error}"
            self._lines.append(Line(text, Style.WARNING))


def _write_html(path: Path, report: ReportFile) -> None:
    # A twentieth of a second of import, for sessions that ask for the page.
    from perf.reports.html import render_html  # noqa: PLC0415

    write_whole(path, render_html(report))


def _write_markdown(path: Path, report: ReportFile) -> None:
    write_whole(path, render_markdown(report))
