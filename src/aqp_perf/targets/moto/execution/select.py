"""SELECT: one page of the items a statement means, at the cost of the partitions it names."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any, TypeAlias

from aqp_perf.targets.moto.execution.conditions import all_of, compile_condition
from aqp_perf.targets.moto.execution.keys import key_schema
from aqp_perf.targets.moto.execution.next_token import Position
from aqp_perf.targets.moto.execution.operands import Predicate, attribute_at
from aqp_perf.targets.moto.execution.plan import ReadPlan, plan_read
from aqp_perf.targets.moto.execution.values import Attributes, comparable, item_bytes, wire_value
from aqp_perf.targets.moto.moto_tables import (
    DynamoType,
    SecondaryIndex,
    Table,
    every_item,
    find_index,
    partition,
)
from aqp_perf.targets.moto.refusal import RequestRefused
from aqp_perf.targets.moto.syntax import statement as s

PAGE_BYTES = 1024 * 1024

WireItem: TypeAlias = dict[str, s.AttributeValue]
SortKey: TypeAlias = tuple[Any, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One answer to a SELECT."""

    items: list[WireItem]
    next_position: Position | None
    processed_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Order:
    """The attributes by which a run is sorted; together they are unique in it."""

    names: tuple[str, ...]
    descending: bool
    merged: bool
    """Whether the partitions named are one run, sorted across all of them."""

    def key(self, attributes: Attributes) -> SortKey:
        return tuple([comparable(attributes[name])[1] for name in self.names])

    def position(self, run: int, attributes: Attributes) -> Position:
        return Position(run=run, key=tuple(wire_value(attributes[name]) for name in self.names))

    def after(
        self, position: Position, entries: list[tuple[SortKey, Attributes]]
    ) -> list[tuple[SortKey, Attributes]]:
        """Return the entries, sorted upwards, that follow a position, whether it is still there."""
        known = tuple(comparable(DynamoType(value))[1] for value in position.key)
        if self.descending:
            return entries[: bisect_left(entries, known, key=itemgetter(0))]
        return entries[bisect_right(entries, known, key=itemgetter(0)) :]


def select_page(
    table: Table,
    statement: s.Select,
    parameters: Sequence[s.AttributeValue],
    *,
    limit: int | None = None,
    start: Position | None = None,
) -> Page:
    """Return the page of the answer that follows ``start``.

    The items are read in runs: one for each partition named, or one in all. A page ends after
    ``limit`` items or 1 MB *read*, whether they passed the filters or not.

    Args:
        table: the table that the statement names.
        statement: what to select.
        parameters: one checked value for each ``?``.
        limit: at most so many items are read.
        start: where the page before ended.

    Raises:
        RequestRefused: the statement cannot be answered on this table.
    """
    index = _index_of(table, statement)
    plan = plan_read(statement.where, key_schema(table, index), parameters)
    order = _order_of(table, index, statement, plan)
    passes = _compile(plan.filters, parameters)
    items: list[WireItem] = []
    processed_bytes = processed_count = 0
    last: tuple[int, Attributes] | None = None
    reads = _compile(plan.key_conditions, parameters)
    for run, attributes in _candidates(table, index, plan, order, start):
        if reads is not None and not reads(attributes):
            continue
        size_bytes = item_bytes(attributes)
        if processed_count == limit or (last and processed_bytes + size_bytes > PAGE_BYTES):
            break
        last = run, attributes
        processed_count += 1
        processed_bytes += size_bytes
        if passes is None or passes(attributes):
            items.append(_project(attributes, statement.columns))
    else:
        if processed_count != limit:  # as in a Query, a Limit just reached leaves a token
            last = None
    return Page(
        items=items,
        next_position=None if last is None else order.position(*last),
        processed_bytes=processed_bytes,
    )


