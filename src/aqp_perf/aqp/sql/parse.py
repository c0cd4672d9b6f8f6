"""Read a query: one SELECT over one table, nothing else.

sqlglot parses; then every node of its tree must be one that is named here. Everything else is
refused, so nothing that a newer sqlglot understands is run by accident.
"""

from collections import Counter
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from typing import Final, Never

from sqlglot import TokenType
from sqlglot import expressions as exp
from sqlglot.dialects.dialect import Dialect
from sqlglot.errors import SqlglotError

from aqp_perf.aqp.problems import QueryRefused
from aqp_perf.aqp.sql.query import Condition, Ordering, Query, Selected
from aqp_perf.aqp.sql.values import AttributeValue, decode

_UNDERSTOOD: Final = (
    "this AQP runs SELECT columns, COUNT, SUM, MIN, MAX, AVG FROM one table "
    "WHERE the partition key = or IN ... [AND other conditions] [GROUP BY columns] "
    "[ORDER BY what is selected] [LIMIT n]"
)
_FUNCTIONS: Final[dict[type[exp.Expr], str]] = {
    exp.Count: "count",
    exp.Sum: "sum",
    exp.Min: "min",
    exp.Max: "max",
    exp.Avg: "avg",
}
_COMPARISONS: Final[dict[type[exp.Expr], str]] = {
    exp.EQ: "=",
    exp.NEQ: "<>",
    exp.LT: "<",
    exp.LTE: "<=",
    exp.GT: ">",
    exp.GTE: ">=",
    exp.Contains: "contains",
}
_MAX_DEPTH: Final = 8
_MAX_LIMIT_DIGITS: Final = 18


def parse_query(sql: str) -> Query:
    """Return what a query asks for.

    Raises:
        QueryRefused: it is not one of the queries this AQP runs.
    """
    try:
        select = _parse(sql)
    except (SqlglotError, RecursionError) as exc:
        raise QueryRefused(f"the query does not parse as SQL; {_UNDERSTOOD}") from exc
    if not isinstance(select, exp.Select):
        _refuse(f"a {select.key.upper()} statement")
    _check_parts(select, "expressions", "from_", "where", "group", "order", "limit")
    if not select.expressions:
        raise QueryRefused("SELECT must name at least one column")
    selected = tuple(_selected(node.unalias()) for node in select.expressions)
    names = _names(select.expressions)
    conditions = tuple(_conditions(select.args.get("where")))
    group_by = _group_by(select.args.get("group"))
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


def _parse(sql: str) -> exp.Expr:
    dialect = Dialect()
    tokens = dialect.tokenize(sql)
    depth = 0
    for token in tokens:
        depth += (token.token_type is TokenType.L_PAREN) - (token.token_type is TokenType.R_PAREN)
        # sqlglot's time doubles with every join and with some nested parentheses.
        if depth > _MAX_DEPTH:
            _refuse(f"nesting deeper than {_MAX_DEPTH}")
        if token.token_type is TokenType.JOIN:
            _refuse("a join")
    statements = dialect.parser().parse(tokens, sql)
    if len(statements) != 1 or statements[0] is None:
        _refuse("anything but one statement")
    return statements[0]


def _refuse(what: str) -> Never:
    """Refuse a query for something it has, and say what can be done instead."""
    raise QueryRefused(f"{what} is not supported; {_UNDERSTOOD}")


def _check_parts(node: exp.Expr, *known: str) -> None:
    """Refuse a node with any part but the known ones."""
    for part, value in node.args.items():
        if value and part not in known:
            _refuse(f"{part.strip('_').replace('_', ' ').upper()} in {node.key.upper()}")


def _identifier(node: object) -> str:
    if not isinstance(node, exp.Identifier):
        _refuse("an expression where a name belongs")
    return node.name


def _attribute(node: object) -> str:
    if isinstance(node, exp.Star):
        raise QueryRefused("SELECT * is not supported: name the columns")
    if not isinstance(node, exp.Column):
        _refuse("an expression, or a reserved word without double quotes, where a column belongs")
    if node.args.get("table"):
        raise QueryRefused("columns are named without their table")
    _check_parts(node, "this")
    return _identifier(node.this)


def _table(node: exp.Expr | None) -> str:
    table = node.this if node is not None else None
    if not isinstance(table, exp.Table):
        raise QueryRefused("FROM must name one table")
    _check_parts(table, "this")
    return _identifier(table.this)


