"""How many capacity units DynamoDB takes for a request.

Source: "DynamoDB read and write operations" and "DynamoDB item sizes and formats", Amazon DynamoDB
    Developer Guide, read on 2026-11-24.
"""

from dataclasses import dataclass
from math import ceil
from typing import Final

_READ_BLOCK_BYTES: Final = 4_096
_WRITE_BLOCK_BYTES: Final = 1_024
_EVENTUAL: Final = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Units:
    """Read and write capacity units, or request units, which are counted alike."""

    read: float = 0.0
    write: float = 0.0

    def __add__(self, other: "Units") -> "Units":
        return Units(read=self.read + other.read, write=self.write + other.write)

    def times(self, factor: float) -> "Units":
        """Return these units, ``factor`` times."""
        return Units(read=self.read * factor, write=self.write * factor)

    def at_most(self, bound: "Units") -> "Units":
        """Return these units, limited to ``bound``."""
        return Units(read=min(self.read, bound.read), write=min(self.write, bound.write))


def write_units(item_bytes: float) -> float:
    """Return the units of writing an item: one for each KB or part of it, even if it fails."""
    return float(max(1, ceil(item_bytes / _WRITE_BLOCK_BYTES)))


def read_units(read_bytes: float, *, is_consistent: bool = False) -> float:
    """Return the units of a read: one for each 4 KB or part of it, half when eventually consistent.

    Args:
        read_bytes: size of all items that are looked at; 0 costs as much as the smallest.
        is_consistent: whether the read is strongly consistent.
    """
    blocks = max(1, ceil(read_bytes / _READ_BLOCK_BYTES))
    return float(blocks) if is_consistent else blocks * _EVENTUAL
