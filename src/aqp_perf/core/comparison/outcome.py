"""A run beside an earlier one: what changed, and what the rules say of it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self

from aqp_perf.core.comparison.rules import ComparisonRule
from aqp_perf.core.records import Figure, SignedFigure
from aqp_perf.core.verdict.verdicts import Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One metric of one operation, then and now; in ms, as a ratio from 0 to 1, or per second."""

    operation: str
    metric: str
    before: Figure
    after: Figure
    change_ratio: SignedFigure | None
    """0.1 for 10 % more; None: it was 0."""
    ci95: tuple[SignedFigure, SignedFigure] | None
    """95 % confidence interval of the relative change; None: it was 0."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparisonJudgement:
    """One rule on one operation."""

    operation: str | None
    """Label of the operation; the selector as written when it did not find exactly one, and None
    for a rule on every operation when the runs have none."""
    rule: ComparisonRule
    """The rule, without a selector."""
    change: Change | None = None
    chance: Figure | None = None
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
