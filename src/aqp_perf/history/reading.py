"""Reads the sessions of a history; other files in its place are counted and left alone."""

from dataclasses import dataclass
from typing import Final

from aqp_perf.core.results.judged_run import ResultsFile
from aqp_perf.core.results.results_document import read_results
from aqp_perf.core.results.series import is_history_name
from aqp_perf.errors import PerfError, ResultError
from aqp_perf.reports.figures import counted
from aqp_perf.stores.file_store import STORE_ERRORS, FileStore

MOST_SESSIONS: Final = 200
"""Newest sessions that are read: over half a year of nights."""
_MOST_NAMED: Final = 5
"""Skipped files that are named: after a change of the schema, all of them may be skipped."""
HISTORY_ERRORS: Final = (
    *STORE_ERRORS,
    PerfError,
    ArithmeticError,
    ValueError,
    ImportError,
    AttributeError,
    TypeError,
)
"""What a place, the figures there, and another version of Otava may raise."""
_MOST_BYTES: Final = 64 << 20
"""Of one results file; that of a long night has a few hundred kilobytes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """The sessions of a history."""

    sessions: tuple[ResultsFile, ...]
    """At most `MOST_SESSIONS`, oldest first."""
    skipped: tuple[str, ...]
    """Skipped files by name with the reason, and how many others."""


def read_history(store: FileStore) -> History:
    """Return the sessions of a history.

    Raises:
        OSError, TargetError: the place itself cannot be read.
    """
    sessions: list[ResultsFile] = []
    skipped: list[str] = []
    names = store.names()
    own = [name for name in names if is_history_name(name)]
    for name in reversed(own[-MOST_SESSIONS:]):  # names begin with when a session began
        try:
            held = store.read(name, _MOST_BYTES)
            if held is None:
                skipped.append(f"{name}: it is gone")
            else:
                sessions.append(read_results(held))
        except (*STORE_ERRORS, ResultError) as error:
            reason = isinstance(error, OSError) and error.strerror
            skipped.append(f"{name}: {reason or error}")
    sessions.sort(key=lambda session: session.started_at)
    more, others = len(skipped[_MOST_NAMED:]), len(names) - len(own)
    skipped = skipped[:_MOST_NAMED]
    if more:
        skipped.append(f"{counted(more, 'more file')} that cannot be read as results")
    if others:
        skipped.append(f"{counted(others, 'file')} not named like the results of a session")
    return History(sessions=tuple(sessions), skipped=tuple(skipped))


def error_text(error: Exception) -> str:
    """Return one of `HISTORY_ERRORS` in words, with its type where its text does not say it."""
    if isinstance(error, (PerfError, OSError)):
        return str(error)
    return f"{type(error).__name__}: {error}"
