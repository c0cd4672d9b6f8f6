"""DynamoDB's rules for attribute values: numbers, sets, keys, sizes, how two values compare.

Sizes and limits: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html
and .../HowItWorks.NamingRulesDataTypes.html.
"""

import base64
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import (
    Context,
    Decimal,
    DecimalException,
    Inexact,
    InvalidOperation,
    Overflow,
    Subnormal,
)
from functools import lru_cache
from typing import Any, TypeAlias

from aqp_perf.targets.moto.moto_tables import DynamoType, SecondaryIndex, Table
from aqp_perf.targets.moto.refusal import RequestRefused

AttributeValue: TypeAlias = dict[str, Any]
"""One value as it travels: ``{"S": "x"}``, ``{"N": "1.5"}``, ``{"L": [{"BOOL": True}]}``, …"""

Attributes: TypeAlias = Mapping[str, DynamoType]
"""The attributes of an item by name, as moto keeps them."""

Comparable: TypeAlias = tuple[str, Any]
"""A type and a Python value, such that equal DynamoDB values are equal tuples."""

MAX_ITEM_BYTES = 400 * 1024
MAX_NUMBER_DIGITS = 38
MAX_HASH_KEY_BYTES = 2048
MAX_RANGE_KEY_BYTES = 1024

_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_NUMBERS = Context(
    prec=MAX_NUMBER_DIGITS,
    Emin=-130,
    Emax=125,
    traps=[Inexact, InvalidOperation, Overflow, Subnormal],
)
_NOT_A_NUMBER = "A value provided cannot be converted into a number"
_NUMBER_PROBLEMS = {
    Overflow: "Number overflow. Attempting to store a number with magnitude larger than supported "
    "range",
    Subnormal: "Number underflow. Attempting to store a number with magnitude smaller than "
    "supported range",
    Inexact: f"DynamoDB only supports precision up to {MAX_NUMBER_DIGITS} digits",
}
_NOT_ONE_TYPE = (
    "Supplied AttributeValue is empty, must contain exactly one of the supported datatypes"
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
        number = _NUMBERS.create_decimal(text)
    except DecimalException as exc:
        raise RequestRefused(_NUMBER_PROBLEMS.get(type(exc), _NOT_A_NUMBER)) from exc
    plain = format(number, "f") if number else "0"
    return plain.rstrip("0").rstrip(".") if "." in plain else plain


def calculate(sign: str, left: str, right: str) -> str:
    """Return the sum, or with the sign ``-`` the difference, of two numbers in canonical form.

    Raises:
        RequestRefused: it has more than 38 digits, or is outside 1E-130 … 9.9…E+125.
    """
    operation = _NUMBERS.add if sign == "+" else _NUMBERS.subtract
    try:
        number = operation(Decimal(left), Decimal(right))
    except DecimalException as exc:
        raise RequestRefused(_NUMBER_PROBLEMS.get(type(exc), _NOT_A_NUMBER)) from exc
    return canonical_number(str(number))


def parse_value(value: AttributeValue) -> DynamoType:
    """Return a value that was sent as a parameter, its numbers in canonical form.

    Raises:
        RequestRefused: the value is not one that DynamoDB would store.
    """
    return DynamoType(_checked(value))


def _checked(value: AttributeValue) -> dict[str, Any]:
    if len(value) != 1:
        raise RequestRefused(_NOT_ONE_TYPE)
    [(kind, content)] = value.items()
    match kind, content:
        case ("S" | "B", str()) | ("BOOL", bool()) | ("NULL", True):
            return {kind: content}
        case "N", str():
            return {"N": canonical_number(content)}
        case (("SS" | "NS" | "BS"), list()):
            return {kind: checked_set(kind, content)}
        case "L", list():
            return {"L": [_checked(element) for element in content]}
        case "M", dict():
            return {"M": {name: _checked(element) for name, element in content.items()}}
        case "NULL", _:
            raise RequestRefused(
                "One or more parameter values were invalid: "
                "Null attribute value types must have the value of true"
            )
        case _:
            raise RequestRefused(_NOT_ONE_TYPE)


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


def item_bytes(attributes: Attributes) -> int:
    """Return the size of an item, names and values, as limits, pages and units count it."""
    size_bytes = 0
    for name, value in attributes.items():
        kind, content = value.type, value.value
        size_bytes += len(name.encode())
        # The common type, without a call: this runs for every item that is read.
        size_bytes += len(content.encode()) if kind == "S" else _SIZES[kind](content)
    return size_bytes


def _text_bytes(text: str) -> int:
    return len(text.encode())


@lru_cache(maxsize=4096)
def _number_bytes(text: str) -> int:
    """Return the size of a number: one byte for two significant digits, and one more."""
    mantissa = re.split("[eE]", text, maxsplit=1)[0]
    digits = mantissa.lstrip("+-").replace(".", "").strip("0")
    return (len(digits) + 1) // 2 + 1


def _binary(content: str | bytes) -> bytes:
    """Return binary content; moto keeps it in base64, as it came, until it projects the item."""
    return content if isinstance(content, bytes) else base64.b64decode(content)


_SIZES: dict[str, Callable[[Any], int]] = {
    "S": _text_bytes,
    "N": _number_bytes,
    "B": lambda content: len(_binary(content)),
    "BOOL": lambda _: 1,
    "NULL": lambda _: 1,
    "SS": lambda content: sum(map(_text_bytes, content)),
    "NS": lambda content: sum(map(_number_bytes, content)),
    "BS": lambda content: sum(len(_binary(element)) for element in content),
    "L": lambda content: 3 + sum(1 + value_bytes(element) for element in content),
    "M": lambda content: 3 + sum(1 + _text_bytes(k) + value_bytes(v) for k, v in content.items()),
}


def comparable(value: DynamoType) -> Comparable:
    """Return a value so that it compares as in DynamoDB: numbers by value, sets in no order."""
    convert = _COMPARABLES.get(value.type)
    return value.type, value.value if convert is None else convert(value.value)


_COMPARABLES: dict[str, Callable[[Any], Any]] = {
    "N": Decimal,
    "B": _binary,
    "SS": frozenset,
    "NS": lambda content: frozenset(map(Decimal, content)),
    "BS": lambda content: frozenset(map(_binary, content)),
    "L": lambda content: [comparable(element) for element in content],
    "M": lambda content: {name: comparable(element) for name, element in content.items()},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class KeySchema:
    """The keys of a table or an index, and the type of each."""

    hash_key: str
    range_key: str | None
    types: dict[str, str]

    def check(self, name: str, value: DynamoType) -> None:
        """Refuse a value that the key attribute ``name`` cannot have; other attributes are free.

        Raises:
            RequestRefused: the value has another type than the key, or is empty.
        """
        if name not in self.types:
            return
        if value.type != self.types[name]:
            raise RequestRefused(
                "Key attribute's data type should match its data type in table's schema: "
                f"Key {name}"
            )
        if value.value == "":
            raise RequestRefused(
                "One or more parameter values are not valid. The AttributeValue for a key "
                f"attribute cannot contain an empty string value. Key: {name}"
            )


def key_schema(table: Table, index: SecondaryIndex | None = None) -> KeySchema:
    """Return the keys of a table, or of one of its indexes."""
    schema = (table if index is None else index).schema
    names = {element["KeyType"]: element["AttributeName"] for element in schema}
    types = {element["AttributeName"]: element["AttributeType"] for element in table.attr}
    return KeySchema(
        hash_key=names["HASH"],
        range_key=names.get("RANGE"),
        types={name: types[name] for name in names.values()},
    )
