"""Bodies that are no answer of an AQP, for responses with status 200."""

import gzip
import json
import struct
import zlib
from collections.abc import Callable, Mapping
from functools import cache
from typing import Final, NamedTuple

HUGE_BYTES: Final = 20_000_000
_BOMB_BLOCK_BYTES: Final = 10_000_000
_BOMB_BLOCKS: Final = 1_000
_GZIP_HEADER: Final = bytes((31, 139, 8, 0, 0, 0, 0, 0, 0, 255))
_END_OF_DEFLATE: Final = b"\x03\x00"


class BadBody(NamedTuple):
    """A body, and the headers that it needs besides its length."""

    content: bytes
    headers: tuple[str, ...] = ()


def aqp_text(rows: str) -> bytes:
    """Return an AQP's answer with ``rows`` as they are."""
    return b'{"response": [{"resultSet": %b}]}' % rows.encode()


def gzip_bomb() -> bytes:
    """Return 10 MB that unpack to 10 GB of zeros; their checksum would be wrong.

    A block that ends on a whole byte and needs nothing of what came before can be repeated.
    """
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    block = packer.compress(bytes(_BOMB_BLOCK_BYTES)) + packer.flush(zlib.Z_FULL_FLUSH)
    end = _END_OF_DEFLATE + struct.pack("<II", 0, _BOMB_BLOCK_BYTES * _BOMB_BLOCKS % (1 << 32))
    return _GZIP_HEADER + block * _BOMB_BLOCKS + end


_ROW: Final = '[{{"pk": "a", "zipcode": 1, "total": {}}}]'
_GZIPPED: Final = ("Content-Encoding: gzip",)
_MAKE: Final[Mapping[str, Callable[[], BadBody]]] = {
    "html": lambda: BadBody(b"<html><body>Bad gateway</body></html>"),
    "empty": lambda: BadBody(b""),
    "other_json": lambda: BadBody(json.dumps({"items": [{"a": 1}], "count": 1}).encode()),
    "json_number": lambda: BadBody(b"17"),
    "huge": lambda: BadBody(aqp_text("[" + "{}," * (HUGE_BYTES // 3) + "{}]")),
    "huge_text": lambda: BadBody(b"x" * HUGE_BYTES),
    "gzip_bomb": lambda: BadBody(gzip_bomb(), _GZIPPED),
    "cut_gzip": lambda: BadBody(gzip.compress(aqp_text("[]"))[:-5], _GZIPPED),
    "gzip_and_more": lambda: BadBody(gzip.compress(aqp_text("[]")) * 2, _GZIPPED),
    "deep": lambda: BadBody(b"[" * 200_000 + b"]" * 200_000),
    "deep_row": lambda: BadBody(aqp_text("[" * 700 + "]" * 700)),
    "nan": lambda: BadBody(aqp_text(_ROW.format("NaN"))),
    "infinity": lambda: BadBody(aqp_text(_ROW.format("-Infinity"))),
    "too_large_a_double": lambda: BadBody(aqp_text(_ROW.format("1e999"))),
    "long_number": lambda: BadBody(aqp_text(_ROW.format("9" * 100_000))),
    "long_fraction": lambda: BadBody(aqp_text(_ROW.format("0." + "9" * 100_000 + "e-400"))),
    "text_for_a_number": lambda: BadBody(aqp_text(_ROW.format('"1"'))),
    "lone_surrogate": lambda: BadBody(aqp_text('[{"\\ud800": "\\udfff"}]')),
}
BAD_BODIES: Final = tuple(_MAKE)
"""Their names; rows are of the aggregate by zip code."""


@cache
def bad_body(name: str) -> BadBody:
    """Return the body with this name; some take a while to make."""
    return _MAKE[name]()
