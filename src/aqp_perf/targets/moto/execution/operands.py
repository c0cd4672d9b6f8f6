"""The operands of conditions: literals, parameters, attributes and members of attributes."""

from collections.abc import Callable, Sequence
from typing import TypeAlias

from aqp_perf.targets.moto.execution.values import Attributes, Comparable, comparable
from aqp_perf.targets.moto.moto_tables import DynamoType
from aqp_perf.targets.moto.syntax import statement as s

Reader: TypeAlias = Callable[[Attributes], Comparable | None]


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


def reader_of(operand: s.Operand, parameters: Sequence[DynamoType]) -> Reader:
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
            return lambda _: known
        case s.Placeholder(index):
            known = comparable(parameters[index])
            return lambda _: known
