"""What checking the answers of an operation found."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Final

from aqp_perf.core.measured.merging import MERGE
from aqp_perf.core.proof.wrong_answer import WrongAnswer, WrongAnswerKind
from aqp_perf.core.records import Count

MOST_EVIDENCE: Final = 5
"""Wrong answers of an operation that are kept whole; all are counted."""


def _first_few(parts: Sequence[tuple[WrongAnswer, ...]]) -> tuple[WrongAnswer, ...]:
    return tuple(chain.from_iterable(parts))[:MOST_EVIDENCE]


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerChecks:
    """What was found in the answers that were checked.

    Args:
        checked: number of answers that were checked.
        wrong: number of wrong answers among them, by kind.
        evidence: the first few wrong answers, whole.
    """

    checked: Count
    wrong: Mapping[WrongAnswerKind, Count] = field(default_factory=dict)
    evidence: tuple[WrongAnswer, ...] = field(default=(), metadata={MERGE: _first_few})

    def __post_init__(self) -> None:
        if self.wrong_count > self.checked:
            raise ValueError(f"{self.wrong_count} wrong answers of {self.checked} checked")

    @property
    def wrong_count(self) -> int:
        """Number of wrong answers."""
        return sum(self.wrong.values())
