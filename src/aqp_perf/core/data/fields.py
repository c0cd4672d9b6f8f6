"""The fields of an item: what attributes hold, and how values are drawn.

A field writes source text. `aqp_perf.core.data.compiled_item` makes one function of all fields of
an item, so that making an item costs no more than if it were written by hand.
"""

import base64
from abc import abstractmethod
from dataclasses import KW_ONLY, dataclass
from decimal import Decimal
from typing import Any, ClassVar, TypeAlias

from aqp_perf.core.data.draws import Draws
from aqp_perf.errors import InvalidItem

Attribute: TypeAlias = dict[str, Any]
"""A value in DynamoDB's JSON, such as ``{"N": "12.5"}``; binary values are base64 text."""


@dataclass(frozen=True, slots=True)
class Field:
    """What an attribute, or a part of one, holds.

    Args:
        absent: the probability that an item does not have it, 0 ≤ absent < 1.
        name: of the attribute, where it is no name that Python allows; "" takes the field's.
    """

    _: KW_ONLY
    absent: float = 0.0
    name: str = ""

    def __post_init__(self) -> None:
        if not 0 <= self.absent < 1:
            raise InvalidItem(f"absent={self.absent!r} is not valid: 0 or more, and below 1")

    @abstractmethod
    def attribute(self, draws: Draws) -> str:
        """Return an expression of a value in DynamoDB's JSON."""

    @property
    @abstractmethod
    def widest(self) -> Attribute:
        """A value that no other is larger than."""


@dataclass(frozen=True, slots=True)
class TextField(Field):
    """A field whose values have a text, so that a key can be made of it."""

    type: ClassVar[str] = "S"

    @abstractmethod
    def text(self, draws: Draws) -> str:
        """Return an expression of the text of a value."""

    @property
    @abstractmethod
    def longest(self) -> str:
        """The longest text, in UTF-8."""

    def attribute(self, draws: Draws) -> str:
        """Return an expression of a value in DynamoDB's JSON."""
        return attribute_of(self.type, self.text(draws))

    @property
    def widest(self) -> Attribute:
        """A value that no other is larger than."""
        return {self.type: self.longest}


@dataclass(frozen=True, slots=True)
class CountedField(TextField):
    """A field with so many different values.

    Args:
        count: how many.
        size: the name by which ``--perf-data`` changes the count; "": it is fixed.
    """

    count: int
    _: KW_ONLY
    size: str = ""

    def __post_init__(self) -> None:
        Field.__post_init__(self)
        if self.count < 1:
            raise InvalidItem(f"a field has at least 1 value, got {self.count}")


def attribute_of(kind: str, text: str) -> str:
    """Return an expression of an attribute of a key type whose text is an expression."""
    return f'{{"{kind}": {text}}}'


def scalar_attribute(value: object) -> Attribute:
    """Return a Python value in DynamoDB's JSON.

    Raises:
        InvalidItem: it is of another type.
    """
    match value:
        case bool():
            return {"BOOL": value}
        case str():
            return {"S": value}
        case int() | Decimal():
            return {"N": str(value)}
        case bytes():
            return {"B": base64_text(value)}
        case None:
            return {"NULL": True}
    raise InvalidItem(f"{value!r} is not valid: a str, int, Decimal, bool, bytes or None")


def base64_text(value: bytes) -> str:
    """Return binary data as DynamoDB's JSON writes it."""
    return base64.b64encode(value).decode()