def _index_of(table: Table, statement: s.Select) -> SecondaryIndex | None:
    if statement.index is None:
        return None
    index = find_index(table, statement.index)
    if index is None:
        raise RequestRefused(f"The table does not have the specified index: {statement.index}")
    return index


def _compile(
    conditions: Sequence[s.Condition], parameters: Sequence[s.AttributeValue]
) -> Predicate | None:
    if not conditions:
        return None
    return all_of([compile_condition(condition, parameters) for condition in conditions])


def _order_of(
    table: Table, index: SecondaryIndex | None, statement: s.Select, plan: ReadPlan
) -> _Order:
    schema = key_schema(table, index)
    for key in statement.order_by:
        if key.name not in schema.types:
            raise RequestRefused(
                f"Variable reference {key.name} in ORDER BY clause must be part of the primary key"
            )
    if statement.order_by and statement.where is None:
        raise RequestRefused("Must have WHERE clause in the statement when using ORDER BY clause.")
    if statement.order_by and plan.hash_values is None:
        raise RequestRefused(
            "Must have at least one non-optional hash key condition in WHERE clause "
            "when using ORDER BY clause."
        )
    hash_values = plan.hash_values or ()
    merged = bool(statement.order_by) and len(hash_values) > 1
    single = plan.hash_values is not None and not merged
    sort_keys = [k for k in statement.order_by if not (single and k.name in schema.hash_keys)]
    directions = {key.descending for key in sort_keys}
    if len(directions) > 1:
        raise RequestRefused("ORDER BY with both ASC and DESC is not supported by this server")
    names = dict.fromkeys(
        [
            *(key.name for key in sort_keys),
            *(() if single else schema.hash_keys),
            *schema.range_keys,
            *(() if single and index is None else table.table_key_attrs),
        ]
    )
    return _Order(names=tuple(names), descending=directions == {True}, merged=merged)


def _candidates(
    table: Table,
    index: SecondaryIndex | None,
    plan: ReadPlan,
    order: _Order,
    start: Position | None,
) -> Iterator[tuple[int, Attributes]]:
    """Yield what may be read, in order, with the number of its run."""
    runs: list[tuple[s.AttributeValue, ...] | None]
    if plan.hash_values is None or order.merged:
        runs = [plan.hash_values]
    else:
        runs = [(value,) for value in plan.hash_values]
    for run in range(start.run if start else 0, len(runs)):
        found = _items(table, index, plan, runs[run])
        entries = sorted([(order.key(one), one) for one in found], key=itemgetter(0))
        if start and run == start.run:
            entries = order.after(start, entries)
        for _, attributes in reversed(entries) if order.descending else entries:
            yield run, attributes


def _items(
    table: Table,
    index: SecondaryIndex | None,
    plan: ReadPlan,
    hash_values: tuple[s.AttributeValue, ...] | None,
) -> Iterable[Attributes]:
    """Yield the attributes of the items in these partitions, in no order."""
    if index is not None:
        wanted = None if hash_values is None else [DynamoType(value) for value in hash_values]
        hash_key = index.schema_key_attrs[0]
        for item in every_item(table):
            if all(name in item.attrs for name in index.schema_key_attrs) and (
                wanted is None or item.attrs[hash_key] in wanted
            ):
                yield index.project(item).attrs
    elif hash_values is None:
        yield from (item.attrs for item in every_item(table))
    else:
        for value in hash_values:
            found = partition(table, DynamoType(value))
            if plan.range_values is None:
                yield from (item.attrs for item in found.values())
            else:
                keys = {DynamoType(key) for key in plan.range_values}
                yield from (found[key].attrs for key in keys if key in found)


def _project(attributes: Attributes, columns: tuple[s.Column, ...]) -> WireItem:
    if not columns:
        return {name: wire_value(value) for name, value in attributes.items()}
    item: WireItem = {}
    for column in columns:
        value = attribute_at(attributes, column.path)
        if value is not None:
            item[column.label] = wire_value(value)
    return item
