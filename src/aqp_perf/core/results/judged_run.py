"""A run with its test, target and verdict, and the results of a session of such runs."""

from collections.abc import Mapping
from dataclasses import dataclass

from aqp_perf.core.comparison.outcome import Comparison
from aqp_perf.core.load.cost import RunCost
from aqp_perf.core.measured.run_result import RunResult
from aqp_perf.core.proof.write_audit import WriteAudit
from aqp_perf.core.records import Instant
from aqp_perf.core.results.run_fingerprint import RunFingerprint
from aqp_perf.core.verdict.verdicts import RunVerdict


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetInfo:
    """What the load was sent to, in words that may be published."""

    kind: str
    """``moto``, ``dynamodb-local``, ``endpoint``, ``aws`` or ``none``."""
    endpoint: str
    """Empty for kind ``none``."""
    label: str
    """What figures from this target are good for, such as ``not AWS``."""

    def __str__(self) -> str:
        """Return it as reports show it."""
        where = f" at {self.endpoint}" if self.endpoint else ""
        return f"{self.kind}{where} ({self.label})"


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedRun:
    """One run with its verdict: one entry of ``runs`` in a results file."""

    test: str
    """Node id of the test that asked for the run."""
    target: TargetInfo
    profile: Mapping[str, object]
    """The load profile as resolved: names and JSON values."""
    seed: int
    run: RunResult
    verdict: RunVerdict
    aqp: str | None = None
    """The AQP under load, in words that may be published; None without one."""
    write_audit: WriteAudit | None = None
    """None when the writes were not audited."""
    cost: RunCost | None = None
    """None where requests are not billed: everywhere but on AWS."""
    unverified: str | None = None
    """Why no answer was checked; None when answers were checked."""
    fingerprint: RunFingerprint | None = None
    """What it was measured with; None in results from before it was recorded."""
    comparison: Comparison | None = None
    """The run against a baseline, which the verdict includes; None: not compared."""
    anchor_comparison: Comparison | None = None
    """The run against an anchor, likewise."""
    superseded: bool = False
    """Whether a rerun of its test replaced this attempt: the verdict of the last one counts."""

    @property
    def comparisons(self) -> tuple[Comparison, ...]:
        """The comparisons that there are."""
        both = (self.comparison, self.anchor_comparison)
        return tuple(each for each in both if each is not None)


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultsFile:
    """The results of one pytest session: ``--perf-json``, a baseline, an entry of a history."""

    started_at: Instant
    environment: Mapping[str, str]
    """Versions, machine, commit and the command of pytest; free of secrets."""
    runs: tuple[JudgedRun, ...]

    @property
    def final_runs(self) -> tuple[JudgedRun, ...]:
        """The runs that no rerun replaced."""
        return tuple(run for run in self.runs if not run.superseded)
