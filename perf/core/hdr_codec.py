"""Histograms as text: HdrHistogram V2, compressed, in base64, checked before it is believed."""

import base64
import binascii
import struct
import zlib
from typing import Final

from hdrh.codec import HdrCookieException, HdrLengthException
from hdrh.histogram import HdrHistogram

from perf.errors import ResultError

LOWEST: Final = 1
HIGHEST: Final = 600_000_000
SIGNIFICANT_DIGITS: Final = 3

_EXTERNAL_HEADER: Final = struct.Struct(">II")  # cookie, length of what follows
_PAYLOAD_HEADER: Final = struct.Struct(">IIIIQQd")
_MAX_PAYLOAD_BYTES: Final = 256 * 1024
"""More than the 21,504 counters of our range can take; a bomb takes more."""


def encode_hdr(hdr: HdrHistogram) -> str:
    """Return the samples as text."""
    encoded: bytes = hdr.encode()
    return encoded.decode("ascii")


def decode_hdr(encoded: str) -> HdrHistogram:
    """Return the samples that `encode_hdr` wrote.

    Raises:
        ResultError: the text is damaged, is too large, or has another range or precision.
    """
    try:
        raw = base64.b64decode(encoded, validate=True)
        _check_payload(raw)
        return HdrHistogram.decode(encoded)
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
