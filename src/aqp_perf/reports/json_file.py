"""The results file of ``--perf-json``."""

import json
from pathlib import Path
from tempfile import mkstemp

from aqp_perf.core.results.results_document import results_document
from aqp_perf.core.results.results_file import ResultsFile


def write_aside(results: ResultsFile) -> Path:
    """Write the results to a new file in the folder for temporary files, and return its path.

    Raises:
        OSError: the file cannot be written there.
        ValueError: a figure is not finite.
    """
    text = results_text(results)
    descriptor, name = mkstemp(prefix="aqp-perf-", suffix=".json")
    with open(descriptor, "w", encoding="utf-8") as file:  # noqa: PTH123 - an open descriptor
        file.write(text)
    return Path(name)


def results_text(results: ResultsFile) -> str:
    """Return the results as strict JSON; raise ValueError when a figure is not finite."""
    return json.dumps(results_document(results), allow_nan=False, indent=2) + "\n"
