"""Items as boto3 has them: binary values are bytes, where DynamoDB's JSON has base64 text."""

import base64
from collections.abc import Callable, Mapping
from typing import Any


def boto3_item(item: Mapping[str, Any]) -> dict[str, Any]:
    """Return an item in DynamoDB's JSON as boto3 takes it."""
    return {name: _converted(value, base64.b64decode) for name, value in item.items()}


def json_item(item: Mapping[str, Any]) -> dict[str, Any]:
    """Return an item of boto3 in DynamoDB's JSON."""
    return {name: _converted(value, _text) for name, value in item.items()}


def _converted(attribute: Mapping[str, Any], convert: Callable[[Any], Any]) -> dict[str, Any]:
    ((kind, value),) = attribute.items()
    match kind:
        case "B":
            value = convert(value)
        case "BS":
            value = [convert(part) for part in value]
        case "L":
            value = [_converted(part, convert) for part in value]
        case "M":
            value = {name: _converted(part, convert) for name, part in value.items()}
    return {kind: value}


def _text(binary: bytes) -> str:
    return base64.b64encode(binary).decode()
