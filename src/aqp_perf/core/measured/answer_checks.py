"""What checking the answers of an operation found."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Final, Self

from aqp_perf.core.json_reader import JsonReader
from aqp_perf.core.proof.wrong_answer import WrongAnswer, WrongAnswerKind
from aqp_perf.errors import ResultError

MOST_EVIDENCE: Final = 5
"""Wrong answers of an operation that are kept whole; all are counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerChecks:
    """What was found in the answers of an operation that were checked.

    Args:
        checked: how many were.
        wrong: how many of these were wrong, by what was wrong with them.
        evidence: the first few wrong ones, whole.
    """

    checked: int
    wrong: Mapping[WrongAnswerKind, int] = field(default_factory=dict)
    evidence: tuple[WrongAnswer, ...] = ()

    def __post_init__(self) -> None:
        if not sum(self.wrong.values()) <= self.checked:
            raise ResultError(f"{sum(self.wrong.values())} wrong answers of {self.checked} checked")

    @property
    def wrong_count(self) -> int:
        """How many of the checked answers were wrong."""
        return sum(self.wrong.values())

    def to_json(self) -> dict[str, object]:
        """Return the checks as in the report, and as workers send them."""
        return {
            "checked": self.checked,
            "wrong": {str(kind): count for kind, count in self.wrong.items()},
            "evidence": [asdict(each) | {"kind": str(each.kind)} for each in self.evidence],
        }

    @classmethod
    def from_json(cls, reader: JsonReader) -> Self:
        """Return what `to_json` wrote.

        Raises:
            ResultError: a field is missing or cannot be.
        """
        wrong = reader.counts("wrong")
        unknown = wrong.keys() - set(WrongAnswerKind)
        if unknown:
            raise ResultError(f"{reader.path}.wrong: unknown {', '.join(sorted(unknown))}")
        return cls(
            checked=reader.count("checked"),
            wrong={WrongAnswerKind(kind): count for kind, count in wrong.items()},
            evidence=tuple(
                WrongAnswer(
                    kind=each.choice("kind", WrongAnswerKind),
                    query=each.text("query"),
                    expected=each.text("expected"),
                    got=each.text("got"),
                )
                for each in reader.children("evidence")
            ),
        )

    @classmethod
    def merged(cls, parts: Iterable[Self | None]) -> Self | None:
        """Return the checks of all parts; None when none checked anything."""
        known = [each for each in parts if each is not None]
        if not known:
            return None
        wrong: Counter[WrongAnswerKind] = Counter()
        for part in known:
            wrong.update(part.wrong)
        evidence = tuple(each for part in known for each in part.evidence)
        return cls(
            checked=sum(part.checked for part in known),
            wrong=dict(wrong),
            evidence=evidence[:MOST_EVIDENCE],
        )
