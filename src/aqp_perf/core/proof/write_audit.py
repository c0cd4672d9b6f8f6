"""The result of an audit of a run's writes; `aqp_perf.core.proof.reconcile` makes it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from aqp_perf.core.data.keys import Key
from aqp_perf.core.records import Count, Figure

MOST_EXAMPLES: Final = 5
"""Most keys that a report lists."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteAudit:
    """The writes of a run, as found in the table after it; all figures count items.

    Args:
        acknowledged: writes that the target accepted.
        checked: acknowledged writes that were looked for: all, or a random sample.
        found: checked writes that are in the table.
        lost: checked writes that are not; found + lost = checked.
        ambiguous: writes without an answer, or with one that leaves the outcome open.
        ambiguous_landed: ambiguous writes that are in the table; None: too many to look for.
        unexpected: items that were refused or never sent, and are not seeded or of an earlier run.
            None: not looked for, because only a part of the table was read.
        lost_keys: the first lost keys.
        unexpected_keys: the first unexpected keys.
        consumed_read_units: what the audit cost; None when the target did not say.
    """

    acknowledged: Count
    checked: Count
    found: Count
    lost: Count
    ambiguous: Count
    ambiguous_landed: Count | None
    unexpected: Count | None
    lost_keys: tuple[Key, ...] = ()
    unexpected_keys: tuple[Key, ...] = ()
    consumed_read_units: Figure | None = None

    def __post_init__(self) -> None:
        if self.found + self.lost != self.checked or self.checked > self.acknowledged:
            raise ValueError(
                f"an audit of {self.acknowledged} writes cannot find {self.found} and miss "
                f"{self.lost} of {self.checked}"
            )

    @property
    def is_sample(self) -> bool:
        """Whether only some of the writes were looked for."""
        return self.checked < self.acknowledged

    @property
    def faults(self) -> tuple[str, ...]:
        """What is wrong with the table, in words; empty when it has exactly what it should."""
        faults = []
        if self.lost:
            of = f"{self.checked} sampled" if self.is_sample else f"{self.checked}"
            are = "is" if self.lost == 1 else "are"
            lost = f"{self.lost} of {of} acknowledged writes {are} not in the table"
            faults.append(lost + _examples(self.lost_keys, self.lost))
        if self.unexpected:
            items = "1 item" if self.unexpected == 1 else f"{self.unexpected} items"
            were = "was" if self.unexpected == 1 else "were"
            unexpected = f"{items} in the table {were} refused or never sent"
            faults.append(unexpected + _examples(self.unexpected_keys, self.unexpected))
        return tuple(faults)


def _examples(keys: Sequence[Key], count: int) -> str:
    """Return the keys that were kept, of ``count``, as the end of a sentence; empty without any."""
    if not keys:
        return ""
    more = count - len(keys)
    shown = ", ".join(map(str, keys))
    return f": {shown} and {more} more" if more else f": {shown}"
