"""A run beside an earlier one: what changed, and what the rules say of it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self

from aqp_perf.core.comparison.rules import ComparisonRule
from aqp_perf.core.json_reader import JsonReader
from aqp_perf.core.verdict.verdicts import Verdict
from aqp_perf.errors import InvalidComparisonRule, ResultError


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One metric of one operation, then and now; in ms, as a ratio from 0 to 1, or per second."""

    operation: str
    metric: str
    before: float
    after: float
    change_ratio: float | None
    """0.1 for 10 % more; None: it was 0."""
    ci95: tuple[float, float] | None
    """95 % confidence interval of the relative change; None: it was 0."""

    def to_json(self) -> dict[str, object]:
        """Return the change as in the report."""
        return {
            "operation": self.operation,
            "metric": self.metric,
            "before": self.before,
            "after": self.after,
            "change_ratio": self.change_ratio,
            "ci95": None if self.ci95 is None else list(self.ci95),
        }

    @classmethod
    def from_json(cls, reader: JsonReader) -> Self:
        """Return what `to_json` wrote."""
        return cls(
            operation=reader.text("operation"),
            metric=reader.text("metric"),
            before=reader.number("before"),
            after=reader.number("after"),
            change_ratio=reader.optional_signed("change_ratio"),
            ci95=reader.signed_pair("ci95"),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparisonJudgement:
    """One rule on one operation."""

    operation: str | None
    """Label of the operation; the selector as written when it did not find exactly one, and None
    for a rule on every operation when the runs have none."""
    rule: ComparisonRule
    """The rule, without a selector."""
    change: Change | None = None
    chance: float | None = None
    """How probable so clear a change for the worse is when there is none; None: not asked, since
    the change is within the rule."""
    verdict: Verdict
    reason: str = ""

    @property
    def is_unproven(self) -> bool:
        """Whether it is above its rule and let pass, since it may be chance."""
        return self.verdict is Verdict.PASS and self.chance is not None

    @property
    def is_unmatched(self) -> bool:
        """Whether it is let pass, since the baseline has nothing to compare with."""
        return self.verdict is Verdict.PASS and self.change is None

    @property
    def is_doubtful(self) -> bool:
        """Whether it passes, and a person should know why."""
        return self.is_unproven or self.is_unmatched

    def to_json(self) -> dict[str, object]:
        """Return the judgement as in the report."""
        return {
            "operation": self.operation,
            "rule": str(self.rule),
            "change": None if self.change is None else self.change.to_json(),
            "chance": self.chance,
            "verdict": str(self.verdict),
            "reason": self.reason,
        }

    @classmethod
    def no_data(
        cls,
        operation: str | None,
        rule: ComparisonRule,
        reason: str,
        change: Change | None = None,
    ) -> Self:
        """Return that a rule cannot be judged, and why."""
        return cls(
            operation=operation, rule=rule, change=change, verdict=Verdict.NO_DATA, reason=reason
        )

    @classmethod
    def unmatched(
        cls, operation: str | None, rule: ComparisonRule, reason: str, verdict: Verdict
    ) -> Self:
        """Return that the baseline has nothing to compare with: NO DATA, or let pass."""
        return cls(operation=operation, rule=rule, verdict=verdict, reason=reason)

    @classmethod
    def from_json(cls, reader: JsonReader) -> Self:
        """Return what `to_json` wrote."""
        try:
            rule = ComparisonRule.parse(reader.text("rule"))
        except InvalidComparisonRule as error:
            raise ResultError(f"{reader.path}.rule: {error}") from error
        change = reader.optional_child("change")
        return cls(
            operation=reader.optional_text("operation"),
            rule=rule,
            change=None if change is None else Change.from_json(change),
            chance=reader.optional_number("chance"),
            verdict=reader.choice("verdict", Verdict),
            reason=reader.text("reason"),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """A run beside its baseline."""

    baseline: str
    """What people call it."""
    changes: tuple[Change, ...] = ()
    """Of all metrics that could be compared, by operation."""
    judgements: tuple[ComparisonJudgement, ...] = ()
    reason: str = ""
    """Why nothing was compared; empty when something was."""

    @property
    def verdicts(self) -> tuple[Verdict, ...]:
        """What the rules said."""
        return tuple(each.verdict for each in self.judgements)

    @property
    def is_doubtful(self) -> bool:
        """Whether it lets something pass, and a person should know why."""
        return bool(self.reason) or any(each.is_doubtful for each in self.judgements)

    def to_json(self) -> dict[str, object]:
        """Return the comparison as in the report."""
        return {
            "baseline": self.baseline,
            "reason": self.reason,
            "changes": [each.to_json() for each in self.changes],
            "judgements": [each.to_json() for each in self.judgements],
        }

    @classmethod
    def from_json(cls, reader: JsonReader) -> Self:
        """Return what `to_json` wrote."""
        return cls(
            baseline=reader.text("baseline"),
            reason=reader.text("reason"),
            changes=tuple(map(Change.from_json, reader.children("changes"))),
            judgements=tuple(map(ComparisonJudgement.from_json, reader.children("judgements"))),
        )


def not_compared(
    baseline: str,
    rules: Sequence[ComparisonRule],
    reason: str,
    verdict: Verdict = Verdict.NO_DATA,
) -> Comparison:
    """Return that the baseline has nothing to judge a rule by, and why: NO DATA, or let pass."""
    return Comparison(
        baseline=baseline,
        judgements=tuple(
            ComparisonJudgement.unmatched(
                each.operation, replace(each, operation=None), reason, verdict
            )
            for each in rules
        ),
        reason=reason,
    )
