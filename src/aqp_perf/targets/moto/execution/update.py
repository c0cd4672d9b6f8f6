"""UPDATE: an item's attributes as its SET and REMOVE leave them."""

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from itertools import pairwise
from typing import Any, NamedTuple, TypeAlias

from aqp_perf.targets.moto.execution.conditions import attribute_at, constant_of
from aqp_perf.targets.moto.execution.values import Attributes, calculate
from aqp_perf.targets.moto.moto_tables import DynamoType
from aqp_perf.targets.moto.refusal import RequestRefused
from aqp_perf.targets.moto.syntax import statement as s

_Holder: TypeAlias = Any
"""The dict or list that a value is in."""

_SET_TYPES = frozenset({"SS", "NS", "BS"})


def updated(
    attributes: Attributes, changes: Sequence[s.Change], parameters: Sequence[DynamoType]
) -> dict[str, DynamoType]:
    """Return the attributes after all changes; those given stay as they are.

    As in DynamoDB every value and every path means the item before the statement.

    Raises:
        RequestRefused: a value cannot be computed, or there is no such place in the item.
    """
    values = [
        None if change.value is None else _value_of(change.value, attributes, parameters)
        for change in changes
    ]
    roots = {change.path.name for change in changes if change.path.steps}
    after = {
        name: DynamoType(value) if name in roots else value for name, value in attributes.items()
    }
    places = [_place_of(change.path, after) for change in changes]
    found = [(holder, step, value) for (holder, step), value in zip(places, values, strict=True)]
    # New elements of a list are appended by their positions; removals from the end move no other.
    found.sort(key=lambda place: place[1] if isinstance(place[1], int) else 0)
    for holder, step, value in found:
        if value is None:
            continue
        if isinstance(holder, list) and step >= len(holder):
            holder.append(value)
        else:
            holder[step] = value
    for holder, step, value in reversed(found):
        if value is None and (step in holder if isinstance(holder, dict) else step < len(holder)):
            del holder[step]
    return after


def changed_parts(attributes: Attributes, changes: Sequence[s.Change]) -> dict[str, DynamoType]:
    """Return what RETURNING MODIFIED shows of an item: the attributes at the changed paths."""
    names = dict.fromkeys(change.path.name for change in changes)
    return {name: attributes[name] for name in names if name in attributes}


def _place_of(path: s.Path, attributes: Mapping[str, DynamoType]) -> tuple[_Holder, Any]:
    """Return what holds the value at a path, and the last step to it."""
    holder: _Holder = attributes
    steps = (path.name, *path.steps)
    for step, following in pairwise(steps):
        found: DynamoType | None
        if isinstance(holder, list):
            found = holder[step] if isinstance(step, int) and step < len(holder) else None
        else:
            found = holder.get(step)
        if found is None or found.type != ("M" if isinstance(following, str) else "L"):
            raise RequestRefused(
                "The document path provided in the update expression is invalid for update"
            )
        holder = found.value
    return holder, steps[-1]


def _value_of(
    expression: s.Expression, attributes: Attributes, parameters: Sequence[DynamoType]
) -> DynamoType | None:
    """Return the value; None is an empty set, which removes its attribute."""
    match expression:
        case s.Computed():
            return _computed(expression, attributes, parameters)
        case s.Path():
            found = attribute_at(attributes, expression)
            if found is None:
                raise RequestRefused(
                    "The provided expression refers to an attribute that does not exist in the item"
                )
            return DynamoType(found)
        case s.Size():
            raise RequestRefused(
                "The function is not allowed in an update expression; function: size"
            )
        case _:
            value = constant_of(expression, parameters)
            assert value is not None, expression  # noqa: S101  # a literal or a parameter
            return DynamoType(value)  # a copy: cached statements share their literals


def _computed(
    expression: s.Computed, attributes: Attributes, parameters: Sequence[DynamoType]
) -> DynamoType | None:
    name, operands = expression.function, expression.operands
    if name not in _FUNCTIONS:
        raise RequestRefused(f"Unrecognized function: {name}")
    function = _FUNCTIONS[name]
    if len(operands) != 2:  # noqa: PLR2004  # all of them have two
        raise RequestRefused(
            "Incorrect number of operands for operator or function; "
            f"operator or function: {name}, number of operands: {len(operands)}"
        )
    for operand in operands:
        if isinstance(operand, s.Constant | s.Placeholder):
            constant = constant_of(operand, parameters)
            if constant is not None and function.types and constant.type not in function.types:
                raise RequestRefused(
                    "Incorrect operand type for operator or function; "
                    f"operator or function: {name}, operand type: {constant.type}"
                )
    first, second = operands
    if function.takes_missing and isinstance(first, s.Path):
        left = attribute_at(attributes, first)
    else:
        left = _value_of(first, attributes, parameters)
    right = _value_of(second, attributes, parameters)
    kinds = {value.type for value in (left, right) if value is not None}
    if function.types and (len(kinds) > 1 or not kinds <= function.types):
        raise RequestRefused("An operand in the update expression has an incorrect data type")
    return function.compute(left, right)


class _Function(NamedTuple):
    """A function or operator of two values."""

    compute: Callable[..., DynamoType | None]
    types: frozenset[str]
    """What both operands must be, of one type; empty: anything."""
    takes_missing: bool = False
    """Whether the first operand may be an attribute that the item does not have."""


def _arithmetic(sign: str) -> _Function:
    return _Function(
        lambda left, right: DynamoType({"N": calculate(sign, left.value, right.value)}),
        frozenset({"N"}),
    )


def _elements(value: DynamoType) -> dict[Any, str]:
    """Return the elements of a set, by what makes two of them the same."""
    return {Decimal(one) if value.type == "NS" else one: one for one in value.value}


def _set_add(left: DynamoType | None, right: DynamoType) -> DynamoType:
    if left is None:
        return right
    return DynamoType({left.type: list((_elements(left) | _elements(right)).values())})


def _set_delete(left: DynamoType | None, right: DynamoType) -> DynamoType | None:
    if left is None:
        return None
    removed = _elements(right)
    kept = [text for key, text in _elements(left).items() if key not in removed]
    return DynamoType({left.type: kept}) if kept else None


_FUNCTIONS = {
    "+": _arithmetic("+"),
    "-": _arithmetic("-"),
    "list_append": _Function(
        lambda left, right: DynamoType({"L": [*left.value, *right.value]}), frozenset({"L"})
    ),
    "set_add": _Function(_set_add, _SET_TYPES, takes_missing=True),
    "set_delete": _Function(_set_delete, _SET_TYPES, takes_missing=True),
    "if_not_exists": _Function(
        lambda left, right: right if left is None else left, frozenset(), takes_missing=True
    ),
}
