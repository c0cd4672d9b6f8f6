"""Conditions of a WHERE clause and their operands, compiled to a test of an item's attributes.

The logic is two-valued, as DynamoDB's is: a comparison with a missing attribute or with a value of
another type is false, and ``<>`` and NOT are its plain negation.
"""

import operator
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, TypeAlias, assert_never

from aqp_perf.targets.moto.execution.values import Attributes, Comparable, comparable
from aqp_perf.targets.moto.moto_tables import DynamoType
from aqp_perf.targets.moto.refusal import RequestRefused
from aqp_perf.targets.moto.syntax import statement as s

MAX_CHOICES = 100

Test: TypeAlias = Callable[[Attributes], bool]
_Reader: TypeAlias = Callable[[Attributes], Comparable | None]

_MaybeMissing: TypeAlias = Comparable | None
_ORDERED_TYPES = frozenset({"S", "N", "B"})
_PREFIX_TYPES = frozenset({"S", "B"})
_ALL_TYPES = frozenset({"S", "N", "B", "BOOL", "NULL", "SS", "NS", "BS", "L", "M"})


def compile_condition(condition: s.Condition, parameters: Sequence[DynamoType]) -> Test:
    """Return the test whether an item's attributes meet ``condition``.

    Raises:
        RequestRefused: an operand cannot be what its operator needs.
    """
    match condition:
        case s.Predicate():
            return _compile_predicate(condition, parameters)
        case s.Not(inner):
            holds = compile_condition(inner, parameters)
            return lambda attributes: not holds(attributes)
        case s.And(inner):
            return all_of(inner, parameters)
        case s.Or(inner):
            tests = [compile_condition(one, parameters) for one in inner]
            return lambda attributes: any(holds(attributes) for holds in tests)
        case _:
            assert_never(condition)


def all_of(conditions: Sequence[s.Condition], parameters: Sequence[DynamoType]) -> Test:
    """Return the test whether an item's attributes meet all of ``conditions``, maybe none."""
    tests = [compile_condition(condition, parameters) for condition in conditions]
    if len(tests) == 1:
        return tests[0]
    return lambda attributes: all(holds(attributes) for holds in tests)


def constant_of(operand: s.Operand, parameters: Sequence[DynamoType]) -> DynamoType | None:
    """Return the value of a literal or a parameter; None when the operand depends on the item."""
    match operand:
        case s.Constant(value):
            return value
        case s.Placeholder(index):
            return parameters[index]
        case _:
            return None


def attribute_at(attributes: Attributes, path: s.Path) -> DynamoType | None:
    """Return the value at a path, or None."""
    found = attributes.get(path.name)
    for step in path.steps:
        if found is None:
            return None
        found = found.child_attr(step)
    return found


def _compile_predicate(predicate: s.Predicate, parameters: Sequence[DynamoType]) -> Test:
    name = predicate.operator
    if name not in _OPERATORS:
        raise RequestRefused(f"Unrecognized function: {name}")
    holds, count, types = _OPERATORS[name]
    constants = [constant_of(operand, parameters) for operand in predicate.operands]
    if count not in {None, len(constants)}:
        raise RequestRefused(
            "Incorrect number of operands for operator or function; "
            f"operator or function: {name}, number of operands: {len(constants)}"
        )
    for constant in constants:
        if constant is not None and constant.type not in types:
            raise RequestRefused(
                "Incorrect operand type for operator or function; "
                f"operator or function: {name}, operand type: {constant.type}"
            )
    if name in _CHECKS:
        _CHECKS[name](constants)
    readers = [_reader_of(operand, parameters) for operand in predicate.operands]
    if len(readers) == 2:  # noqa: PLR2004  # most have two, and this runs for every item
        left, right = readers
        return lambda attributes: holds(left(attributes), right(attributes))
    return lambda attributes: holds(*[read(attributes) for read in readers])


def _reader_of(operand: s.Operand, parameters: Sequence[DynamoType]) -> _Reader:
    """Return how to read the operand's value from an item's attributes."""
    match operand:
        case s.Path() as path:

            def read_path(attributes: Attributes) -> Comparable | None:
                found = attribute_at(attributes, path)
                return None if found is None else comparable(found)

            return read_path
        case s.Size(path):

            def read_size(attributes: Attributes) -> Comparable | None:
                found = attribute_at(attributes, path)
                if found is None or found.type in {"N", "BOOL", "NULL"}:
                    return None
                _, content = comparable(found)
                return "N", len(content.encode() if found.type == "S" else content)

            return read_size
        case s.Constant(value):
            known = comparable(value)
        case s.Placeholder(index):
            known = comparable(parameters[index])
    return lambda _: known


