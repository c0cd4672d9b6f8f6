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
from json.encoder import encode_basestring_ascii
from typing import Any, Final, TypeAlias

AttributeValue: TypeAlias = Mapping[str, Any]

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
    if "S" in value:  # the two that orders are made of go first: this runs for every value read
        return f"S:{value['S']}"
    if "N" in value:
        number = value["N"]
        return f"N:{number if _PLAIN_NUMBER.fullmatch(number) else _plain_number(number)}"
    ((kind, content),) = value.items()
    return None if kind == "NULL" else f"{kind}:{json.dumps(content, sort_keys=True)}"


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


def to_json(text: str | int | None) -> str:
    """Return a value, or a count, as JSON: sets are lists, binary is base64.

    The digits of a number are copied, so none is lost.
    """
    if text is None:
        return "null"
    if isinstance(text, int):
        return str(text)
    if text.startswith("N:"):
        return text[2:]
    if text.startswith("S:"):
        return encode_basestring_ascii(text[2:])
    kind, _, content = text.partition(":")
    return _nested_json(kind, json.loads(content))


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


def _nested_json(kind: str, content: Any) -> str:  # noqa: ANN401 - an attribute value's content
    match kind:
        case "N":
            return _plain_number(content)
        case "NULL":
            return "null"
        case "NS":
            return f"[{','.join(map(_plain_number, content))}]"
        case "L":
            return f"[{','.join(map(_element_json, content))}]"
        case "M":
            return (
                f"{{{','.join(f'{json.dumps(k)}:{_element_json(v)}' for k, v in content.items())}}}"
            )
        case _:  # BOOL, S, B, SS, BS: as DynamoDB's own JSON has them
            return json.dumps(content)


def _element_json(value: AttributeValue) -> str:
    ((kind, content),) = value.items()
    return _nested_json(kind, content)
