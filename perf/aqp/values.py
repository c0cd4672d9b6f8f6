"""DynamoDB's values as one line of text each, so that an SQL engine can hold, group and order them.

``{"S": "a"}`` is ``S:a``, ``{"N": "1.50"}`` is ``N:1.5``, NULL and a missing attribute are SQL's
NULL. Equal values have equal texts, different values different ones: grouping and DISTINCT need no
more. Where order matters, ``compare`` decides. Numbers never pass through a binary float.
"""

import base64
import json
import re
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, Final, TypeAlias

AttributeValue: TypeAlias = Mapping[str, Any]
Json: TypeAlias = "bool | int | Decimal | str | list[Json] | dict[str, Json] | None"

_PLAIN_NUMBER: Final = re.compile(r"0|-?(?:[1-9][0-9]*|0(?=\.))(?:\.[0-9]*[1-9])?")
# DynamoDB's numbers have at most 38 digits and lie between 1E-130 and 9.9E+125.
_MAX_EXPONENT: Final = 200
_RANKS: Final = {"BOOL": 0, "N": 1, "S": 2, "B": 3}
_OTHER_RANK: Final = 4


def encode(value: AttributeValue | None) -> str | None:
    """Return the text of an attribute value; None for NULL and for a missing attribute.

    Raises:
        ValueError: it is not a DynamoDB value, or a number far outside DynamoDB's range.
    """
    if value is None:
        return None
    ((kind, content),) = value.items()
    if kind == "S":
        return f"S:{content}"
    if kind == "N":
        return f"N:{content if _PLAIN_NUMBER.fullmatch(content) else _plain_number(content)}"
    if kind == "NULL":
        return None
    return f"{kind}:{json.dumps(content, sort_keys=True)}"


def encode_number(number: Decimal) -> str:
    """Return the text of a number: all its digits, no exponent, no trailing zeros."""
    text = f"{number:f}"
    if "." in text:
        text = text.rstrip("0").removesuffix(".")
    return f"N:{'0' if text == '-0' else text}"


def decode_number(text: str) -> Decimal:
    """Return the number of a text that starts with ``N:``."""
    return Decimal(text[2:])


def kind_of(text: str) -> str:
    """Return the DynamoDB type of a text, such as ``S``."""
    return text.partition(":")[0]


def decode(text: str | int | None) -> Json:
    """Return a value for JSON: numbers exact, sets as lists, binary as base64; a count as it is."""
    if text is None or isinstance(text, int):
        return text
    kind, _, content = text.partition(":")
    if kind == "S":
        return content
    return _to_json(kind, content if kind == "N" else json.loads(content))


def compare(left: str, right: str) -> int:
    """Return whether left is less, equal or greater: -1, 0 or 1.

    Booleans come before numbers, numbers before strings, strings before binary. Everything else
    comes last, in an order that is only stable.
    """
    left_key, right_key = _order(left), _order(right)
    return (left_key > right_key) - (left_key < right_key)


def _plain_number(text: str) -> str:
    try:
        number = Decimal(text)
    except InvalidOperation as exc:
        raise ValueError(f"{text[:40]!r} is not a number") from exc
    if not number.is_finite() or not -_MAX_EXPONENT < number.adjusted() < _MAX_EXPONENT:
        raise ValueError(f"{text[:40]!r} is not a number that DynamoDB has")
    return encode_number(number)[2:]


def _order(text: str) -> tuple[int, Any]:
    kind, _, content = text.partition(":")
    rank = _RANKS.get(kind, _OTHER_RANK)
    match kind:
        case "N":
            return rank, Decimal(content)
        case "B":
            return rank, base64.b64decode(json.loads(content))
        case _:
            return rank, content if rank != _OTHER_RANK else text


def _to_json(kind: str, content: Any) -> Json:  # noqa: ANN401 - an attribute value's content
    match kind:
        case "N":
            return Decimal(content) if "." in content else int(content)
        case "NULL":
            return None
        case "L":
            return [_to_json(*next(iter(element.items()))) for element in content]
        case "M":
            return {key: _to_json(*next(iter(element.items()))) for key, element in content.items()}
        case "NS":
            return [_to_json("N", element) for element in content]
        case _:  # BOOL, S, B, SS, BS: as DynamoDB's own JSON has them
            result: Json = content
            return result
