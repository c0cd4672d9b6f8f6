"""The report file of ``--perf-json``."""

import json
from pathlib import Path

from perf.core.report import ReportFile
from perf.files import write_whole


def write_report(path: Path, report: ReportFile) -> None:
    """Write the report, whole or not at all, as strict JSON: no NaN, whatever went into it.

    Raises:
        OSError: the folder or the file cannot be written; a file that was there is as it was.
        ValueError: a figure is not finite.
    """
    write_whole(path, report_text(report))


def report_text(report: ReportFile) -> str:
    """Return the report as strict JSON; raise ValueError when a figure is not finite."""
    return json.dumps(report.to_json(), allow_nan=False, indent=2) + "\n"
