"""The sessions in a history, whatever else lies there."""

import errno
from dataclasses import dataclass
from typing import Final

from perf.core.json_reader import parse_json
from perf.core.report import ReportFile
from perf.errors import PerfError, ResultError
from perf.file_store import STORE_ERRORS, FileStore

MOST_SESSIONS: Final = 200
"""Newest sessions that are looked at: over half a year of nights."""
_MOST_BYTES: Final = 64 << 20
"""Of one result file; that of a long night has a few hundred kilobytes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """What a history holds."""

    sessions: tuple[ReportFile, ...]
    """At most `MOST_SESSIONS`, oldest first."""
    skipped: tuple[str, ...]
    """File names with why they were passed over."""


def read_history(store: FileStore) -> History:
    """Return the sessions of a history.

    Raises:
        OSError, TargetError: the place itself cannot be read.
    """
    sessions: list[ReportFile] = []
    skipped: list[str] = []
    for name in reversed(store.names()):  # names begin with when a session began
        if len(sessions) == MOST_SESSIONS:
            break
        try:
            sessions.append(_session(store, name))
        except (*STORE_ERRORS, ResultError, ValueError, RecursionError) as error:
            skipped.append(f"{name}: {_why(error)}")
    sessions.sort(key=lambda each: each.started_at)
    return History(sessions=tuple(sessions), skipped=tuple(skipped))


def _session(store: FileStore, name: str) -> ReportFile:
    held = store.read(name, _MOST_BYTES)
    if held is None:
        raise FileNotFoundError(errno.ENOENT, "it is gone", name)
    return ReportFile.from_json(parse_json(held))


def _why(error: Exception) -> str:
    if isinstance(error, PerfError):
        return str(error)
    if isinstance(error, OSError):
        return error.strerror or str(error)
    return "it is not a result file in JSON"
