"""Which answers of a run are checked, and what the checks found."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from decimal import Decimal
from typing import Final, Self

from perf.core.json_reader import JsonReader
from perf.core.oracle.wrong_answer import WrongAnswer, WrongAnswerKind
from perf.errors import ResultError

VERIFICATION_HINT: Final = "write 'all', 'off' or a part of the answers such as 'sample:10%'"
MOST_EVIDENCE: Final = 5
"""Wrong answers of an operation that are kept whole; all are counted."""

_SAMPLE: Final = re.compile(r"sample:([0-9]+(?:\.[0-9]+)?)%")


@dataclass(frozen=True, slots=True)
class Verification:
    """Which answers are checked.

    Args:
        ratio: the part of them, 0 to 1.

    Raises:
        ValueError: it is not.
    """

    ratio: float = 1.0

    def __post_init__(self) -> None:
        if not 0 <= self.ratio <= 1:
            raise ValueError(f"a part of the answers is 0 to 1, got {self.ratio}")

    def includes(self, index: int) -> bool:
        """Return whether a user's answer ``index`` is checked: evenly spread ones are."""
        if self.ratio == 1:
            return True
        return int((index + 1) * self.ratio) > int(index * self.ratio)

    def __str__(self) -> str:
        if self.ratio in (0, 1):
            return "all" if self.ratio else "off"
        return f"sample:{(Decimal(repr(self.ratio)) * 100).normalize():f}%"


def parse_verification(text: str) -> Verification:
    """Parse ``all``, ``off`` or ``sample:10%``.

    Raises:
        ValueError: it is none of these, or no part of the answers; the message says what is right.
    """
    if text in {"all", "off"}:
        return Verification(1.0 if text == "all" else 0.0)
    found = _SAMPLE.fullmatch(text)
    if found is None:
        raise ValueError(VERIFICATION_HINT)
    ratio = float(Decimal(found[1]) / 100)
    if not 0 < ratio <= 1:
        raise ValueError(f"a sample is above 0% and at most 100%: {VERIFICATION_HINT}")
    return Verification(ratio)


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
