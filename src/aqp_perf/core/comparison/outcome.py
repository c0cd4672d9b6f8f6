"""A run compared with a baseline: changes, and judgements of the rules."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self

from aqp_perf.core.comparison.rules import ComparisonRule
from aqp_perf.core.records import Figure, SignedFigure
from aqp_perf.core.verdict.verdicts import Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One metric of one operation, before and after: ms, a ratio from 0 to 1, or per second."""

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
    """Label of the operation. The selector as written when it does not match exactly one; None for
    a rule on every operation when there is none."""
    rule: ComparisonRule
    """The rule, without a selector."""
    change: Change | None = None
    chance: Figure | None = None
    """p-value of the change for the worse; None when the change is within the rule."""
    verdict: Verdict
    reason: str = ""

    @property
    def is_unproven(self) -> bool:
        """Whether it passes although it is worse than the rule allows: it is not significant."""
        return self.verdict is Verdict.PASS and self.chance is not None

    @property
    def is_unmatched(self) -> bool:
        """Whether it passes because the baseline has nothing to compare with."""
        return self.verdict is Verdict.PASS and self.change is None

    @property
    def is_doubtful(self) -> bool:
        """Whether it passes for a reason that people should read."""
        return self.is_unproven or self.is_unmatched

    @classmethod
    def unjudged(
        cls,
        operation: str | None,
        rule: ComparisonRule,
        reason: str,
        verdict: Verdict = Verdict.NO_DATA,
    ) -> Self:
        """Return the verdict on a rule that has nothing to be judged by."""
        return cls(operation=operation, rule=rule, verdict=verdict, reason=reason)


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """A run compared with a baseline, or with an anchor."""

    baseline: str
    """Name of the baseline or the anchor."""
    is_anchor: bool = False
    """Whether it is an anchor: sessions do not replace it one after the other."""
    changes: tuple[Change, ...] = ()
    """All metrics that could be compared, by operation."""
    judgements: tuple[ComparisonJudgement, ...] = ()
    reason: str = ""
    """Why nothing was compared; empty when something was."""

    @property
    def kind(self) -> str:
        """What the run was compared with, in one word."""
        return "anchor" if self.is_anchor else "baseline"

    @property
    def title(self) -> str:
        """What the run was compared with, as in ``baseline main``."""
        return f"{self.kind} {self.baseline}"

    @property
    def verdicts(self) -> tuple[Verdict, ...]:
        """Verdicts of the rules."""
        return tuple(judgement.verdict for judgement in self.judgements)

    @property
    def is_doubtful(self) -> bool:
        """Whether something passes for a reason that people should read."""
        return bool(self.reason) or any(judgement.is_doubtful for judgement in self.judgements)


def not_compared(
    baseline: str, rules: Sequence[ComparisonRule], reason: str, verdict: Verdict = Verdict.NO_DATA
) -> Comparison:
    """Return a comparison without figures, for a reason, with this verdict for every rule."""
    return Comparison(
        baseline=baseline,
        judgements=tuple(
            ComparisonJudgement.unjudged(
                rule.operation, replace(rule, operation=None), reason, verdict
            )
            for rule in rules
        ),
        reason=reason,
    )
