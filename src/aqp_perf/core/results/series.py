"""Results of earlier sessions as series over time, by test, operation, metric and conditions.

Runs that are INVALID, have NO DATA, were cut short or superseded, or have no fingerprint, are left
out.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from aqp_perf.core.measured.operation import OperationResult
from aqp_perf.core.results.judged_run import ResultsFile, TargetInfo
from aqp_perf.core.results.run_fingerprint import Part, RunFingerprint
from aqp_perf.core.verdict.verdicts import Verdict

_MEASURED: Final = frozenset({Verdict.PASS, Verdict.FAIL})
_WITH_ADDRESS: Final = frozenset({"endpoint", "aws"})
"""Kinds of targets with an address of their own; local targets get another port each time."""
_FILE_NAME: Final = re.compile(
    r"\d{4}-\d\d-\d\dT\d{6}Z-([0-9a-f]{1,12}|nocommit)-[\w.-]+\.json", re.ASCII
)


class TrackedMetric(StrEnum):
    """The metrics that a history follows, named as in thresholds."""

    MEDIAN = "median"
    """In ms."""
    P99 = "p99"
    """In ms."""
    THROUGHPUT = "throughput"
    """Right answers per second."""
    FAILURE_RATIO = "failure_ratio"
    """From 0 to 1."""

    def of(self, operation: OperationResult) -> float | None:
        """Return the figure of an operation; None without a request."""
        if not operation.requests:
            return None
        latency_ms = operation.latency_ms
        figures = {
            TrackedMetric.MEDIAN: latency_ms["p50"],
            TrackedMetric.P99: latency_ms["p99"],
            TrackedMetric.THROUGHPUT: operation.throughput_per_s,
            TrackedMetric.FAILURE_RATIO: operation.failure_ratio,
        }
        return figures[self]


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditions:
    """What the runs of one series have in common.

    That is their fingerprint without versions and machine: when those change, the level of a series
    may change, which a history is meant to show.
    """

    target: str
    """Kinds of target and AQP, and the address of a target that has one of its own."""
    profile: str
    data: str

    def __str__(self) -> str:
        """Return the conditions as text."""
        return "; ".join(filter(None, [self.target, self.profile, self.data]))

    @classmethod
    def of(cls, target: TargetInfo, fingerprint: RunFingerprint) -> "Conditions":
        """Return the conditions of a run."""
        address = target.endpoint if target.kind in _WITH_ADDRESS else ""
        return cls(
            target=" ".join(filter(None, [_text(fingerprint.target), address])),
            profile=_text(fingerprint.profile),
            data=_text(fingerprint.data),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesName:
    """The key of a series."""

    test: str
    """Node id."""
    number: int
    """Number of the load run in its test, from 1."""
    operation: str
    metric: TrackedMetric
    conditions: Conditions


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """One figure of one session."""

    started_at: datetime
    """When the session began, in UTC."""
    commit: str
    """Empty outside a git checkout."""
    value: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """The figures under one name, oldest first."""

    name: SeriesName
    points: tuple[Point, ...]

    @property
    def has_own_days(self) -> bool:
        """Whether no two sessions began on the same day, so that the day identifies one."""
        return len({point.started_at.date() for point in self.points}) == len(self.points)


def series_of(sessions: Iterable[ResultsFile]) -> tuple[Series, ...]:
    """Return the series of all sessions, which may come in any order."""
    found: dict[SeriesName, list[Point]] = {}
    for session in sorted(sessions, key=lambda session: session.started_at):
        commit = session.environment.get("commit", "")
        for name, value in _figures(session):
            point = Point(started_at=session.started_at, commit=commit, value=value)
            found.setdefault(name, []).append(point)
    return tuple(Series(name=name, points=tuple(points)) for name, points in found.items())


def names_in(session: ResultsFile) -> frozenset[SeriesName]:
    """Return the names of the series that a session has a point in."""
    return frozenset(name for name, _ in _figures(session))


def history_name(session: ResultsFile, run_id: str) -> str:
    """Return the file name of a session in a history; names sort by the start of the session."""
    commit = session.environment.get("commit", "")[:12] or "nocommit"
    return f"{session.started_at:%Y-%m-%dT%H%M%SZ}-{commit}-{run_id}.json"


def is_history_name(name: str) -> bool:
    """Return whether a file name has the form of `history_name`."""
    return _FILE_NAME.fullmatch(name) is not None


def _figures(session: ResultsFile) -> Iterator[tuple[SeriesName, float]]:
    numbers: Counter[str] = Counter()
    for judged in session.final_runs:
        numbers[judged.test] += 1
        run = judged.run
        is_whole = judged.verdict.verdict in _MEASURED and not run.interrupted and not run.aborted
        if judged.fingerprint is None or not is_whole:
            continue
        conditions = Conditions.of(judged.target, judged.fingerprint)
        for label, operation in run.labelled.items():
            for metric in TrackedMetric:
                value = metric.of(operation)
                if value is not None:
                    name = SeriesName(
                        test=judged.test,
                        number=numbers[judged.test],
                        operation=label,
                        metric=metric,
                        conditions=conditions,
                    )
                    yield name, value


def _text(part: Part) -> str:
    return " ".join(f"{key}={part[key]}" for key in sorted(part))
