"""The sessions in a history, whatever else lies there."""

import errno
from dataclasses import dataclass
from typing import Final

from aqp_perf.core.json_reader import parse_json
from aqp_perf.core.results.results_file import ResultsFile
from aqp_perf.core.results.series import is_history_name
from aqp_perf.errors import PerfError, ResultError
from aqp_perf.stores.file_store import STORE_ERRORS, FileStore

MOST_SESSIONS: Final = 200
"""Newest sessions that are looked at: over half a year of nights."""
_MOST_TOLD: Final = 5
"""Files that are named: after a change of the schema, all of them may be passed over."""
HISTORY_ERRORS: Final = (
    *STORE_ERRORS,
    PerfError,
    ArithmeticError,
    ValueError,
    ImportError,
    AttributeError,
    TypeError,
)
"""What may come of a place, of the figures there, and of an Otava that does not work as it did."""
_MOST_BYTES: Final = 64 << 20
"""Of one result file; that of a long night has a few hundred kilobytes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """What a history holds."""

    sessions: tuple[ResultsFile, ...]
    """At most `MOST_SESSIONS`, oldest first."""
    skipped: tuple[str, ...]
    """What was passed over: files by name with the reason, and how many others."""


def read_history(store: FileStore) -> History:
    """Return the sessions of a history.

    Raises:
        OSError, TargetError: the place itself cannot be read.
    """
    sessions: list[ResultsFile] = []
    skipped: list[str] = []
    names = store.names()
    own = [each for each in names if is_history_name(each)]
    for name in reversed(own[-MOST_SESSIONS:]):  # names begin with when a session began
        try:
            sessions.append(_session(store, name))
        except (*STORE_ERRORS, ResultError, ValueError, RecursionError) as error:
            skipped.append(f"{name}: {_why(error)}")
    sessions.sort(key=lambda each: each.started_at)
    told = skipped[:_MOST_TOLD]
    if len(skipped) > _MOST_TOLD:
        told.append(f"{_files(len(skipped) - _MOST_TOLD)} more that hold no session")
    if len(own) < len(names):
        told.append(f"{_files(len(names) - len(own))} without the name of a session")
    return History(sessions=tuple(sessions), skipped=tuple(told))


def told(error: Exception) -> str:
    """Return one of `HISTORY_ERRORS` in words; only ours and the system's say what they are."""
    if isinstance(error, (PerfError, OSError)):
        return str(error)
    return f"{type(error).__name__}: {error}"


def _session(store: FileStore, name: str) -> ResultsFile:
    held = store.read(name, _MOST_BYTES)
    if held is None:
        raise FileNotFoundError(errno.ENOENT, "it is gone", name)
    return ResultsFile.from_json(parse_json(held))


def _files(count: int) -> str:
    return f"{count:,} file{'' if count == 1 else 's'}"


def _why(error: Exception) -> str:
    if isinstance(error, PerfError):
        return str(error)
    if isinstance(error, OSError):
        return error.strerror or str(error)
    return "it is not a result file in JSON"
