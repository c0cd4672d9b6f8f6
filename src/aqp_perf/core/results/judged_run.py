"""What ``--perf-json`` holds: every run with its test, target and verdict."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Self

from aqp_perf.core.comparison.outcome import Comparison
from aqp_perf.core.json_reader import JsonReader
from aqp_perf.core.load.cost import RunCost
from aqp_perf.core.measured.run_result import RunResult
from aqp_perf.core.proof.write_audit import WriteAudit
from aqp_perf.core.results.run_fingerprint import RunFingerprint
from aqp_perf.core.verdict.thresholds import parse_threshold
from aqp_perf.core.verdict.verdicts import Judgement, RunVerdict, Verdict
from aqp_perf.errors import InvalidThreshold, ResultError


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetInfo:
    """What the load was sent to, in words that may be published."""

    kind: str
    """``moto``, ``dynamodb-local``, ``endpoint``, ``aws`` or ``none``."""
    endpoint: str
    """Empty for kind ``none``."""
    label: str
    """What figures from this target stand for, such as ``not AWS``."""

    def __str__(self) -> str:
        """Return it as reports show it."""
        where = f" at {self.endpoint}" if self.endpoint else ""
        return f"{self.kind}{where} ({self.label})"


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedRun:
    """One run with its verdict: one entry of ``runs`` in the report.

    It survives `to_json` and `from_json` unchanged, but for this: the run read back knows all
    invalid reasons as its own, those of the generator and those of the verdict.
    """

    test: str
    """Node id of the test that asked for the run."""
    target: TargetInfo
    profile: Mapping[str, object]
    """The load profile as resolved: names and JSON values."""
    seed: int
    run: RunResult
    verdict: RunVerdict
    aqp: str | None = None
    """The AQP that was asked, in words that may be published; None when there was none."""
    write_audit: WriteAudit | None = None
    """None when the writes were not audited."""
    cost: RunCost | None = None
    """None where load costs nothing: everywhere but on AWS."""
    unverified: str | None = None
    """Why no answer was checked; None when answers were, or when it was not asked."""
    fingerprint: RunFingerprint | None = None
    """What it was measured with; None in reports from before it was recorded."""
    comparison: Comparison | None = None
    """How it did beside a baseline, which the verdict takes in; None: it was not compared."""

    def to_json(self) -> dict[str, object]:
        """Return the run as it stands in the report."""
        return self.run.to_json() | {
            "test": self.test,
            "target": asdict(self.target),
            "aqp": self.aqp,
            "profile": dict(self.profile),
            "seed": self.seed,
            "verdict": str(self.verdict.verdict),
            "invalid_reasons": list(self.verdict.invalid_reasons),
            "unverified": self.unverified,
            "write_audit": None if self.write_audit is None else self.write_audit.to_json(),
            "cost": None if self.cost is None else self.cost.to_json(),
            "fingerprint": None if self.fingerprint is None else self.fingerprint.to_json(),
            "comparison": None if self.comparison is None else self.comparison.to_json(),
            "thresholds": [_judgement_to_json(each) for each in self.verdict.judgements],
        }

    @classmethod
    def from_json(cls, data: object) -> Self:
        """Return what `to_json` wrote.

        Raises:
            ResultError: a field is missing or cannot be; it names the field.
        """
        run = RunResult.from_json(data)
        reader = JsonReader.of(data, "run")
        target = reader.child("target")
        audit = reader.optional_child("write_audit")
        cost = reader.added_child("cost")
        fingerprint = reader.added_child("fingerprint")
        comparison = reader.added_child("comparison")
        profile = dict(reader.child("profile").fields)
        return cls(
            test=reader.text("test"),
            target=TargetInfo(
                kind=target.text("kind"),
                endpoint=target.text("endpoint"),
                label=target.text("label"),
            ),
            aqp=reader.optional_text("aqp"),
            unverified=reader.added_text("unverified"),
            profile=profile,
            seed=reader.integer("seed"),
            run=run,
            verdict=RunVerdict(
                verdict=reader.choice("verdict", Verdict),
                judgements=tuple(_judgement_from_json(e) for e in reader.children("thresholds")),
                invalid_reasons=run.invalid_reasons,
            ),
            write_audit=None if audit is None else WriteAudit.from_json(audit),
            cost=None if cost is None else RunCost.from_json(cost),
            # Older files have the arrivals in it that were asked for, whoever took them.
            fingerprint=(
                None
                if fingerprint is None
                else RunFingerprint.from_json(fingerprint).measured(profile)
            ),
            comparison=None if comparison is None else Comparison.from_json(comparison),
        )


def _judgement_to_json(judgement: Judgement) -> dict[str, object]:
    return {
        "operation": judgement.operation,
        "text": judgement.threshold.rule,
        "limit": judgement.threshold.limit,
        "observed": judgement.observed,
        "margin_ratio": judgement.margin_ratio,
        "ci95": None if judgement.ci95 is None else list(judgement.ci95),
        "samples": judgement.samples,
        "verdict": str(judgement.verdict),
        "reason": judgement.reason,
    }


def _judgement_from_json(reader: JsonReader) -> Judgement:
    try:
        threshold = parse_threshold(reader.text("text"))
    except InvalidThreshold as exc:
        raise ResultError(f"{reader.path}.text: {exc}") from exc
    return Judgement(
        operation=reader.optional_text("operation"),
        threshold=threshold,
        observed=reader.optional_number("observed"),
        ci95=reader.pair("ci95"),
        samples=reader.count("samples"),
        verdict=reader.choice("verdict", Verdict),
        reason=reader.text("reason"),
    )