def _check_bounds(constants: Sequence[DynamoType | None]) -> None:
    _, low, high = constants
    if low is None or high is None:
        return
    if low.type != high.type:
        raise RequestRefused(
            "The BETWEEN operator requires same data type for lower and upper bounds"
        )
    if comparable(low)[1] > comparable(high)[1]:
        raise RequestRefused(
            "The BETWEEN operator requires upper bound to be greater than or equal to lower bound"
        )


def _check_choices(constants: Sequence[DynamoType | None]) -> None:
    count = len(constants) - 1
    if not count:
        raise RequestRefused("IN operator must have at least one member on its right")
    if count > MAX_CHOICES:
        raise too_many_choices(count)


def too_many_choices(count: int) -> RequestRefused:
    """Return the refusal of an IN with ``count`` choices."""
    return RequestRefused(
        f"The IN operator is provided with too many operands; number of operands: {count}"
    )


def _check_type_name(constants: Sequence[DynamoType | None]) -> None:
    name = constants[1]
    if name is None or name.type != "S" or name.value not in _ALL_TYPES:
        raise RequestRefused(
            f"Invalid attribute type name found; type: {name and name.value}, "
            f"valid types: {{{','.join(sorted(_ALL_TYPES))}}}"
        )


def _equal(left: _MaybeMissing, right: _MaybeMissing) -> bool:
    return left is not None and left == right


def _ordered(compare: Callable[[Any, Any], bool]) -> Callable[..., bool]:
    def holds(left: _MaybeMissing, right: _MaybeMissing) -> bool:
        return (
            left is not None
            and right is not None
            and left[0] == right[0]
            and left[0] in _ORDERED_TYPES
            and compare(left[1], right[1])
        )

    return holds


_at_least, _at_most = _ordered(operator.ge), _ordered(operator.le)


def _begins_with(value: _MaybeMissing, prefix: _MaybeMissing) -> bool:
    return (
        value is not None
        and prefix is not None
        and value[0] == prefix[0]
        and value[0] in _PREFIX_TYPES
        and value[1].startswith(prefix[1])
    )


def _contains(value: _MaybeMissing, part: _MaybeMissing) -> bool:
    if value is None or part is None:
        return False
    match value[0]:
        case "S" | "B":
            return part[0] == value[0] and part[1] in value[1]
        case "SS" | "NS" | "BS":
            return part[0] == value[0][0] and part[1] in value[1]
        case "L":
            return part in value[1]
        case _:
            return False


class _Operator(NamedTuple):
    """An operator or function: its test gets the values of the operands, None if missing."""

    holds: Callable[..., bool]
    operand_count: int | None = 2
    """None: any number."""
    types: frozenset[str] = _ALL_TYPES
    """Which literals and parameters are allowed: with others it would never hold."""


_OPERATORS = {
    "=": _Operator(_equal),
    "<>": _Operator(lambda left, right: not _equal(left, right)),
    "<": _Operator(_ordered(operator.lt), types=_ORDERED_TYPES),
    "<=": _Operator(_at_most, types=_ORDERED_TYPES),
    ">": _Operator(_ordered(operator.gt), types=_ORDERED_TYPES),
    ">=": _Operator(_at_least, types=_ORDERED_TYPES),
    "BETWEEN": _Operator(
        lambda value, low, high: _at_least(value, low) and _at_most(value, high),
        operand_count=3,
        types=_ORDERED_TYPES,
    ),
    "IN": _Operator(
        lambda value, *choices: value is not None and value in choices, operand_count=None
    ),
    "IS NULL": _Operator(lambda value: value == ("NULL", True), operand_count=1),
    "IS MISSING": _Operator(lambda value: value is None, operand_count=1),
    "begins_with": _Operator(_begins_with, types=_PREFIX_TYPES),
    "contains": _Operator(_contains),
    "attribute_exists": _Operator(lambda value: value is not None, operand_count=1),
    "attribute_not_exists": _Operator(lambda value: value is None, operand_count=1),
    "attribute_type": _Operator(lambda value, name: value is not None and value[0] == name[1]),
}
_CHECKS = {
    "BETWEEN": _check_bounds,
    "IN": _check_choices,
    "attribute_type": _check_type_name,
}
