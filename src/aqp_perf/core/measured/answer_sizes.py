"""How large the answers of an operation were."""

from dataclasses import dataclass

from aqp_perf.core.records import Count


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerSizes:
    """Sizes of all answers without a failure.

    Args:
        answers: number of answers.
        bytes: sum of their lengths, as they came over the network.
        items: sum of the items or rows in them; None when they were not counted.
    """

    answers: Count
    bytes: Count
    items: Count | None = None

    @property
    def mean_bytes(self) -> float | None:
        """Bytes of an answer; None without an answer."""
        return self.bytes / self.answers if self.answers else None

    @property
    def mean_items(self) -> float | None:
        """Items of an answer; None without an answer, or when they were not counted."""
        return self.items / self.answers if self.answers and self.items is not None else None
