"""What an audit of a run's writes found; how it is made: `aqp_perf.core.proof.reconcile`."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Self

from aqp_perf.core.json_reader import JsonReader
from aqp_perf.core.proof.write_log import Key
from aqp_perf.errors import ResultError

MOST_EXAMPLES: Final = 5
"""Keys that are named; all are counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteAudit:
    """What reading the table after a run said about the writes of the run, in items.

    Args:
        acknowledged: writes that the target said yes to.
        checked: how many of these were looked for: all, or a random sample.
        found: those that are in the table.
        lost: those that are not; found + lost = checked.
        ambiguous: writes whose outcome nobody knows: there was no answer, or one that leaves it
            open.
        ambiguous_landed: how many of them are in the table; None: too many to look for.
        unexpected: items in the table that are neither of these, nor seeded, nor of an earlier
            run: the target had refused them, or nobody sent them. None: not looked for, because
            not the whole table was read.
        lost_keys: the first few that are not there.
        unexpected_keys: the first few that should not be.
        consumed_read_units: what the audit cost; None when the target did not say.
    """

    acknowledged: int
    checked: int
    found: int
    lost: int
    ambiguous: int
    ambiguous_landed: int | None
    unexpected: int | None
    lost_keys: tuple[Key, ...] = ()
    unexpected_keys: tuple[Key, ...] = ()
    consumed_read_units: float | None = None

    def __post_init__(self) -> None:
        if self.found + self.lost != self.checked or self.checked > self.acknowledged:
            raise ResultError(
                f"an audit of {self.acknowledged} writes cannot find {self.found} and miss "
                f"{self.lost} of {self.checked}"
            )

    @property
    def is_sample(self) -> bool:
        """Whether only some of the writes were looked for."""
        return self.checked < self.acknowledged

    @property
    def faults(self) -> tuple[str, ...]:
        """What is wrong with the table, in words; nothing when it holds what it should."""
        faults = []
        if self.lost:
            of = f"{self.checked} sampled" if self.is_sample else f"{self.checked}"
            lost = f"{self.lost} of {of} acknowledged writes are not in the table"
            faults.append(f"{lost}: {_shown(self.lost_keys, self.lost)}")
        if self.unexpected:
            unexpected = f"{self.unexpected} items in the table were refused or never sent"
            faults.append(f"{unexpected}: {_shown(self.unexpected_keys, self.unexpected)}")
        return tuple(faults)

    def to_json(self) -> dict[str, object]:
        """Return the audit as in the report."""
        return {
            "acknowledged": self.acknowledged,
            "checked": self.checked,
            "found": self.found,
            "lost": self.lost,
            "ambiguous": self.ambiguous,
            "ambiguous_landed": self.ambiguous_landed,
            "unexpected": self.unexpected,
            "lost_keys": [key._asdict() for key in self.lost_keys],
            "unexpected_keys": [key._asdict() for key in self.unexpected_keys],
            "consumed_read_units": self.consumed_read_units,
        }

    @classmethod
    def from_json(cls, reader: JsonReader) -> Self:
        """Return what `to_json` wrote.

        Raises:
            ResultError: a field is missing or cannot be.
        """
        return cls(
            acknowledged=reader.count("acknowledged"),
            checked=reader.count("checked"),
            found=reader.count("found"),
            lost=reader.count("lost"),
            ambiguous=reader.count("ambiguous"),
            ambiguous_landed=reader.optional_count("ambiguous_landed"),
            unexpected=reader.optional_count("unexpected"),
            lost_keys=_keys(reader, "lost_keys"),
            unexpected_keys=_keys(reader, "unexpected_keys"),
            consumed_read_units=reader.optional_number("consumed_read_units"),
        )


def _keys(reader: JsonReader, name: str) -> tuple[Key, ...]:
    return tuple(Key(each.text("pk"), each.text("sk")) for each in reader.children(name))


def _shown(keys: Sequence[Key], count: int) -> str:
    shown = ", ".join(f"{key.pk} {key.sk}" for key in keys)
    more = count - len(keys)
    return f"{shown} and {more} more" if more else shown