def _selected(node: exp.Expr) -> Selected:
    function = _FUNCTIONS.get(type(node))
    if function is None:
        return Selected(attribute=_attribute(node))
    _check_parts(node, "this", "big_int")
    match node.this:
        case exp.Star() as star if function == "count":
            _check_parts(star)
            return Selected(function=function)
        case exp.Distinct(expressions=[column]) as distinct if function == "count":
            _check_parts(distinct, "expressions")
            return Selected(function=function, attribute=_attribute(column), is_distinct=True)
        case column:
            return Selected(function=function, attribute=_attribute(column))


def _names(columns: list[exp.Expr]) -> tuple[str, ...]:
    """Name the columns: the alias, else the attribute, else ``_N`` as in PartiQL, from 1."""
    names = tuple(node.output_name or f"_{i}" for i, node in enumerate(columns, start=1))
    ((name, count),) = Counter(names).most_common(1)
    if count > 1:
        raise QueryRefused(f"two columns are named {name!r}: give one of them an alias")
    return names


def _conditions(where: exp.Expr | None) -> Iterator[Condition]:
    """Yield the conditions joined by AND, in their order; DynamoDB evaluates them."""
    waiting = [] if where is None else [where.this]
    while waiting:  # no recursion: a query may have a thousand
        node = waiting.pop().unnest()
        if isinstance(node, exp.And):
            waiting += [node.expression, node.this]
        else:
            yield _condition(node)


def _condition(node: exp.Expr) -> Condition:
    operator = _COMPARISONS.get(type(node))
    if operator is not None:
        _check_parts(node, "this", "expression")
        tested, operands = node.this, [node.expression]
    elif isinstance(node, exp.In):
        _check_parts(node, "this", "expressions")
        if not node.expressions:
            raise QueryRefused("IN takes at least one value")
        operator, tested, operands = "IN", node.this, node.expressions
    elif isinstance(node, exp.Between):
        _check_parts(node, "this", "low", "high")
        operator, tested, operands = "BETWEEN", node.this, [node.args["low"], node.args["high"]]
    elif isinstance(node, exp.Anonymous) and node.name.lower() == "begins_with":
        if len(node.expressions) != 2:  # noqa: PLR2004 - as the message says
            raise QueryRefused("begins_with takes a column and a string")
        operator, (tested, *operands) = "begins_with", node.expressions
    else:
        raise QueryRefused(
            f"{node.key.upper()} in WHERE is not supported; WHERE takes = <> < <= > >=, IN, "
            "BETWEEN, begins_with and contains on columns, joined by AND"
        )
    values = [_operand(operand) for operand in operands]
    if operator == "IN":  # DynamoDB reads a key once for each time it is listed, SQL only once
        values = list({decode(value): value for value in values}.values())
    return Condition(attribute=_attribute(tested), operator=operator, operands=tuple(values))


def _operand(node: exp.Expr) -> AttributeValue:
    match node:
        case exp.Boolean():
            return {"BOOL": bool(node.this)}
        case exp.Literal(is_string=True):
            return {"S": node.name}
        case exp.Literal():
            return {"N": _number(node.name)}
        case exp.Neg(this=exp.Literal(is_string=False) as number):
            return {"N": f"-{_number(number.name)}"}
        case _:
            raise QueryRefused("a column is compared with a string, a number, true or false")


def _number(text: str) -> str:
    try:
        Decimal(text)
    except InvalidOperation as exc:
        raise QueryRefused(f"{text[:40]!r} is not a number") from exc
    return text


def _group_by(node: exp.Expr | None) -> tuple[str, ...]:
    if node is None:
        return ()
    _check_parts(node, "expressions")
    return tuple(dict.fromkeys(_attribute(column) for column in node.expressions))


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
    _check_parts(node, "expressions")
    for term in node.expressions:
        _check_parts(term, "this", "desc", "nulls_first")
        what = _selected(term.this)
        if what.function is None and what.attribute in names:  # aliases take precedence
            column = names.index(what.attribute)
        elif what in selected:
            column = selected.index(what)
        else:
            raise QueryRefused("ORDER BY takes columns, aliases and aggregates that are selected")
        is_descending = bool(term.args.get("desc"))
        if bool(term.args.get("nulls_first")) == is_descending:  # sqlglot's default is the reverse
            _refuse("NULLS FIRST or LAST")
        yield Ordering(column=column, is_descending=is_descending)


def _limit(node: exp.Expr | None) -> int | None:
    if node is None:
        return None
    match node:
        case exp.Limit(expression=exp.Literal(is_string=False) as number) if (
            number.name.isdecimal() and len(number.name) <= _MAX_LIMIT_DIGITS
        ):
            _check_parts(node, "expression")
            return int(number.name)
        case _:
            raise QueryRefused("LIMIT takes a whole number")
