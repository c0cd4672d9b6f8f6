"""The results of a session: ``--perf-json``, baselines and histories."""

from collections.abc import Mapping
from dataclasses import dataclass

from aqp_perf.core.records import Instant
from aqp_perf.core.results.judged_run import JudgedRun


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultsFile:
    """The results of one pytest session."""

    started_at: Instant
    environment: Mapping[str, str]
    """Versions, machine, commit and the command of pytest; free of secrets."""
    runs: tuple[JudgedRun, ...]
