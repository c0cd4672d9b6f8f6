"""The sessions in a history, whatever else lies there."""

import json
from dataclasses import dataclass
from typing import Final

from perf.core.report import ReportFile
from perf.errors import PerfError, ResultError
from perf.history.store import STORE_ERRORS, HistoryStore

MOST_SESSIONS: Final = 200
"""Newest sessions that are looked at: over half a year of nights."""


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """What a history holds."""

    sessions: tuple[ReportFile, ...]
    """At most `MOST_SESSIONS`, oldest first."""
    skipped: tuple[str, ...]
    """File names with why they were passed over."""


def read_history(store: HistoryStore) -> History:
    """Return the sessions of a history.

    Raises:
        OSError, TargetError: the place itself cannot be read.
    """
    sessions: list[ReportFile] = []
    skipped: list[str] = []
    for name in sorted(store.names(), reverse=True):  # names begin with when a session began
        if len(sessions) == MOST_SESSIONS:
            break
        try:
            sessions.append(ReportFile.from_json(json.loads(store.read(name))))
        except (*STORE_ERRORS, ResultError, ValueError, RecursionError) as error:
            skipped.append(f"{name}: {_why(error)}")
    sessions.sort(key=lambda each: each.started_at)
    return History(sessions=tuple(sessions), skipped=tuple(skipped))


def _why(error: Exception) -> str:
    if isinstance(error, PerfError):
        return str(error)
    if isinstance(error, OSError):
        return error.strerror or str(error)
    return "it is not a result file in JSON"
