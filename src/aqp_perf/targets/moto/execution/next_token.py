"""``NextToken``: where the next page of a SELECT starts, as opaque text."""

import base64
import hashlib
import json
from collections.abc import Sequence
from typing import NamedTuple

from aqp_perf.targets.moto.moto_tables import DynamoType
from aqp_perf.targets.moto.refusal import RequestRefused


class Position(NamedTuple):
    """A place in the answer: after the item with this sort key in the run of this number."""

    run: int
    key: tuple[DynamoType, ...]


def fingerprint(statement: str, parameters: Sequence[DynamoType]) -> str:
    """Return what ties a token to its statement; Limit may change from page to page."""
    text = json.dumps([statement, list(parameters)], default=DynamoType.to_json)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def encode_position(position: Position, *, of: str) -> str:
    """Return the token for a position in the answer to the statement with this fingerprint."""
    text = json.dumps([of, position.run, position.key], default=DynamoType.to_json)
    return base64.urlsafe_b64encode(text.encode()).decode()


def decode_position(token: str, *, of: str) -> Position:
    """Return the position a token stands for.

    Stricter than DynamoDB Local, which accepts the token of another statement and answers nothing.

    Raises:
        RequestRefused: not one of our tokens, or the token of another statement.
    """
    try:
        owner, run, key = json.loads(base64.urlsafe_b64decode(token.encode()))
    except (ValueError, TypeError) as exc:
        raise RequestRefused("Invalid NextToken") from exc
    if owner != of:
        raise RequestRefused("Invalid NextToken")
    return Position(run, tuple(map(DynamoType, key)))
