"""What earlier sessions measured, as series over time: one per test, operation, metric, conditions.

A run that says nothing about its target, because it was INVALID, had too few samples or was cut
short, is no point of any series, nor is one that does not say what it was measured with.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from aqp_perf.core.measured.operation import OperationResult
from aqp_perf.core.results.judged_run import JudgedRun, TargetInfo
from aqp_perf.core.results.results_file import ResultsFile
from aqp_perf.core.results.run_fingerprint import Part, RunFingerprint
from aqp_perf.core.verdict.verdicts import Verdict

_MEASURED: Final = frozenset({Verdict.PASS, Verdict.FAIL})
_WITH_ADDRESS: Final = frozenset({"endpoint", "aws"})
"""Kinds of targets that are where they are; the local ones get another port each time."""
_FILE_NAME: Final = re.compile(
    r"\d{4}-\d\d-\d\dT\d{6}Z-([0-9a-f]{1,12}|nocommit)-[\w.-]+\.json", re.ASCII
)


class TrackedMetric(StrEnum):
    """The figures that are followed, called as in thresholds."""

    MEDIAN = "median"
    """In ms, like the next."""
    P99 = "p99"
    THROUGHPUT = "throughput"
    """Right answers per second."""
    FAILURE_RATIO = "failure_ratio"
    """From 0 to 1."""

    def of(self, operation: OperationResult) -> float | None:
        """Return the figure; None: the operation has none."""
        if not operation.requests:
            return None
        match self:
            case TrackedMetric.MEDIAN:
                return operation.latency_ms["p50"]
            case TrackedMetric.P99:
                return operation.latency_ms["p99"]
            case TrackedMetric.THROUGHPUT:
                return operation.throughput_per_s
            case TrackedMetric.FAILURE_RATIO:
                return operation.failure_ratio


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditions:
    """What must be alike for figures of two runs to be of one series.

    That is the fingerprint of a run without versions and machine: when those change, a level may
    change, and that is what a history is to show.
    """

    target: str
    """Kinds of target and AQP, and the address of a target that has one of its own."""
    profile: str
    data: str

    def __str__(self) -> str:
        """Return all of them."""
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
    """Whose figures a series holds."""

    test: str
    """Node id."""
    number: int
    """Which load run of the test, from 1."""
    operation: str
    metric: TrackedMetric
    conditions: Conditions


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """One figure of one session."""

    started_at: datetime
    """When the session began, in UTC."""
    commit: str
    """Empty when the session was in no checkout."""
    value: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """The figures of one name, oldest first."""

    name: SeriesName
    points: tuple[Point, ...]

    @property
    def has_own_days(self) -> bool:
        """Whether each of its sessions began on a day of its own, so that the day names it."""
        return len({each.started_at.date() for each in self.points}) == len(self.points)


def series_of(reports: Iterable[ResultsFile]) -> tuple[Series, ...]:
    """Return all series of some sessions, in the order in which they first come up.

    Args:
        reports: in any order.
    """
    found: dict[SeriesName, list[Point]] = {}
    for report in sorted(reports, key=lambda each: each.started_at):
        commit = report.environment.get("commit", "")
        for name, value in _figures(report):
            point = Point(started_at=report.started_at, commit=commit, value=value)
            found.setdefault(name, []).append(point)
    return tuple(Series(name=name, points=tuple(points)) for name, points in found.items())


def names_in(report: ResultsFile) -> frozenset[SeriesName]:
    """Return the series that a session is a part of."""
    return frozenset(name for name, _ in _figures(report))


def history_name(report: ResultsFile, run_id: str) -> str:
    """Return the file name of a session in a history; names sort by when sessions began."""
    commit = report.environment.get("commit", "")[:12] or "nocommit"
    return f"{report.started_at:%Y-%m-%dT%H%M%SZ}-{commit}-{run_id}.json"


def is_history_name(name: str) -> bool:
    """Return whether `history_name` may have made this one."""
    return _FILE_NAME.fullmatch(name) is not None


def _figures(report: ResultsFile) -> Iterator[tuple[SeriesName, float]]:
    numbers: Counter[str] = Counter()
    for judged in report.runs:
        numbers[judged.test] += 1
        if judged.fingerprint is None or not _is_measured(judged):
            continue
        conditions = Conditions.of(judged.target, judged.fingerprint)
        operations: Mapping[str, OperationResult] = judged.run.labelled
        for label, operation in operations.items():
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


def _is_measured(judged: JudgedRun) -> bool:
    run = judged.run
    return judged.verdict.verdict in _MEASURED and not run.interrupted and run.aborted is None
