"""Conditions of a WHERE clause, compiled to a predicate over an item's attributes.

The logic is two-valued, as DynamoDB's is: a comparison with a missing attribute or with a value of
another type is false, and ``<>`` and NOT are its plain negation.
"""

import operator
from collections.abc import Sequence
from typing import assert_never

from aqp_perf.targets.moto.execution.functions import compile_call
from aqp_perf.targets.moto.execution.operands import (
    ORDERED_TYPES,
    Predicate,
    Reader,
    constant_of,
    reader_of,
    require_types,
)
from aqp_perf.targets.moto.execution.values import Attributes, comparable
from aqp_perf.targets.moto.moto_tables import DynamoType
from aqp_perf.targets.moto.refusal import RequestRefused
from aqp_perf.targets.moto.syntax import statement as s

MAX_CHOICES = 100

_ORDERINGS = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}


def compile_condition(  # noqa: C901, PLR0911  # one case for each kind of condition
    condition: s.Condition, parameters: Sequence[s.AttributeValue]
) -> Predicate:
    """Return the predicate that tells whether an item's attributes meet ``condition``.

    Raises:
        RequestRefused: an operand cannot be what its operator needs.
    """
    match condition:
        case s.Compare(left, "=", right):
            return _equal(reader_of(left, parameters), reader_of(right, parameters))
        case s.Compare(left, "<>", right):
            equal = _equal(reader_of(left, parameters), reader_of(right, parameters))
            return lambda attributes: not equal(attributes)
        case s.Compare(left, name, right):
            require_types(name, (left, right), ORDERED_TYPES, parameters)
            return _ordered(reader_of(left, parameters), name, reader_of(right, parameters))
        case s.Between():
            return _between(condition, parameters)
        case s.Within():
            return _within(condition, parameters)
        case s.IsNull(operand):
            read = reader_of(operand, parameters)
            return lambda attributes: read(attributes) == ("NULL", True)
        case s.IsMissing(operand):
            read = reader_of(operand, parameters)
            return lambda attributes: read(attributes) is None
        case s.Call():
            return compile_call(condition, parameters)
        case s.Not(inner):
            holds = compile_condition(inner, parameters)
            return lambda attributes: not holds(attributes)
        case s.And(inner):
            return all_of([compile_condition(one, parameters) for one in inner])
        case s.Or(inner):
            predicates = [compile_condition(one, parameters) for one in inner]
            return lambda attributes: any(holds(attributes) for holds in predicates)
        case _:
            assert_never(condition)


def all_of(predicates: Sequence[Predicate]) -> Predicate:
    """Return the predicate that holds when all of ``predicates`` do."""
    if len(predicates) == 1:
        return predicates[0]
    return lambda attributes: all(holds(attributes) for holds in predicates)


def _equal(left: Reader, right: Reader) -> Predicate:
    def holds(attributes: Attributes) -> bool:
        value = left(attributes)
        return value is not None and value == right(attributes)

    return holds


def _ordered(left: Reader, name: str, right: Reader) -> Predicate:
    compare = _ORDERINGS[name]

    def holds(attributes: Attributes) -> bool:
        one, other = left(attributes), right(attributes)
        return (
            one is not None
            and other is not None
            and one[0] == other[0]
            and one[0] in ORDERED_TYPES
            and bool(compare(one[1], other[1]))
        )

    return holds


def _between(condition: s.Between, parameters: Sequence[s.AttributeValue]) -> Predicate:
    ends = (condition.low, condition.high)
    require_types("BETWEEN", ends, ORDERED_TYPES, parameters)
    low, high = (constant_of(end, parameters) for end in ends)
    if low is not None and high is not None:
        bounds = f"lower bound operand: {_shown(low)}, upper bound operand: {_shown(high)}"
        if low.keys() != high.keys():
            raise RequestRefused(
                "The BETWEEN operator requires same data type for lower and upper bounds; " + bounds
            )
        if comparable(DynamoType(low))[1] > comparable(DynamoType(high))[1]:
            raise RequestRefused(
                "The BETWEEN operator requires upper bound to be greater than or equal to "
                "lower bound; " + bounds
            )
    read = reader_of(condition.operand, parameters)
    return all_of(
        [
            _ordered(read, ">=", reader_of(condition.low, parameters)),
            _ordered(read, "<=", reader_of(condition.high, parameters)),
        ]
    )


def _within(condition: s.Within, parameters: Sequence[s.AttributeValue]) -> Predicate:
    if not condition.choices:
        raise RequestRefused(
            "IN operator must have a left hand argument of type Variable Reference "
            "and right hand argument of type Seq with at least one member"
        )
    if len(condition.choices) > MAX_CHOICES:
        raise RequestRefused(
            "The IN operator is provided with too many operands; "
            f"number of operands: {len(condition.choices)}"
        )
    read = reader_of(condition.operand, parameters)
    choices = [reader_of(choice, parameters) for choice in condition.choices]

    def holds(attributes: Attributes) -> bool:
        value = read(attributes)
        return value is not None and any(value == choice(attributes) for choice in choices)

    return holds


def _shown(value: s.AttributeValue) -> str:
    [(kind, content)] = value.items()
    return f"AttributeValue: {{{kind}:{content}}}"
