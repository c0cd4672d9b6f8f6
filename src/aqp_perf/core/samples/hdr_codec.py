"""Histograms as text: HdrHistogram V2, compressed, in base64; any HdrHistogram library reads it.

All numbers are big-endian. The text is base64 of a cookie (u32), the length of what follows (u32),
and zlib of:

- a header of 40 bytes: cookie (u32), length of the counters in bytes (u32), normalizing index
  offset (u32), significant digits (u32), lowest and highest trackable value (u64 each), integer to
  double conversion ratio (f64);
- the counters from index 0 to the last that is not 0. Each is one signed word: a count, or -n for n
  counters of 0 in a row. For a single 0 the libraries in C and Python write -1, as here; Java 0.

A word is ZigZag encoded (0, -1, 1, -2 become 0, 1, 2, 3) and written as LEB128: 7 bits a byte,
lowest first, the high bit says that more follow. Unlike in usual LEB128, the ninth byte is the last
and holds 8 bits.

Source: HdrHistogram 2.2.2 (Java), public domain: ``AbstractHistogram.encodeIntoByteBuffer``,
    ``AbstractHistogram.fillBufferFromCountsArray`` and ``ZigZagEncoding``.
"""

import base64
import struct
import zlib
from collections.abc import Mapping
from functools import lru_cache
from typing import Final

from aqp_perf.errors import ResultError

LOWEST: Final = 1
HIGHEST: Final = 600_000_000
SIGNIFICANT_DIGITS: Final = 3

_COUNTERS: Final = 21_504
"""Of this range and precision: 2,048 below 2,048, and 1,024 for each power of two above."""
_COOKIE: Final = 0x1C849313
_COMPRESSED_COOKIE: Final = 0x1C849314
_WORD_SIZE_BITS: Final = 0xF0
"""Of a cookie; V2 readers ignore them."""
_FRAME: Final = struct.Struct(">II")
_HEADER: Final = struct.Struct(">IIIIQQd")
_MAX_PAYLOAD_BYTES: Final = 256 * 1024
"""All counters at 9 bytes each take less: whatever unpacks to more is damaged or hostile."""


def encode_counts(counts: Mapping[int, int]) -> str:
    """Return a histogram as text.

    Args:
        counts: index of a bucket in HdrHistogram's order → how many samples it has, at least 1.
    """
    zigzags = []
    end = 0
    for index in sorted(counts):
        if index > end:
            zigzags.append(2 * (index - end) - 1)
        zigzags.append(2 * counts[index])
        end = index + 1
    words = b"".join(map(_word, zigzags))
    header = _HEADER.pack(_COOKIE, len(words), 0, SIGNIFICANT_DIGITS, LOWEST, HIGHEST, 1.0)
    packed = zlib.compress(header + words)
    return base64.b64encode(_FRAME.pack(_COMPRESSED_COOKIE, len(packed)) + packed).decode("ascii")


def decode_counts(encoded: str) -> dict[int, int]:
    """Return the counts that a text of `encode_counts`, or of another library, stands for.

    Raises:
        ResultError: the text is damaged, is too large, or has another range or precision.
    """
    try:
        return _counts_in(_counters_of(base64.b64decode(encoded, validate=True)))
    except (ValueError, struct.error, zlib.error) as error:
        raise ResultError(f"not a histogram that this version reads: {error}") from error


@lru_cache(maxsize=4_096)  # most counts of a histogram are small, and encoding takes half the time
def _word(zigzag: int) -> bytes:
    word = bytearray()
    while zigzag > 0x7F and len(word) < 8:  # noqa: PLR2004 - 7 bits a byte, and all 8 in the ninth
        word.append(zigzag & 0x7F | 0x80)
        zigzag >>= 7
    word.append(zigzag)
    return bytes(word)


def _counters_of(raw: bytes) -> bytes:
    cookie, length = _FRAME.unpack_from(raw)
    _check_cookie(cookie, _COMPRESSED_COOKIE)
    unpacker = zlib.decompressobj()
    payload = unpacker.decompress(raw[_FRAME.size :], _MAX_PAYLOAD_BYTES)
    if not unpacker.eof:
        raise ValueError(f"it is cut short, or unpacks to more than {_MAX_PAYLOAD_BYTES} bytes")
    cookie, counters_length, offset, digits, lowest, highest, _ = _HEADER.unpack_from(payload)
    _check_cookie(cookie, _COOKIE)
    if (digits, lowest, highest, offset) != (SIGNIFICANT_DIGITS, LOWEST, HIGHEST, 0):
        raise ValueError(f"it has {digits} digits from {lowest} to {highest}")
    counters = payload[_HEADER.size :]
    if (length, counters_length) != (len(raw) - _FRAME.size, len(counters)):
        raise ValueError("it is cut short")
    return counters


def _check_cookie(found: int, expected: int) -> None:
    if (found ^ expected) & ~_WORD_SIZE_BITS:
        raise ValueError(f"it begins with the cookie {found:#x}, not {expected:#x}")


def _counts_in(counters: bytes) -> dict[int, int]:
    counts: dict[int, int] = {}
    index = zigzag = shift = 0
    for byte in counters:
        if byte >= 0x80 and shift < 56:  # noqa: PLR2004 - more of this word follows
            zigzag |= (byte & 0x7F) << shift
            shift += 7
            continue
        zigzag |= byte << shift
        if zigzag & 1:
            index += (zigzag >> 1) + 1
        else:
            if zigzag:
                counts[index] = zigzag >> 1
            index += 1
        zigzag = shift = 0
    if shift:
        raise ValueError("it is cut short")
    if index > _COUNTERS:
        raise ValueError(f"it has {index} counters, more than the {_COUNTERS} of its range")
    return counts
