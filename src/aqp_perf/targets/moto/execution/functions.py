"""The predicates that are written as functions: ``begins_with``, ``contains``, ``attribute_…``."""

from collections.abc import Sequence

from aqp_perf.targets.moto.execution.operands import (
    Predicate,
    constant_of,
    reader_of,
    require_types,
)
from aqp_perf.targets.moto.execution.values import Attributes
from aqp_perf.targets.moto.refusal import RequestRefused
from aqp_perf.targets.moto.syntax import statement as s

_PREFIX_TYPES = frozenset({"S", "B"})
_TYPES = ("N", "BS", "L", "B", "NULL", "M", "S", "SS", "NS", "BOOL")


def compile_call(call: s.Call, parameters: Sequence[s.AttributeValue]) -> Predicate:
    """Return the predicate for a call.

    Raises:
        RequestRefused: there is no such function, or its operands are not what it takes.
    """
    if call.function not in _FUNCTIONS:
        raise RequestRefused(f"Unrecognized function: {call.function}")
    count, build = _FUNCTIONS[call.function]
    if len(call.arguments) != count:
        raise RequestRefused(
            "Incorrect number of operands for operator or function; "
            f"operator or function: {call.function}, number of operands: {len(call.arguments)}"
        )
    return build(call, parameters)


def _begins_with(call: s.Call, parameters: Sequence[s.AttributeValue]) -> Predicate:
    require_types("begins_with", call.arguments, _PREFIX_TYPES, parameters)
    read, read_prefix = (reader_of(argument, parameters) for argument in call.arguments)

    def holds(attributes: Attributes) -> bool:
        value, prefix = read(attributes), read_prefix(attributes)
        return (
            value is not None
            and prefix is not None
            and value[0] == prefix[0]
            and value[0] in _PREFIX_TYPES
            and value[1].startswith(prefix[1])
        )

    return holds


def _contains(call: s.Call, parameters: Sequence[s.AttributeValue]) -> Predicate:
    read, read_part = (reader_of(argument, parameters) for argument in call.arguments)

    def holds(attributes: Attributes) -> bool:
        value, part = read(attributes), read_part(attributes)
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

    return holds


def _attribute_exists(call: s.Call, parameters: Sequence[s.AttributeValue]) -> Predicate:
    read = reader_of(call.arguments[0], parameters)
    return lambda attributes: read(attributes) is not None


def _attribute_not_exists(call: s.Call, parameters: Sequence[s.AttributeValue]) -> Predicate:
    read = reader_of(call.arguments[0], parameters)
    return lambda attributes: read(attributes) is None


def _attribute_type(call: s.Call, parameters: Sequence[s.AttributeValue]) -> Predicate:
    read = reader_of(call.arguments[0], parameters)
    named = constant_of(call.arguments[1], parameters) or {}
    if named.get("S") not in _TYPES:
        raise RequestRefused(
            f"Invalid attribute type name found; type: {named.get('S')}, "
            f"valid types: {{{','.join(_TYPES)}}}"
        )

    def holds(attributes: Attributes) -> bool:
        value = read(attributes)
        return value is not None and value[0] == named["S"]

    return holds


_FUNCTIONS = {
    "begins_with": (2, _begins_with),
    "contains": (2, _contains),
    "attribute_exists": (1, _attribute_exists),
    "attribute_not_exists": (1, _attribute_not_exists),
    "attribute_type": (2, _attribute_type),
}
