"""Turn a query into what runs: a PartiQL statement for DynamoDB, and SQL over the rows it brings.

Neither holds a literal of the caller, and the SQL no name either: its columns are ``c0``, ``c1``, …
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from aqp_perf.aqp.problems import QueryRefused
from aqp_perf.aqp.sql.nodes import quoted
from aqp_perf.aqp.sql.query import Condition, Operand, Ordering, Parameter, Query, Selected
from aqp_perf.aqp.sql.values import AttributeValue, encode

_WHOLE_NUMBER: Final = re.compile(r"[0-9]{1,18}")
_NO_LIMIT: Final = -1  # as SQLite says it


class Statement(NamedTuple):
    """A PartiQL statement and its parameters."""

    partiql: str
    parameters: list[AttributeValue]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How one query shape is run; its literals come with each request.

    Attributes:
        row_json: the JSON object of one row of the answer, with ``%s`` for each value, in the
            order of the SQL's columns.
        attributes: what DynamoDB is asked for; attribute ``i`` is the SQL's column ``ci``.
        numeric: positions in ``attributes`` that must hold numbers, because SUM or AVG read them.
        select: the PartiQL statement up to its WHERE.
        conditions: its WHERE.
        create: SQL that makes the table ``items``.
        insert: SQL that adds a row to it.
        sql: SELECT over the table ``items``, with one parameter, its LIMIT.
        limit: that parameter, if the query has one.
    """

    row_json: str
    attributes: tuple[str, ...]
    numeric: tuple[int, ...]
    select: str
    conditions: tuple[Condition, ...]
    create: str
    insert: str
    sql: str
    limit: Parameter | None

    def bind(self, literals: Sequence[AttributeValue]) -> Statement:
        """Return the statement that reads the rows."""
        bound = [_bind_condition(condition, literals) for condition in self.conditions]
        where = " AND ".join(condition.partiql for condition in bound)
        return Statement(
            f"{self.select} WHERE {where}" if where else self.select,
            [parameter for condition in bound for parameter in condition.parameters],
        )

    def bind_limit(self, literals: Sequence[AttributeValue]) -> int:
        """Return the SQL's parameter.

        Raises:
            QueryRefused: LIMIT is not a whole number.
        """
        if self.limit is None:
            return _NO_LIMIT
        text = literals[self.limit.literal]["N"]
        if not _WHOLE_NUMBER.fullmatch(text):
            raise QueryRefused("LIMIT takes a whole number")
        return int(text)


def make_plan(query: Query, *, partition_key: str, allow_scan: bool) -> Plan:
    """Plan a query over a table with this partition key.

    Raises:
        QueryRefused: no condition fixes the partition key, and scans are not allowed.
    """
    has_key = any(
        condition.attribute == partition_key and condition.operator in {"=", "IN"}
        for condition in query.conditions
    )
    if not has_key and not allow_scan:
        raise QueryRefused(
            f"WHERE must fix the partition key: {partition_key} = '...' or "
            f"{partition_key} IN ('...', '...'); full reads need --allow-scan"
        )
    named = [what.attribute for what in query.selected if what.attribute is not None]
    attributes = tuple(dict.fromkeys([*named, *query.group_by])) or (partition_key,)
    columns = [f"c{i}" for i in range(len(attributes))]
    places = ", ".join("?" for _ in columns)
    members = ",".join(f"{json.dumps(name).replace('%', '%%')}:%s" for name in query.names)
    summed = {what.attribute for what in query.selected if what.function in {"sum", "avg"}}
    return Plan(
        row_json=f"{{{members}}}",
        attributes=attributes,
        numeric=tuple(i for i, name in enumerate(attributes) if name in summed),
        # Names are quoted and hold no quote; values are parameters.
        select=f"SELECT {', '.join(map(quoted, attributes))} FROM {quoted(query.table)}",  # noqa: S608
        conditions=query.conditions,
        create=f"CREATE TABLE items ({', '.join(columns)})",
        insert=f"INSERT INTO items VALUES ({places})",  # noqa: S608 - question marks only
        sql=_sql(query, dict(zip(attributes, columns, strict=True))),
        limit=query.limit,
    )


def _bind_condition(condition: Condition, literals: Sequence[AttributeValue]) -> Statement:
    name = quoted(condition.attribute)
    values = [_bind_operand(operand, literals) for operand in condition.operands]
    match condition.operator:
        case "IN":
            # DynamoDB reads a key once for every time it is listed; SQL means it once.
            values = list({encode(value): value for value in values}.values())
            return Statement(f"{name} IN ({', '.join('?' for _ in values)})", values)
        case "BETWEEN":
            return Statement(f"{name} BETWEEN ? AND ?", values)
        case "begins_with" | "contains" as function:
            return Statement(f"{function}({name}, ?)", values)
        case comparison:
            return Statement(f"{name} {comparison} ?", values)


def _bind_operand(operand: Operand, literals: Sequence[AttributeValue]) -> AttributeValue:
    if isinstance(operand, bool):
        return {"BOOL": operand}
    literal = literals[operand.literal]
    return {"N": f"-{literal['N']}"} if operand.is_negated else literal


def _sql(query: Query, columns: Mapping[str, str]) -> str:
    selected = ", ".join(_expression(what, columns) for what in query.selected)
    group_by = ", ".join(columns[name] for name in query.group_by)
    order_by = ", ".join(map(_term, query.order_by))
    statement = f"SELECT {selected} FROM items"  # noqa: S608 - every name in it is ours
    if group_by:
        statement += f" GROUP BY {group_by}"
    if order_by:
        statement += f" ORDER BY {order_by}"
    return f"{statement} LIMIT ?"


def _expression(what: Selected, columns: Mapping[str, str]) -> str:
    column = "*" if what.attribute is None else columns[what.attribute]
    match what.function:
        case None:
            return column
        case "sum" | "avg":
            return f"exact_{what.function}({column})"
        case "min" | "max":
            return f"{what.function}({column} COLLATE dynamodb)"
        case _:
            return f"count({'DISTINCT ' if what.is_distinct else ''}{column})"


def _term(ordering: Ordering) -> str:
    return (
        f"{ordering.column + 1} COLLATE dynamodb {'DESC' if ordering.is_descending else 'ASC'} "
        f"NULLS {'FIRST' if ordering.nulls_first else 'LAST'}"
    )
