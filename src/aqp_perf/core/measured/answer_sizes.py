"""How large the answers of an operation were."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Self

from aqp_perf.core.json_reader import JsonReader


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerSizes:
    """Sizes of all answers without a failure.

    Args:
        answers: how many there were.
        bytes: their length, as it came over the network, in all.
        items: items or rows in them, in all; None when nobody counted them.
    """

    answers: int
    bytes: int
    items: int | None = None

    @property
    def mean_bytes(self) -> float | None:
        """Bytes of an answer; None: there was none."""
        return self.bytes / self.answers if self.answers else None

    @property
    def mean_items(self) -> float | None:
        """Items of an answer; None: nobody counted them."""
        return self.items / self.answers if self.answers and self.items is not None else None

    def to_json(self) -> dict[str, object]:
        """Return the sizes as in the report, with their means."""
        means = {"mean_bytes": self.mean_bytes, "mean_items": self.mean_items}
        return asdict(self) | means

    @classmethod
    def from_json(cls, reader: JsonReader) -> Self:
        """Return what `to_json` wrote; the means are derived again.

        Raises:
            ResultError: a field is missing or cannot be.
        """
        return cls(
            answers=reader.count("answers"),
            bytes=reader.count("bytes"),
            items=reader.optional_count("items"),
        )

    @classmethod
    def merged(cls, parts: Iterable[Self | None]) -> Self | None:
        """Return the sizes of all parts; None when none has any."""
        known = [each for each in parts if each is not None]
        if not known:
            return None
        items = [each.items for each in known if each.items is not None]
        return cls(
            answers=sum(each.answers for each in known),
            bytes=sum(each.bytes for each in known),
            items=sum(items) if items else None,
        )
