"""Read a query: one SELECT over one table, nothing else.

sqlglot parses; then every node must be one that is named here. What is not named is refused, so
nothing that a newer parser learns can slip through.
"""

from collections.abc import Iterator
from typing import Final

from sqlglot import expressions as exp
from sqlglot.errors import SqlglotError

from aqp_perf.aqp.problems import QueryRefused
from aqp_perf.aqp.sql.bounded_parser import parse_bounded
from aqp_perf.aqp.sql.conditions import parse_conditions
from aqp_perf.aqp.sql.literals import check_template
from aqp_perf.aqp.sql.nodes import UNDERSTOOD, attribute, check_parts, identifier, refuse
from aqp_perf.aqp.sql.query import Condition, Ordering, Parameter, Query, Selected

_MAX_COLUMNS: Final = 100
_FUNCTIONS: Final[dict[type[exp.Expr], str]] = {
    exp.Count: "count",
    exp.Sum: "sum",
    exp.Min: "min",
    exp.Max: "max",
    exp.Avg: "avg",
}


def parse_query(template: str) -> Query:
    """Read a template (see ``lift_literals``).

    Raises:
        QueryRefused: it is not one of the queries this AQP runs.
    """
    check_template(template)
    try:
        select = parse_bounded(template)
    except (SqlglotError, RecursionError) as exc:
        raise QueryRefused(f"the query does not parse as SQL; {UNDERSTOOD}") from exc
    if not isinstance(select, exp.Select):
        refuse(f"a {select.key.upper()} statement")
    check_parts(select, "expressions", "from_", "where", "group", "order", "limit")
    columns = [_column(node) for node in select.expressions]
    if not columns:
        raise QueryRefused("SELECT must name at least one column")
    names = tuple(_names(columns))
    selected = tuple(what for _, what in columns)
    conditions = tuple(parse_conditions(select.args.get("where")))
    group_by = _group_by(select.args.get("group"))
    if len(selected) + len(group_by) > _MAX_COLUMNS:
        raise QueryRefused(f"the query names more than {_MAX_COLUMNS} columns")
    _check_bare_columns(selected, conditions, group_by)
    return Query(
        table=_table(select.args.get("from_")),
        names=names,
        selected=selected,
        conditions=conditions,
        group_by=group_by,
        order_by=tuple(_order_by(select.args.get("order"), names, selected)),
        limit=_limit(select.args.get("limit")),
    )


def _table(node: exp.Expr | None) -> str:
    table = node.this if node is not None else None
    if not isinstance(table, exp.Table):
        raise QueryRefused("FROM must name one table")
    check_parts(table, "this")
    return identifier(table.this)


def _column(node: exp.Expr) -> tuple[str | None, Selected]:
    """Return a column's alias, if it has one, and what it holds."""
    if isinstance(node, exp.Alias):
        return identifier(node.args["alias"]), _selected(node.this)
    return None, _selected(node)


def _selected(node: exp.Expr) -> Selected:
    function = _FUNCTIONS.get(type(node))
    if function is None:
        return Selected(attribute=attribute(node))
    check_parts(node, "this", "big_int")
    match node.this:
        case exp.Star() as star if function == "count":
            check_parts(star)
            return Selected(function=function)
        case exp.Distinct(expressions=[column]) as distinct if function == "count":
            check_parts(distinct, "expressions")
            return Selected(function=function, attribute=attribute(column), is_distinct=True)
        case column:
            return Selected(function=function, attribute=attribute(column))


def _names(columns: list[tuple[str | None, Selected]]) -> Iterator[str]:
    """Name the columns: the alias, else the attribute, else ``_N`` with the position from 1.

    ``_N`` is what PartiQL calls an expression without an alias.
    """
    seen: set[str] = set()
    for position, (alias, what) in enumerate(columns, start=1):
        name = alias or (what.attribute if what.function is None else None) or f"_{position}"
        if name in seen:
            raise QueryRefused(f"two columns are named {name!r}: give one of them an alias")
        seen.add(name)
        yield name


def _group_by(node: exp.Expr | None) -> tuple[str, ...]:
    if node is None:
        return ()
    check_parts(node, "expressions")
    return tuple(dict.fromkeys(attribute(column) for column in node.expressions))


def _check_bare_columns(
    selected: tuple[Selected, ...], conditions: tuple[Condition, ...], group_by: tuple[str, ...]
) -> None:
    """Refuse a column that may have several values in one group."""
    if not group_by and all(what.function is None for what in selected):
        return
    fixed = {condition.attribute for condition in conditions if condition.operator == "="}
    for what in selected:
        if what.function is None and what.attribute not in fixed.union(group_by):
            raise QueryRefused(
                f"column {what.attribute!r} must be in GROUP BY, in an aggregate, "
                "or fixed by = in WHERE"
            )


def _order_by(
    node: exp.Expr | None, names: tuple[str, ...], selected: tuple[Selected, ...]
) -> Iterator[Ordering]:
    if node is None:
        return
    check_parts(node, "expressions")
    for term in node.expressions:
        check_parts(term, "this", "desc", "nulls_first")
        what = _selected(term.this)
        if what.function is None and what.attribute in names:  # a name of the answer goes first
            column = names.index(what.attribute)
        elif what in selected:
            column = selected.index(what)
        else:
            raise QueryRefused("ORDER BY takes columns, aliases and aggregates that are selected")
        yield Ordering(
            column=column,
            is_descending=bool(term.args.get("desc")),
            nulls_first=bool(term.args.get("nulls_first")),
        )


def _limit(node: exp.Expr | None) -> Parameter | None:
    if node is None:
        return None
    match node:
        case exp.Limit(expression=exp.Placeholder() as number) if number.name.startswith("n"):
            check_parts(node, "expression")
            return Parameter(literal=int(number.name[1:]))
        case _:
            raise QueryRefused("LIMIT takes a whole number")
