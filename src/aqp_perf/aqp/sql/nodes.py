"""Read single nodes of sqlglot's tree; whatever is not expected in a place is refused."""

from typing import Final, Never

from sqlglot import expressions as exp

from aqp_perf.aqp.problems import QueryRefused

UNDERSTOOD: Final = (
    "this AQP runs SELECT columns, COUNT, SUM, MIN, MAX, AVG FROM one table "
    "WHERE the partition key = or IN ... [AND other conditions] [GROUP BY columns] "
    "[ORDER BY what is selected] [LIMIT n]"
)


def refuse(what: str) -> Never:
    """Refuse a query for something it has, and say what can be done instead."""
    raise QueryRefused(f"{what} is not supported; {UNDERSTOOD}")


def check_parts(node: exp.Expr, *known: str) -> None:
    """Refuse a node with any part but the known ones."""
    for part, value in node.args.items():
        if value and part not in known:
            refuse(f"{part.strip('_').replace('_', ' ').upper()} in {node.key.upper()}")


def identifier(node: object) -> str:
    """Return the name a node holds, without quotes."""
    if not isinstance(node, exp.Identifier):
        refuse("an expression where a name belongs")
    name = node.name
    if not name or '"' in name or not name.isprintable():
        raise QueryRefused(f"{name[:40]!r} cannot be a name")
    return name


def attribute(node: object) -> str:
    """Return the attribute a column names."""
    if isinstance(node, exp.Star):
        raise QueryRefused("SELECT * is not supported: name the columns")
    if not isinstance(node, exp.Column):
        refuse("an expression, or a reserved word without double quotes, where a column belongs")
    if node.args.get("table"):
        raise QueryRefused("columns are named without their table")
    check_parts(node, "this")
    return identifier(node.this)


def quoted(name: str) -> str:
    """Return a name as PartiQL takes any name: in double quotes."""
    return f'"{name}"'
