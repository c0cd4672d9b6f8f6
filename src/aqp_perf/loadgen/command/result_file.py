"""What locust leaves behind: what it measured, and what became of every write."""

import json
from pathlib import Path
from typing import Final, NamedTuple

from aqp_perf.core.json_reader import JsonReader
from aqp_perf.core.measured.run_result import RunResult
from aqp_perf.core.proof.write_log import WriteLog
from aqp_perf.errors import ResultError

WRITE_LOGS: Final = "write_logs"
"""The field with the logs, beside those of a `RunResult`: stream → the text of a `WriteLog`."""


class LoadOutcome(NamedTuple):
    """What one load run left behind.

    Args:
        result: what was measured.
        write_logs: what became of the writes of every stream; empty when the locustfile keeps none.
    """

    result: RunResult
    write_logs: tuple[WriteLog, ...]


def progress_path(result_file: Path) -> Path:
    """Return where a run with this result file tells how it is doing, until it is over."""
    return result_file.with_suffix(".progress.json")


def read_outcome(path: Path) -> LoadOutcome:
    """Return what the result file of a locust command holds.

    Raises:
        ResultError: a field is missing or cannot be.
    """
    document = json.loads(path.read_bytes())
    logs = JsonReader.of(document, "run").child(WRITE_LOGS)
    try:
        write_logs = tuple(WriteLog.from_text(stream, logs.text(stream)) for stream in logs.fields)
    except ValueError as error:
        raise ResultError(f"run.{WRITE_LOGS}: {error}") from error
    return LoadOutcome(RunResult.from_json(document), write_logs)
