"""The operands of conditions: literals, parameters, attributes and places inside them."""

from collections.abc import Callable, Sequence
from typing import TypeAlias

from aqp_perf.targets.moto.execution.values import Attributes, Comparable, comparable
from aqp_perf.targets.moto.moto_tables import DynamoType
from aqp_perf.targets.moto.refusal import RequestRefused
from aqp_perf.targets.moto.syntax import statement as s

Predicate: TypeAlias = Callable[[Attributes], bool]
Reader: TypeAlias = Callable[[Attributes], Comparable | None]

ORDERED_TYPES = frozenset({"S", "N", "B"})
"""The types of which one value can be less than another."""


def constant_of(
    operand: s.Operand, parameters: Sequence[s.AttributeValue]
) -> s.AttributeValue | None:
    """Return the value of a literal or a parameter; None when the operand depends on the item."""
    match operand:
        case s.Constant(value):
            return value
        case s.Parameter(index):
            return parameters[index]
        case _:
            return None


def attribute_at(attributes: Attributes, path: s.Path) -> DynamoType | None:
    """Return what stands at a path, or None."""
    found = attributes.get(str(path.steps[0]))
    for step in path.steps[1:]:
        if found is None:
            return None
        if isinstance(step, str):
            found = found.value.get(step) if found.type == "M" else None
        elif found.type == "L" and step < len(found.value):
            found = found.value[step]
        else:
            return None
    return found


def reader_of(operand: s.Operand, parameters: Sequence[s.AttributeValue]) -> Reader:
    """Return how to read the operand's value from an item's attributes."""
    constant = constant_of(operand, parameters)
    if constant is not None:
        known = comparable(DynamoType(constant))
        return lambda _: known
    match operand:
        case s.Path((str(name),)):

            def read_attribute(attributes: Attributes) -> Comparable | None:
                found = attributes.get(name)
                return None if found is None else comparable(found)

            return read_attribute
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
        case _:
            raise AssertionError(operand)


def require_types(
    name: str,
    operands: Sequence[s.Operand],
    allowed: frozenset[str],
    parameters: Sequence[s.AttributeValue],
) -> None:
    """Refuse a literal or parameter of a type the operator is never true for.

    Raises:
        RequestRefused: naming the operator or function, and the type.
    """
    for operand in operands:
        for kind in constant_of(operand, parameters) or {}:
            if kind not in allowed:
                raise RequestRefused(
                    "Incorrect operand type for operator or function; "
                    f"operator or function: {name}, operand type: {kind}"
                )
