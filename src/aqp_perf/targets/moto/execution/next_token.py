"""``NextToken``: where the next page of a SELECT starts, as opaque text."""

import base64
import json
from typing import NamedTuple

from aqp_perf.targets.moto.moto_tables import DynamoType
from aqp_perf.targets.moto.refusal import RequestRefused


class Position(NamedTuple):
    """A place in the answer: after the item with this sort key in the run of this number."""

    run: int
    key: tuple[DynamoType, ...]


def encode_position(position: Position) -> str:
    """Return the token for a position."""
    text = json.dumps(position, default=DynamoType.to_json)
    return base64.urlsafe_b64encode(text.encode()).decode()


def decode_position(token: str) -> Position:
    """Return the position that a token stands for.

    Raises:
        RequestRefused: it is not one of our tokens.
    """
    try:
        run, key = json.loads(base64.urlsafe_b64decode(token.encode()))
        return Position(run, tuple(map(DynamoType, key)))
    except (ValueError, TypeError) as exc:
        raise RequestRefused("Invalid NextToken") from exc
