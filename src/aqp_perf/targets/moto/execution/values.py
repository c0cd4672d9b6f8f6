"""DynamoDB's rules for attribute values: numbers, sets, sizes, and how two values compare.

Sizes and limits: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html
and .../HowItWorks.NamingRulesDataTypes.html.
"""

import base64
import re
from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any, TypeAlias

from aqp_perf.targets.moto.moto_tables import DynamoType
from aqp_perf.targets.moto.refusal import RequestRefused
from aqp_perf.targets.moto.syntax.statement import AttributeValue

Attributes: TypeAlias = Mapping[str, DynamoType]
"""The attributes of one of moto's items."""

Comparable: TypeAlias = tuple[str, Any]
"""A type and a Python value, such that equal DynamoDB values are equal tuples."""

MAX_ITEM_BYTES = 400 * 1024
MAX_NUMBER_DIGITS = 38

_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_NOT_A_NUMBER = "A value provided cannot be converted into a number"
_OVERFLOW = (
    "Number overflow. Attempting to store a number with magnitude larger than supported range"
)
_UNDERFLOW = (
    "Number underflow. Attempting to store a number with magnitude smaller than supported range"
)
_SETS = {"SS": "string", "NS": "number", "BS": "binary"}


@lru_cache(maxsize=4096)
def canonical_number(text: str) -> str:
    """Return a number as DynamoDB stores it: no sign on zero, no exponent, no needless zeros.

    Raises:
        RequestRefused: not a number, more than 38 digits, or outside 1E-130 … 9.9…E+125.
    """
    if _NUMBER.fullmatch(text) is None:
        raise RequestRefused(_NOT_A_NUMBER)
    try:
        number = Decimal(text)
    except InvalidOperation as exc:  # the exponent is beyond Decimal's own range
        raise RequestRefused(_UNDERFLOW if "e-" in text.lower() else _OVERFLOW) from exc
    if not number:
        return "0"
    magnitude = number.adjusted()
    if magnitude > 125:  # noqa: PLR2004  # the range is given in the docstring
        raise RequestRefused(_OVERFLOW)
    if magnitude < -130:  # noqa: PLR2004  # as above
        raise RequestRefused(_UNDERFLOW)
    plain = format(number, "f")
    if "." in plain:
        plain = plain.rstrip("0").rstrip(".")
    if len(_significant_digits(plain)) > MAX_NUMBER_DIGITS:
        raise RequestRefused(f"DynamoDB only supports precision up to {MAX_NUMBER_DIGITS} digits")
    return plain.removeprefix("+")


def checked_value(value: AttributeValue) -> AttributeValue:
    """Return a value sent as a parameter, its numbers in canonical form.

    Raises:
        RequestRefused: the value is not one that DynamoDB would store.
    """
    if len(value) != 1:
        state = "has more than one datatypes set" if value else "is empty"
        raise RequestRefused(
            f"Supplied AttributeValue {state}, must contain exactly one of the supported datatypes"
        )
    [(kind, content)] = value.items()
    match kind, content:
        case "N", str():
            return {"N": canonical_number(content)}
        case ("S" | "B", str()) | ("BOOL", bool()):
            return value
        case "NULL", bool():
            if not content:
                raise RequestRefused(
                    "One or more parameter values were invalid: "
                    "Null attribute value types must have the value of true"
                )
            return value
        case (("SS" | "NS" | "BS"), list()):
            return {kind: checked_set(kind, content)}
        case "L", list():
            return {"L": [checked_value(element) for element in content]}
        case "M", dict():
            return {"M": {name: checked_value(element) for name, element in content.items()}}
        case _:
            raise RequestRefused(
                "Supplied AttributeValue is empty, "
                "must contain exactly one of the supported datatypes"
            )


def checked_set(kind: str, elements: list[str]) -> list[str]:
    """Return the elements of a set of type ``kind``, numbers in canonical form.

    Raises:
        RequestRefused: the set is empty, or two elements are the same value.
    """
    if not elements:
        raise RequestRefused(
            f"One or more parameter values were invalid: An {_SETS[kind]} set  may not be empty"
        )
    if kind == "NS":
        elements = [canonical_number(element) for element in elements]
    if len(set(elements)) != len(elements):
        raise RequestRefused("Input collection contains duplicates")
    return elements


def value_bytes(value: DynamoType) -> int:
    """Return the size of one value, without its attribute's name."""
    return _SIZES[value.type](value.value)


def _text_bytes(text: str) -> int:
    return len(text.encode())


@lru_cache(maxsize=4096)
def number_bytes(text: str) -> int:
    """Return the size of a number: one byte for two significant digits, and one more."""
    return (len(_significant_digits(text)) + 1) // 2 + 1


_SIZES: dict[str, Callable[[Any], int]] = {
    "S": _text_bytes,
    "N": number_bytes,
    "B": lambda content: len(_binary(content)),
    "BOOL": lambda _: 1,
    "NULL": lambda _: 1,
    "SS": lambda content: sum(map(_text_bytes, content)),
    "NS": lambda content: sum(map(number_bytes, content)),
    "BS": lambda content: sum(len(_binary(element)) for element in content),
    "L": lambda content: 3 + sum(1 + value_bytes(element) for element in content),
    "M": lambda content: 3 + sum(1 + _text_bytes(k) + value_bytes(v) for k, v in content.items()),
}


def item_bytes(attributes: Attributes) -> int:
    """Return the size of an item, names and values, as limits, pages and units count it."""
    size_bytes = 0
    for name, value in attributes.items():
        content = value.value
        size_bytes += len(name.encode())
        size_bytes += len(content.encode()) if value.type == "S" else _SIZES[value.type](content)
    return size_bytes


def comparable(value: DynamoType) -> Comparable:
    """Return a value so that it compares as in DynamoDB: numbers by value, sets in no order."""
    convert = _COMPARABLES.get(value.type)
    return value.type, value.value if convert is None else convert(value.value)


_COMPARABLES: dict[str, Callable[[Any], Any]] = {
    "N": Decimal,
    "B": lambda content: content if isinstance(content, bytes) else base64.b64decode(content),
    "SS": frozenset,
    "NS": lambda content: frozenset(map(Decimal, content)),
    "BS": lambda content: frozenset(map(_binary, content)),
    "L": lambda content: [comparable(element) for element in content],
    "M": lambda content: {name: comparable(element) for name, element in content.items()},
}


def wire_value(value: DynamoType) -> AttributeValue:
    """Return a value as it travels in an answer."""
    convert = _WIRE_FORMS.get(value.type)
    return {value.type: value.value if convert is None else convert(value.value)}


_WIRE_FORMS: dict[str, Callable[[Any], Any]] = {
    "B": lambda content: base64.b64encode(_binary(content)).decode(),
    "BS": lambda content: [base64.b64encode(_binary(one)).decode() for one in content],
    "L": lambda content: [wire_value(element) for element in content],
    "M": lambda content: {name: wire_value(element) for name, element in content.items()},
}


def _significant_digits(text: str) -> str:
    mantissa = re.split("[eE]", text, maxsplit=1)[0]
    digits = mantissa.lstrip("+-").replace(".", "")
    return digits.strip("0")


def _binary(content: str | bytes) -> bytes:
    """Return binary content; moto keeps it in base64, as it came, until it projects the item."""
    return content if isinstance(content, bytes) else base64.b64decode(content)
