"""Which tables a sweep may delete, which it must leave alone, and why.

Left over is only a table that its name and its creation tags both prove ours, and whose time is
over or whose run is named.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from aqp_perf.targets.tables.table import NAME_PREFIX
from aqp_perf.targets.tables.tags import (
    CREATION_TAG,
    EXPIRES_TAG,
    OWNER_TAG,
    RUN_TAG,
    SUITE,
    SUITE_TAG,
    has_our_tag,
)


class TableState(StrEnum):
    """What a table is to a sweep."""

    LEFTOVER = "left over"
    IN_USE = "kept"
    NOT_OURS = "not ours"
    STRANGER = "stranger"
    """It has neither our name nor one of our tags."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundTable:
    """A table as DynamoDB describes it.

    Args:
        status: as DynamoDB writes it, such as ``ACTIVE``.
        created: aware; None when the endpoint does not report it.
        size_bytes: on AWS some hours old.
        item_count: likewise.
    """

    name: str
    arn: str
    status: str
    tags: Mapping[str, str]
    created: datetime | None
    size_bytes: int
    item_count: int

    @property
    def run_id(self) -> str:
        """The run that created it; empty without a tag."""
        return self.tags.get(RUN_TAG, "")

    @property
    def owner(self) -> str:
        """Who ran it; empty without a tag."""
        return self.tags.get(OWNER_TAG, "")

    @property
    def expires(self) -> datetime | None:
        """When its time is over; None without a tag, or when the tag has no time zone."""
        try:
            instant = datetime.fromisoformat(self.tags.get(EXPIRES_TAG, ""))
        except ValueError:
            return None
        return None if instant.tzinfo is None else instant


def state_of(
    table: FoundTable, *, now: datetime, run_id: str | None = None
) -> tuple[TableState, str]:
    """Return what a table is to a sweep, and the reason.

    Args:
        table: as it is now.
        now: aware.
        run_id: only tables of this run are left over, whether their time is over or not; None:
            tables of all runs whose time is over.
    """
    if not table.name.startswith(NAME_PREFIX) and not has_our_tag(table.tags):
        return TableState.STRANGER, ""
    if (fault := _fault(table)) is not None:
        return TableState.NOT_OURS, f"{fault}: left alone"
    if run_id is not None:
        is_over, reason = table.run_id == run_id, f"of run {table.run_id}"
    else:
        is_over = table.expires is not None and table.expires <= now
        reason = "expired" if is_over else "its time is not over"
    if is_over and table.status == "DELETING":
        return TableState.IN_USE, "is being deleted"
    return TableState.LEFTOVER if is_over else TableState.IN_USE, reason


def _fault(table: FoundTable) -> str | None:
    """Return what is missing in the proof that a table is ours."""
    if not table.name.startswith(NAME_PREFIX):
        return f"its name does not begin with {NAME_PREFIX}"
    if table.tags.get(SUITE_TAG) != SUITE:
        return f"no tag {SUITE_TAG} = {SUITE}"
    for tag in (RUN_TAG, CREATION_TAG, EXPIRES_TAG):
        if not table.tags.get(tag):
            return f"no tag {tag}"
    if table.expires is None:
        return f"tag {EXPIRES_TAG} is not a time with a zone: {table.tags[EXPIRES_TAG]!r}"
    return None
