"""Histograms as text: HdrHistogram V2, compressed, in base64, checked before it is believed."""

import base64
import binascii
import struct
import zlib
from collections.abc import Mapping
from typing import Final

from hdrh.codec import HdrCookieException, HdrLengthException
from hdrh.histogram import HdrHistogram

from aqp_perf.errors import ResultError

LOWEST: Final = 1
HIGHEST: Final = 600_000_000
SIGNIFICANT_DIGITS: Final = 3

_EXTERNAL_HEADER: Final = struct.Struct(">II")  # cookie, length of what follows
_PAYLOAD_HEADER: Final = struct.Struct(">IIIIQQd")
_MAX_PAYLOAD_BYTES: Final = 256 * 1024
"""More than the 21,504 counters of our range can take; a bomb takes more."""


def encode_counts(counts: Mapping[int, int]) -> str:
    """Return the samples as text.

    Args:
        counts: index of a bucket in HdrHistogram's order → how many samples it has.
    """
    hdr = HdrHistogram(LOWEST, HIGHEST, SIGNIFICANT_DIGITS)
    for index, count in counts.items():
        hdr.counts[index] = count
    hdr.total_count = sum(counts.values())
    hdr.max_value = hdr.get_value_from_index(max(counts, default=0))
    encoded: bytes = hdr.encode()
    return encoded.decode("ascii")


def decode_counts(encoded: str) -> dict[int, int]:
    """Return the samples that `encode_counts` wrote.

    Raises:
        ResultError: the text is damaged, is too large, or has another range or precision.
    """
    try:
        raw = base64.b64decode(encoded, validate=True)
        _check_payload(raw)
        hdr = HdrHistogram.decode(encoded)
    except (
        binascii.Error,
        struct.error,
        zlib.error,
        HdrCookieException,
        HdrLengthException,
        ValueError,  # hdrh: a counter cut in the middle, or text that is not ASCII
        IndexError,  # hdrh: more counters than the range has
        OverflowError,  # hdrh: a counter that is no count
    ) as exc:
        raise ResultError(f"not an HdrHistogram of ours: {exc or type(exc).__name__}") from exc
    last = hdr.get_counts_array_index(hdr.max_value)
    return {index: count for index, count in enumerate(hdr.counts[: last + 1]) if count}


def _check_payload(raw: bytes) -> None:
    """Raise ValueError or struct.error unless hdrh can decode ``raw`` safely, and as ours.

    The library trusts the header: it would allocate what a foreign range asks for, unpack
    without a bound, and take a payload that was cut between two counters.
    """
    unpacker = zlib.decompressobj()
    payload = unpacker.decompress(raw[_EXTERNAL_HEADER.size :], _MAX_PAYLOAD_BYTES)
    if not unpacker.eof:
        raise ValueError(f"it is cut short, or unpacks to more than {_MAX_PAYLOAD_BYTES} bytes")
    _, length, offset, digits, lowest, highest, _ = _PAYLOAD_HEADER.unpack_from(payload)
    if (digits, lowest, highest, offset) != (SIGNIFICANT_DIGITS, LOWEST, HIGHEST, 0):
        raise ValueError(f"it has {digits} digits from {lowest} to {highest}")
    if length != len(payload) - _PAYLOAD_HEADER.size:
        raise ValueError("it is cut short")
