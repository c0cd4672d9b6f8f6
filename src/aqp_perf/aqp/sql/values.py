"""DynamoDB attribute values as Python values that can be grouped, ordered and written as JSON."""

import base64
import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final, TypeAlias

AttributeValue: TypeAlias = Mapping[str, Any]
"""A value in DynamoDB's JSON, such as ``{"N": "1.5"}``."""

Value: TypeAlias = tuple[int, Any]
"""A decoded value: the rank of its type, and its content.

Equal values are equal tuples, and tuples sort by type, then by content. Numbers are Decimals, so
no digit is lost. Lists, maps and sets are the text of their JSON: their order is only stable.
"""

NUMBER_RANK: Final = 1
_OTHER_RANK: Final = 4
_RANKS: Final = {"BOOL": 0, "N": NUMBER_RANK, "S": 2, "B": 3}


def decode(value: AttributeValue | None) -> Value | None:
    """Return an attribute value decoded; None for NULL and for a missing attribute.

    Raises:
        ValueError, TypeError, AttributeError, ArithmeticError: it is not an attribute value.
    """
    if value is None:
        return None
    ((kind, content),) = value.items()
    match kind:
        case "NULL":
            return None
        case "N":
            content = Decimal(content)
        case "B":
            content = base64.b64decode(content)
        case "BOOL" | "S":
            pass
        case _:
            content = json.dumps(value, sort_keys=True)
    return _RANKS.get(kind, _OTHER_RANK), content


def to_json(value: Value | int | None) -> str:
    """Return a decoded value, or a count, as JSON: sets are lists, binary is base64."""
    match value:
        case (rank, content):
            return _nested_json(json.loads(content)) if rank == _OTHER_RANK else _json(content)
        case _:
            return json.dumps(value)


def _json(content: Any) -> str:  # noqa: ANN401 - any scalar
    if isinstance(content, Decimal):
        return str(content)
    if isinstance(content, bytes):
        content = base64.b64encode(content).decode()
    return json.dumps(content)


def _nested_json(value: AttributeValue) -> str:
    ((kind, content),) = value.items()
    match kind:
        case "N":
            return str(Decimal(content))
        case "NULL":
            return "null"
        case "NS":
            return f"[{','.join(str(Decimal(number)) for number in content)}]"
        case "L":
            return f"[{','.join(map(_nested_json, content))}]"
        case "M":
            members = [f"{json.dumps(name)}:{_nested_json(v)}" for name, v in content.items()]
            return f"{{{','.join(members)}}}"
        case _:  # BOOL, S, B, SS, BS: as in DynamoDB's JSON
            return json.dumps(content)
