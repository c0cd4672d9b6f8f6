"""SELECT: one page of the items a statement means, at the cost of the partitions it names."""

import base64
import json
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any, NamedTuple, TypeAlias

from aqp_perf.targets.moto.execution.conditions import all_of, attribute_at
from aqp_perf.targets.moto.execution.plan import ReadPlan, plan_read
from aqp_perf.targets.moto.execution.values import (
    Attributes,
    KeySchema,
    comparable,
    item_bytes,
    key_schema,
)
from aqp_perf.targets.moto.moto_tables import (
    DynamoType,
    GlobalSecondaryIndex,
    SecondaryIndex,
    Table,
    every_item,
    find_index,
    not_projected,
    partition,
)
from aqp_perf.targets.moto.refusal import RequestRefused
from aqp_perf.targets.moto.syntax import statement as s

PAGE_BYTES = 1024 * 1024

Run: TypeAlias = tuple[DynamoType, ...] | None
"""Partitions that are read and sorted together; None means the whole table."""


class Position(NamedTuple):
    """A place in the answer: after the item with this sort key in the run of this number."""

    run: int
    key: tuple[DynamoType, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One answer to a SELECT."""

    items: list[Attributes]
    next_position: Position | None
    processed_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reading:
    """What of a table is read, in which order."""

    table: Table
    index: SecondaryIndex | None
    fetches_items: bool
    """Whether the item is read from the table for each entry of the index."""
    runs: Sequence[Run]
    range_values: tuple[DynamoType, ...] | None
    sort_names: tuple[str, ...]
    """The attributes by which a run is sorted; together they are unique in it."""
    descending: bool

    def after(self, start: Position | None) -> Iterator[tuple[int, Attributes]]:
        """Yield the items that follow ``start``, each with the number of its run."""
        first = start.run if start else 0
        for number, run in enumerate(self.runs[first:], first):
            entries = sorted(
                [(self._sort_key(item), item) for item in self._items(run)], key=itemgetter(0)
            )
            if start and number == start.run:
                key = tuple(comparable(value)[1] for value in start.key)
                if self.descending:
                    del entries[bisect_left(entries, key, key=itemgetter(0)) :]
                else:
                    del entries[: bisect_right(entries, key, key=itemgetter(0))]
            for _, item in reversed(entries) if self.descending else entries:
                yield number, item

    def position(self, run: int, item: Attributes) -> Position:
        """Return the position behind an item."""
        return Position(run, tuple(item[name] for name in self.sort_names))

    def _sort_key(self, item: Attributes) -> tuple[Any, ...]:
        return tuple([comparable(item[name])[1] for name in self.sort_names])

    def _items(self, run: Run) -> Iterator[Attributes]:
        """Yield the items of a run, in no order."""
        if self.index is not None:
            hash_key = self.index.schema_key_attrs[0]
            for item in every_item(self.table):
                if all(name in item.attrs for name in self.index.schema_key_attrs) and (
                    run is None or item.attrs[hash_key] in run
                ):
                    yield item.attrs if self.fetches_items else self.index.project(item).attrs
        elif run is None:
            yield from (item.attrs for item in every_item(self.table))
        else:
            for hash_value in run:
                found = partition(self.table, hash_value)
                keys = found if self.range_values is None else set(self.range_values)
                yield from (found[key].attrs for key in keys if key in found)


def select_page(
    table: Table,
    statement: s.Select,
    parameters: Sequence[DynamoType],
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
        limit: the most items to read; None: as many as fit into a page.
        start: where the page before ended.

    Raises:
        RequestRefused: the statement cannot be answered on this table.
    """
    index = _index_of(table, statement)
    schema = key_schema(table, index)
    plan = plan_read(statement.where, schema, parameters)
    reading = _reading(table, index, statement, schema, plan)
    is_read = all_of(plan.key_conditions, parameters)
    passes = all_of(plan.filters, parameters)
    items: list[Attributes] = []
    processed_bytes = processed_count = 0
    last: tuple[int, Attributes] | None = None
    for run, attributes in reading.after(start):
        if not is_read(attributes):
            continue
        size_bytes = item_bytes(attributes)
        if processed_count == limit or (last and processed_bytes + size_bytes > PAGE_BYTES):
            break
        last = run, attributes
        processed_count += 1
        processed_bytes += size_bytes
        if passes(attributes):
            items.append(project(attributes, statement.columns))
    else:
        if processed_count != limit:  # as in a Query, a Limit just reached leaves a token
            last = None
    return Page(
        items=items,
        next_position=None if last is None else reading.position(*last),
        processed_bytes=processed_bytes,
    )


def _index_of(table: Table, statement: s.Select) -> SecondaryIndex | None:
    if statement.index is None:
        return None
    index = find_index(table, statement.index)
    if index is None:
        raise RequestRefused(f"The table does not have the specified index: {statement.index}")
    return index


def _fetches_items(index: SecondaryIndex | None, columns: tuple[s.Path, ...]) -> bool:
    """Return whether columns are missing from a local index: they are read from the table.

    Raises:
        RequestRefused: they are missing from a global index, from which nothing is fetched.
    """
    missing = not_projected(index, [path.name for path in columns]) if index else []
    if missing and isinstance(index, GlobalSecondaryIndex):
        raise RequestRefused(
            "One or more parameter values were invalid: "
            f"Global secondary index {index.name} does not project [{', '.join(missing)}]"
        )
    return bool(missing)


def _reading(
    table: Table,
    index: SecondaryIndex | None,
    statement: s.Select,
    schema: KeySchema,
    plan: ReadPlan,
) -> _Reading:
    order_by = statement.order_by
    _check_order(statement, schema, plan)
    runs: Sequence[Run]
    if plan.hash_values is None or (order_by and len(plan.hash_values) > 1):
        runs, constant = [plan.hash_values], None
    else:
        runs, constant = [(value,) for value in plan.hash_values], schema.hash_key
    directions = {key.descending for key in order_by if key.name != constant}
    if len(directions) > 1:
        raise RequestRefused("ORDER BY with both ASC and DESC is not supported by this server")
    ordered = [key.name for key in order_by]
    names = dict.fromkeys([*ordered, *schema.types, *table.table_key_attrs])
    return _Reading(
        table=table,
        index=index,
        fetches_items=_fetches_items(index, statement.columns),
        runs=runs,
        range_values=plan.range_values,
        sort_names=tuple(name for name in names if name != constant),
        descending=directions == {True},
    )


def _check_order(statement: s.Select, schema: KeySchema, plan: ReadPlan) -> None:
    for key in statement.order_by:
        if key.name not in schema.types:
            raise RequestRefused(
                f"Variable reference {key.name} in ORDER BY clause must be part of the primary key"
            )
    if statement.order_by and plan.hash_values is None:
        raise RequestRefused(
            "Must have at least one non-optional hash key condition in WHERE clause "
            "when using ORDER BY clause."
        )


def project(attributes: Attributes, columns: tuple[s.Path, ...]) -> Attributes:
    """Return what a SELECT shows of an item; no columns means all of it."""
    if not columns:
        return attributes
    found = {path.label: attribute_at(attributes, path) for path in columns}
    return {label: value for label, value in found.items() if value is not None}


def encode_position(position: Position) -> str:
    """Return the ``NextToken`` for a position, as opaque text."""
    text = json.dumps(position, default=DynamoType.to_json)
    return base64.urlsafe_b64encode(text.encode()).decode()


def decode_position(token: str) -> Position:
    """Return the position that a token stands for.

    Raises:
        RequestRefused: it is not one of our tokens.
    """
    try:
        run, key = json.loads(base64.urlsafe_b64decode(token.encode()))
        return Position(run, tuple(map(DynamoType, key)))
    except (ValueError, TypeError) as exc:
        raise RequestRefused("Invalid NextToken") from exc
