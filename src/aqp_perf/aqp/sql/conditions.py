"""Read WHERE: conditions on columns, joined by AND.

DynamoDB decides them, so that its rules for types and order hold, not SQL's.
"""

from collections.abc import Iterator
from typing import Final

from sqlglot import expressions as exp

from aqp_perf.aqp.problems import QueryRefused
from aqp_perf.aqp.sql.nodes import attribute, check_parts
from aqp_perf.aqp.sql.query import Condition, Operand, Parameter

_COMPARISONS: Final[dict[type[exp.Expr], str]] = {
    exp.EQ: "=",
    exp.NEQ: "<>",
    exp.LT: "<",
    exp.LTE: "<=",
    exp.GT: ">",
    exp.GTE: ">=",
    exp.Contains: "contains",
}


def parse_conditions(where: exp.Expr | None) -> Iterator[Condition]:
    """Yield the conditions of WHERE, in their order.

    Raises:
        QueryRefused: a condition is not one of those DynamoDB is given.
    """
    waiting = [] if where is None else [where.this]
    while waiting:
        node = waiting.pop().unnest()
        if isinstance(node, exp.And):
            waiting += [node.expression, node.this]
        else:
            yield _condition(node)


def _condition(node: exp.Expr) -> Condition:
    operator, (tested, *operands) = _operator_and_operands(node)
    return Condition(
        attribute=attribute(tested), operator=operator, operands=tuple(map(_operand, operands))
    )


def _operator_and_operands(node: exp.Expr) -> tuple[str, list[exp.Expr]]:
    operator = _COMPARISONS.get(type(node))
    if operator is not None:
        check_parts(node, "this", "expression")
        return operator, [node.this, node.expression]
    match node:
        case exp.In():
            check_parts(node, "this", "expressions")
            return "IN", [node.this, *node.expressions]
        case exp.Between():
            check_parts(node, "this", "low", "high")
            return "BETWEEN", [node.this, node.args["low"], node.args["high"]]
        case exp.Anonymous(expressions=[tested, prefix]) if node.name.lower() == "begins_with":
            return "begins_with", [tested, prefix]
    raise QueryRefused(
        f"{node.key.upper()} in WHERE is not supported; WHERE takes = <> < <= > >=, IN, BETWEEN, "
        "begins_with and contains on columns, joined by AND"
    )


def _operand(node: exp.Expr) -> Operand:
    match node:
        case exp.Boolean():
            return bool(node.this)
        case exp.Placeholder():
            return Parameter(literal=int(node.name[1:]))
        case exp.Neg(this=exp.Placeholder() as number) if number.name.startswith("n"):
            return Parameter(literal=int(number.name[1:]), is_negated=True)
        case _:
            raise QueryRefused("a column is compared with a string, a number, true or false")
