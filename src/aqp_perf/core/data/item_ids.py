"""Item ids that say which stream wrote them, and as which of its items.

An id has 126 bits: 62 are the stream's tag, a hash of the data seed and the stream's name; the
other 64 hold the index, multiplied so that items that follow each other do not look alike. So an
audit reads off every key who sent it, and needs no list of what was sent. In a text it looks like a
UUID; as a number it has 38 digits, as many as DynamoDB takes.
"""

import hashlib
import re
from functools import lru_cache
from typing import Final, NamedTuple

_U64: Final = 1 << 64
_TAG_BITS: Final = 62
# Odd, so that each index has a product of its own; 2^64 over the golden ratio spreads them well:
# Knuth, "The Art of Computer Programming", vol. 3, section 6.4.
_FACTOR: Final = 0x9E3779B97F4A7C15
_INVERSE: Final = pow(_FACTOR, -1, _U64)
_ID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_KEPT_STREAMS: Final = 16_384
_MOST_DIGITS: Final = 38


class ItemOrigin(NamedTuple):
    """Where an item came from.

    Args:
        tag: the tag of its stream, see `stream_tag`.
        number: its index in the stream, counted from 0.
    """

    tag: int
    number: int


@lru_cache(maxsize=_KEPT_STREAMS)
def stream_tag(seed: int, stream: str) -> int:
    """Return the tag of a stream: two of 10,000 streams share one once in 9e10 runs."""
    digest = hashlib.blake2b(f"{seed}/{stream}".encode(), digest_size=8).digest()
    return int.from_bytes(digest) >> (64 - _TAG_BITS)


def item_id(origin: ItemOrigin) -> str:
    """Return the id of an item whose index is below 2^64."""
    tag, number = origin
    digits = f"{(tag + (number + 1) * _FACTOR) % _U64:016x}"
    return f"{_tag_text(tag)}{digits[:4]}-{digits[4:]}"


def read_item_id(text: str) -> ItemOrigin | None:
    """Return where the item with this id came from; None when it is no such id."""
    if _ID.fullmatch(text) is None:
        return None
    digits = text.replace("-", "")
    tag, mixed = int(digits[:16], 16), int(digits[16:], 16)
    return ItemOrigin(tag, ((mixed - tag) * _INVERSE - 1) % _U64)


@lru_cache(maxsize=_KEPT_STREAMS)
def _tag_text(tag: int) -> str:
    digits = f"{tag:016x}"
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:]}-"


def item_number(origin: ItemOrigin) -> str:
    """Return the id of an item as a whole number."""
    return str(int(item_id(origin).replace("-", ""), 16))


def read_item_number(text: str) -> ItemOrigin | None:
    """Return where the item with this number comes from; None when it is no such number."""
    if not (text.isascii() and text.isdecimal()) or len(text) > _MOST_DIGITS:
        return None
    digits = f"{int(text):032x}"
    return read_item_id(
        "-".join([digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]])
    )
