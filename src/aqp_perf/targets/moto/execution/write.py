"""INSERT, UPDATE, DELETE and EXISTS: check one item, then change it, found by its key."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import assert_never

from aqp_perf.core.aws.capacity_units import write_units
from aqp_perf.targets.moto.execution.conditions import all_of
from aqp_perf.targets.moto.execution.insert import check_item, new_attributes
from aqp_perf.targets.moto.execution.plan import plan_item
from aqp_perf.targets.moto.execution.update import changed_parts, updated
from aqp_perf.targets.moto.execution.values import Attributes, item_bytes, key_schema
from aqp_perf.targets.moto.moto_tables import (
    DynamoType,
    Item,
    Table,
    find_item,
    indexes_with,
    remove_item,
    store_item,
)
from aqp_perf.targets.moto.refusal import RequestRefused
from aqp_perf.targets.moto.syntax import statement as s


@dataclass(frozen=True, slots=True, kw_only=True)
class Write:
    """A write that its statement allows: nothing is stored before `commit`."""

    table: Table
    old: Item | None
    new: Attributes | None
    """None deletes the item."""
    returned: Attributes | None
    """What RETURNING asks for; None if there is nothing."""

    def commit(self) -> float:
        """Change the table; return the write units of the item and of its index entries."""
        new: Item | None = None
        if self.new is not None:
            new = store_item(self.table, self.new, self.old)
        elif self.old is not None:
            remove_item(self.table, self.old)
        sizes = [item_bytes(item.attrs) for item in (self.old, new) if item is not None]
        return write_units(max(sizes, default=0)) + _index_units(self.table, self.old, new)


def _index_units(table: Table, old: Item | None, new: Item | None) -> float:
    """Return the units of the index entries that a write adds, changes, moves or removes."""
    units = 0.0
    before, after = (
        {index.name: index.project(item).attrs for index in indexes_with(table, item)}
        if item is not None
        else {}
        for item in (old, new)
    )
    for index in table.all_indexes():
        entries = [side[index.name] for side in (before, after) if index.name in side]
        if len(entries) > 1 and entries[0] == entries[1]:
            continue
        is_moved = len({tuple(one[name] for name in index.schema_key_attrs) for one in entries}) > 1
        costs = [write_units(item_bytes(entry)) for entry in entries]
        units += sum(costs) if is_moved else max(costs, default=0.0)
    return units


def key_of_write(
    table: Table, statement: s.Write, parameters: Sequence[DynamoType]
) -> tuple[DynamoType, ...]:
    """Return the primary key of the item that a statement writes.

    Raises:
        RequestRefused: it does not name one, or the table cannot have it.
    """
    if isinstance(statement, s.Insert):
        key: Attributes = new_attributes(table, statement, parameters)
    else:
        key, _ = _planned(table, statement, parameters)
    return tuple(key[name] for name in key_schema(table).types)


def prepare_write(
    table: Table,
    statement: s.Write,
    parameters: Sequence[DynamoType],
    *,
    shows_item: bool = False,
) -> Write:
    """Return what a statement does to its item, at a cost that does not depend on the table's size.

    Args:
        table: the table that the statement names.
        statement: its literals are checked already.
        parameters: one checked value for each ``?``.
        shows_item: whether a refusal by a condition shows the item as it is.

    Raises:
        RequestRefused: DynamoDB would not write the item; the table is as it was.
    """
    if isinstance(statement, s.Insert):
        attributes = new_attributes(table, statement, parameters)
        if find_item(table, attributes) is not None:
            raise RequestRefused("Duplicate primary key exists in table", "DuplicateItemException")
        return Write(table=table, old=None, new=attributes, returned=None)
    key, conditions = _planned(table, statement, parameters)
    holds = all_of(conditions, parameters)
    old = find_item(table, key)
    before: Attributes = {} if old is None else old.attrs
    if not holds(before) or (old is None and isinstance(statement, s.Update)):
        raise condition_failed(before if shows_item else {})
    match statement:
        case s.Update():
            _check_no_key(statement, key)
            after = updated(before, statement.changes, parameters)
            check_item(table, after)
            shown = after if statement.returning.endswith("NEW") else before
            if statement.returning.startswith("MODIFIED"):
                shown = changed_parts(shown, statement.changes)
            returned = shown if statement.returning else None
            return Write(table=table, old=old, new=after, returned=returned or None)
        case s.Delete():
            returned = before if statement.returning else None
            return Write(table=table, old=old, new=None, returned=returned or None)
        case _:
            assert_never(statement)


def condition_failed(item: Attributes) -> RequestRefused:
    """Return the refusal of a condition that did not hold; it shows the item, unless empty."""
    return RequestRefused(
        "The conditional request failed",
        "ConditionalCheckFailedException",
        {"Item": item} if item else None,
    )


def _planned(
    table: Table, statement: s.Update | s.Delete, parameters: Sequence[DynamoType]
) -> tuple[dict[str, DynamoType], tuple[s.Condition, ...]]:
    plan = plan_item(statement.where, key_schema(table), parameters)
    if plan is None:
        raise RequestRefused(
            "Where clause does not contain a mandatory equality on all key attributes"
        )
    return plan


def _check_no_key(statement: s.Update, key: Attributes) -> None:
    for change in statement.changes:
        if change.path.name in key:
            raise RequestRefused(
                "One or more parameter values were invalid: "
                f"Cannot update attribute {change.path.name}. This attribute is part of the key"
            )
