"""Which tables may be deleted by somebody who did not create them.

One that is proven ours twice, by its name and by the tags that its creation sets, and whose time is
over, or whose run is named. Everything else is left alone.
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


class Standing(StrEnum):
    """What a table is to a sweep."""

    LEFTOVER = "left over"
    IN_USE = "kept"
    NOT_OURS = "not ours"
    STRANGER = "stranger"
    """Neither its name nor a tag has to do with us."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundTable:
    """A table as DynamoDB tells of it.

    Args:
        name: its name.
        arn: its ARN.
        status: as DynamoDB writes it, such as ``ACTIVE``.
        is_protected: DynamoDB refuses to delete it.
        tags: all of them.
        created: aware; None when the endpoint does not tell.
        size_bytes: as of some hours ago, on AWS.
        item_count: likewise.
    """

    name: str
    arn: str
    status: str
    is_protected: bool
    tags: Mapping[str, str]
    created: datetime | None
    size_bytes: int
    item_count: int

    @property
    def run_id(self) -> str:
        """The run that created it; empty when no tag says."""
        return self.tags.get(RUN_TAG, "")

    @property
    def owner(self) -> str:
        """Who ran it; empty when no tag says."""
        return self.tags.get(OWNER_TAG, "")

    @property
    def expires(self) -> datetime | None:
        """When its time is over; None when no tag says so in a way that cannot be misread."""
        try:
            instant = datetime.fromisoformat(self.tags.get(EXPIRES_TAG, ""))
        except ValueError:
            return None
        return None if instant.tzinfo is None else instant


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a table is to a sweep, and why."""

    standing: Standing
    reason: str


def judge_table(table: FoundTable, *, now: datetime, run_id: str | None = None) -> Judgement:
    """Return whether ``table`` may be deleted.

    Args:
        table: as it is now.
        now: aware.
        run_id: of this run, tables are left over whether their time is over or not, and of others
            none is; None: of all runs, those whose time is over.
    """
    has_name, has_tag = table.name.startswith(NAME_PREFIX), has_our_tag(table.tags)
    if not has_name and not has_tag:
        return Judgement(Standing.STRANGER, "")
    if (fault := _fault(table)) is not None:
        return Judgement(Standing.NOT_OURS, f"{fault}: left alone")
    if run_id is not None:
        is_over, reason = table.run_id == run_id, f"of run {table.run_id}"
    else:
        is_over = table.expires is not None and table.expires <= now
        reason = "expired" if is_over else "its time is not over"
    if is_over and table.status == "DELETING":
        return Judgement(Standing.IN_USE, "is being deleted")
    return Judgement(Standing.LEFTOVER if is_over else Standing.IN_USE, reason)


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
        return f"tag {EXPIRES_TAG} is no instant: {table.tags[EXPIRES_TAG]!r}"
    return None
