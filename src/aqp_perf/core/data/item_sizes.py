"""How large an item is, as DynamoDB counts.

Source: "DynamoDB item sizes and formats", Amazon DynamoDB Developer Guide.
"""

from collections.abc import Mapping
from math import ceil
from typing import Any, Final

MOST_BYTES: Final = 400 * 1024
"""Of one item."""
_CONTAINER_BYTES: Final = 3
_MEMBER_BYTES: Final = 1


def item_bytes(item: Mapping[str, Any]) -> int:
    """Return the most that an item in DynamoDB's JSON takes, names included."""
    return sum(len(name.encode()) + attribute_bytes(value) for name, value in item.items())


def attribute_bytes(attribute: Mapping[str, Any]) -> int:
    """Return the most that one value in DynamoDB's JSON takes.

    DynamoDB says of numbers "approximately one byte per two significant digits, and one": a second
    one is counted here.
    """
    ((kind, value),) = attribute.items()
    match kind:
        case "S":
            size = len(value.encode())
        case "N":
            size = ceil(len(value) / 2) + 2
        case "B":
            size = len(value) * 3 // 4
        case "SS" | "NS" | "BS":
            size = sum(attribute_bytes({kind[0]: part}) for part in value)
        case "L":
            members = sum(_MEMBER_BYTES + attribute_bytes(part) for part in value)
            size = _CONTAINER_BYTES + members
        case "M":
            size = _CONTAINER_BYTES + _MEMBER_BYTES * len(value) + item_bytes(value)
        case _:  # BOOL and NULL
            size = 1
    return size
