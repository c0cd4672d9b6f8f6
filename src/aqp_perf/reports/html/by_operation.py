"""Rows of a table under the name of their operation, which is long: it stands there once."""

from collections.abc import Iterable
from typing import Protocol, TypeVar


class _HasOperation(Protocol):
    @property
    def operation(self) -> str: ...


Row = TypeVar("Row", bound=_HasOperation)


def by_operation(rows: Iterable[Row]) -> dict[str, list[Row]]:
    """Return the rows of every operation, in the order of the first of each."""
    groups: dict[str, list[Row]] = {}
    for each in rows:
        groups.setdefault(each.operation, []).append(each)
    return groups
