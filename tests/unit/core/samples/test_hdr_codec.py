"""The text of a histogram is HdrHistogram's own format, and damage is noticed."""

import base64
import struct
import sys
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aqp_perf.core.samples.hdr_codec import HIGHEST, decode_counts, encode_counts
from aqp_perf.core.samples.histogram import SizeHistogram
from aqp_perf.errors import ResultError

if sys.version_info < (3, 14):
    from hdrh.histogram import HdrHistogram

needs_the_library = pytest.mark.skipif(
    sys.version_info >= (3, 14),
    reason="hdrhistogram does not import: Python 3.14 deprecates how it declares structures",
)
law = settings(max_examples=40)
last_index = 20_600
"""Of 600,000,000: 19 powers of two above 2,048, and 1,144 buckets of the last one."""


@law
@given(
    st.dictionaries(st.integers(0, last_index), st.integers(1, 200) | st.integers(1, 2**63 - 1)),
)
def test_decode_undoes_encode(counts: dict[int, int]) -> None:
    assert decode_counts(encode_counts(counts)) == counts


@needs_the_library
@law
@given(st.lists(st.integers(1, HIGHEST), min_size=1, max_size=30))
def test_the_text_is_what_the_library_writes_and_is_read_back(values: list[int]) -> None:
    theirs = HdrHistogram(1, HIGHEST, 3)
    for value in values:
        theirs.record_value(value)

    text = theirs.encode().decode()
    assert SizeHistogram.of(values).encode() == text
    assert SizeHistogram.decode(text) == SizeHistogram.of(values)


@needs_the_library
@law
@given(
    st.dictionaries(st.integers(1, last_index), st.integers(1, 2**40), min_size=1, max_size=30),
)
def test_the_library_reads_what_is_written_here(counts: dict[int, int]) -> None:
    theirs = HdrHistogram.decode(encode_counts(counts))

    assert {index: count for index, count in enumerate(theirs.counts) if count} == counts
    assert theirs.get_total_count() == sum(counts.values())
    assert theirs.get_max_value() == theirs.get_value_from_index(max(counts) + 1) - 1


def packed(payload: bytes) -> str:
    body = zlib.compress(payload)
    return base64.b64encode(struct.pack(">II", 0x1C849314, len(body)) + body).decode()


def payload_of(counters: bytes, *, digits: int = 3, highest: int = HIGHEST) -> bytes:
    header = (0x1C849313, len(counters), 0, digits, 1, highest, 1.0)
    return struct.pack(">IIIIQQd", *header) + counters


@pytest.mark.parametrize(
    ("counters", "counts"),
    [
        ("", {}),
        ("02", {0: 1}),
        ("05 02", {3: 1}),
        ("00 02", {1: 1}),  # as the Java library writes a single 0
        ("01 02", {1: 1}),  # as those in C and Python do
        ("00 7e", {1: 63}),
        ("00 80 01", {1: 64}),
        ("01 fe ff ff ff ff ff ff ff ff", {1: 2**63 - 1}),  # the ninth byte holds eight bits
        ("02 00 00 04 00", {0: 1, 3: 2}),
    ],
)
def test_counters_are_zigzag_numbers_of_seven_bits_a_byte(
    counters: str, counts: dict[int, int]
) -> None:
    assert decode_counts(packed(payload_of(bytes.fromhex(counters)))) == counts


@pytest.mark.parametrize("word_size_bits", [0x00, 0x10, 0x80])
def test_the_word_size_in_a_cookie_does_not_matter(word_size_bits: int) -> None:
    payload = struct.pack(">I", 0x1C849303 | word_size_bits) + payload_of(b"\x02")[4:]

    assert decode_counts(packed(payload)) == {0: 1}


@pytest.mark.parametrize(
    ("encoded", "message"),
    [
        ("", "requires a buffer of at least 8 bytes"),
        ("not base64!", "base64"),
        ("ü", "ASCII"),
        ("AAAA", "requires a buffer of at least 8 bytes"),
        (packed(b"short"), "requires a buffer of at least"),
        (packed(payload_of(b"", digits=5)), "it has 5 digits"),
        (packed(payload_of(b"", highest=2**62)), "it has 3 digits from 1 to 4611686018427387904"),
        (packed(payload_of(b"\x02\x02")[:-1]), "cut short"),
        (packed(payload_of(b"\xff")), "cut short"),
        (packed(payload_of(b"\x02" * 30_000)), "30000 counters"),
        (packed(payload_of(b"\xff" * 9)), "9223372036854775808 counters"),
        (packed(payload_of(b"\x00" * 1_000_000)), "more than 262144 bytes"),
        (packed(b"\x00\x00\x00\x00" + payload_of(b"")[4:]), "cookie 0x0"),
        (base64.b64encode(bytes(20)).decode(), "cookie 0x0"),
        (packed(payload_of(b"\x02"))[:-4], "cut short"),
    ],
    ids=lambda value: str(value)[:20],
)
def test_a_damaged_or_foreign_histogram_is_refused(encoded: str, message: str) -> None:
    with pytest.raises(ResultError, match=f"(?i)not a histogram that .*{message}"):
        decode_counts(encoded)


@law
@given(st.binary(max_size=200))
def test_noise_is_refused_or_read_but_never_crashes(noise: bytes) -> None:
    try:
        histogram = SizeHistogram.decode(packed(payload_of(noise)))
    except ResultError:
        return

    assert histogram.count >= 0
    assert len(histogram.summary_bytes()) == 8
