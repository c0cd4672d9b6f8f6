"""The report file of ``--perf-json``."""

import json
from pathlib import Path
from tempfile import mkstemp

from aqp_perf.core.results.results_file import ResultsFile
from aqp_perf.files import write_whole


def write_results(path: Path, report: ResultsFile) -> None:
    """Write the report, whole or not at all, as strict JSON: no NaN, whatever went into it.

    Raises:
        OSError: the folder or the file cannot be written; a file that was there is as it was.
        ValueError: a figure is not finite.
    """
    write_whole(path, results_text(report))


def write_aside(report: ResultsFile) -> Path:
    """Write the report to a new file in the folder for temporary ones, and return its path.

    Raises:
        OSError: that folder takes no file either.
        ValueError: a figure is not finite.
    """
    text = results_text(report)
    descriptor, name = mkstemp(prefix="aqp-perf-", suffix=".json")
    with open(descriptor, "w", encoding="utf-8") as file:  # noqa: PTH123 - an open descriptor
        file.write(text)
    return Path(name)


def results_text(report: ResultsFile) -> str:
    """Return the report as strict JSON; raise ValueError when a figure is not finite."""
    return json.dumps(report.to_json(), allow_nan=False, indent=2) + "\n"
