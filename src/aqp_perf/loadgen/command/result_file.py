"""The files of a locust command: what it measured, and how it is doing until then."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from aqp_perf.core.measured.run_result import RunResult
from aqp_perf.core.proof.write_log import WriteLog
from aqp_perf.core.records import from_json, to_json
from aqp_perf.errors import ResultError
from aqp_perf.files import write_whole


class LoadOutcome(NamedTuple):
    """What one load run left behind.

    Args:
        result: what was measured.
        write_logs: outcomes of the writes of every stream; empty when the locustfile keeps none.
    """

    result: RunResult
    write_logs: tuple[WriteLog, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _ResultFile:
    result: RunResult
    write_logs: Mapping[str, str]
    """Stream → the text of its `WriteLog`."""


def write_outcome(path: Path, result: RunResult, write_logs: Mapping[str, str]) -> None:
    """Write the result file of a locust command, with the text of every stream's `WriteLog`."""
    write_whole(path, to_json(_ResultFile(result=result, write_logs=write_logs)))


def read_outcome(path: Path) -> LoadOutcome:
    """Return the content of a result file.

    Raises:
        ResultError: a field is missing or wrong.
    """
    held = from_json(path.read_bytes(), _ResultFile, "result file")
    try:
        logs = tuple(WriteLog.from_text(*item) for item in held.write_logs.items())
    except ValueError as error:
        raise ResultError(f"result file.write_logs: {error}") from error
    return LoadOutcome(held.result, logs)


def begun_path(result_file: Path) -> Path:
    """Return the file that a run with this result file makes when its load begins."""
    return result_file.with_suffix(".begun")


def progress_path(result_file: Path) -> Path:
    """Return where a run with this result file writes its progress."""
    return result_file.with_suffix(".progress.json")
