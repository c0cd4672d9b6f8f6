"""Latencies of any number of requests in a few kilobytes, mergeable across processes.

Accuracy: every value that is read back lies within 0.1 % of the recorded one, or within half a
microsecond where that is more. Minimum, mean and maximum are no exception: they are functions of
the buckets too, so that a merged, a sent and a local histogram of the same samples answer alike.
"""

import base64
import binascii
import struct
import zlib
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from itertools import accumulate
from math import sqrt
from statistics import NormalDist
from typing import Final, Self

from hdrh.codec import HdrCookieException, HdrLengthException
from hdrh.histogram import HdrHistogram

from perf.core.intervals import nearest_rank, quantile_rank_interval
from perf.errors import ResultError

LOWEST_US: Final = 1
HIGHEST_US: Final = 600_000_000
"""Ten minutes; no request of a load test is waited for that long."""
SIGNIFICANT_DIGITS: Final = 3

_SUMMARY: Final = {"p50": 0.5, "p90": 0.9, "p95": 0.95, "p99": 0.99, "p99_9": 0.999}
_SAMPLES_FOR_A_MEAN: Final = 30
_NS_PER_US: Final = 1_000
_NS_PER_MS: Final = 1_000_000

_EXTERNAL_HEADER: Final = struct.Struct(">II")  # cookie, length of what follows
_PAYLOAD_HEADER: Final = struct.Struct(">IIIIQQd")
_MAX_PAYLOAD_BYTES: Final = 256 * 1024
"""More than the 21,504 counters of our range can take; a bomb takes more."""


class LatencyHistogram:
    """Counts of latencies by size: HdrHistogram in microseconds, 1 µs to 10 min, 3 digits.

    Records are nanoseconds and are rounded to the microsecond. A value outside the range is not
    in ``count`` but in ``out_of_range_count``: it is never dropped in silence.
    """

    __hash__ = None  # type: ignore[assignment]  # it changes while it records
    __slots__ = ("_hdr", "_out_of_range_count")

    def __init__(self) -> None:
        self._hdr = HdrHistogram(LOWEST_US, HIGHEST_US, SIGNIFICANT_DIGITS)
        self._out_of_range_count = 0

    @classmethod
    def of(cls, latencies_ns: Iterable[int]) -> Self:
        """Return a histogram of the given latencies, in any order."""
        histogram = cls()
        for latency_ns in latencies_ns:
            histogram.record_ns(latency_ns)
        return histogram

    def record_ns(self, latency_ns: int) -> None:
        """Count one latency; 0 counts as 1 µs, the smallest value there is."""
        latency_us = (latency_ns + 500) // _NS_PER_US or LOWEST_US
        if LOWEST_US <= latency_us <= HIGHEST_US:
            self._hdr.record_value(latency_us)
        else:
            self._out_of_range_count += 1

    def merge(self, other: Self) -> None:
        """Add every sample of ``other``, as if it had been recorded here."""
        if other.count:
            self._hdr.add(other._hdr)
        self._out_of_range_count += other._out_of_range_count

    @property
    def count(self) -> int:
        """Number of samples inside the range."""
        return int(self._hdr.total_count)

    @property
    def out_of_range_count(self) -> int:
        """Number of samples below 0 or above 10 minutes."""
        return self._out_of_range_count

    @property
    def min_ns(self) -> int | None:
        """The smallest sample; None when there is none."""
        return self._bounds_ns(1)[0] if self.count else None

    @property
    def max_ns(self) -> int | None:
        """The largest sample; None when there is none."""
        return self._bounds_ns(self.count)[1] if self.count else None

    @property
    def mean_ns(self) -> float | None:
        """The arithmetic mean of the samples; None when there is none."""
        if not self.count:
            return None
        return sum(count * middle_ns for middle_ns, count in self._buckets()) / self.count

    def quantile_ns(self, q: float) -> int | None:
        """Return the latency that a fraction ``q`` of the samples did not exceed.

        Args:
            q: quantile in [0, 1]; 0.99 is the p99.

        Returns:
            The nearest-rank sample, rounded up to the end of its bucket: never flattering.
            None when there is no sample.

        Raises:
            ValueError: ``q`` is outside [0, 1].
        """
        rank = nearest_rank(q, self.count)
        return self._bounds_ns(rank)[1] if self.count else None

    def quantile_interval_ns(self, q: float, confidence: float = 0.95) -> tuple[int, int] | None:
        """Return bounds that enclose the true ``q``-quantile with ``confidence``.

        Returns:
            Two samples, by `quantile_rank_interval`; None when there are too few of them.

        Raises:
            ValueError: ``q`` is outside [0, 1].
        """
        nearest_rank(q, self.count)
        ranks = quantile_rank_interval(q, self.count, confidence)
        if ranks is None:
            return None
        return self._bounds_ns(ranks[0])[0], self._bounds_ns(ranks[1])[1]

    def mean_interval_ns(self, confidence: float = 0.95) -> tuple[float, float] | None:
        """Return bounds that enclose the true mean with ``confidence``.

        Returns:
            The mean and its standard error by the central limit theorem, cut at 0; None below 30
            samples, where that theorem promises little.
        """
        mean_ns = self.mean_ns
        if mean_ns is None or self.count < _SAMPLES_FOR_A_MEAN:
            return None
        squares = sum(count * (middle_ns - mean_ns) ** 2 for middle_ns, count in self._buckets())
        standard_error_ns = sqrt(squares / (self.count - 1) / self.count)
        reach_ns = NormalDist().inv_cdf((1 + confidence) / 2) * standard_error_ns
        return max(mean_ns - reach_ns, 0.0), mean_ns + reach_ns

    def summary_ms(self) -> dict[str, float | None]:
        """Return min, mean, p50, p90, p95, p99, p99_9 and max, in ms; all None when empty."""
        summary_ns: dict[str, float | None] = {"min": self.min_ns, "mean": self.mean_ns}
        summary_ns |= {name: self.quantile_ns(q) for name, q in _SUMMARY.items()}
        summary_ns["max"] = self.max_ns
        return {name: ns if ns is None else ns / _NS_PER_MS for name, ns in summary_ns.items()}

    def encode(self) -> str:
        """Return the samples inside the range as HdrHistogram V2, compressed, in base64."""
        encoded: bytes = self._hdr.encode()
        return encoded.decode("ascii")

    @classmethod
    def decode(cls, encoded: str, *, out_of_range_count: int = 0) -> Self:
        """Return the histogram that `encode` wrote.

        Args:
            encoded: HdrHistogram V2 of our range and precision.
            out_of_range_count: carried beside the text, which has no room for it.

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
        histogram = cls()
        histogram._hdr = hdr
        histogram._out_of_range_count = out_of_range_count
        return histogram

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, LatencyHistogram):
            return NotImplemented
        return (self._out_of_range_count, self.encode()) == (
            other._out_of_range_count,
            other.encode(),
        )

    def __repr__(self) -> str:
        return f"<LatencyHistogram of {self.count} samples>"

    def _buckets(self) -> Iterator[tuple[float, int]]:
        """Yield the middle in ns and the count of every bucket in use."""
        hdr = self._hdr
        for index, count in enumerate(self._counts()):
            if count:
                lowest_us = hdr.get_value_from_index(index)
                middle_us = (lowest_us + hdr.get_highest_equivalent_value(lowest_us)) / 2
                yield middle_us * _NS_PER_US, count

    def _counts(self) -> list[int]:
        """Return the counters up to the last one in use; there must be a sample."""
        last = self._hdr.get_counts_array_index(self._hdr.max_value)
        counts: list[int] = self._hdr.counts[: last + 1]
        return counts

    def _bounds_ns(self, rank: int) -> tuple[int, int]:
        """Return the ends of the bucket that holds the sample of ``rank``, from 1."""
        lowest_us: int = self._hdr.get_value_from_index(
            bisect_left(list(accumulate(self._counts())), rank)
        )
        highest_us: int = self._hdr.get_highest_equivalent_value(lowest_us)
        return lowest_us * _NS_PER_US, highest_us * _NS_PER_US


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
    if (digits, lowest, highest, offset) != (SIGNIFICANT_DIGITS, LOWEST_US, HIGHEST_US, 0):
        raise ValueError(f"it has {digits} digits from {lowest} to {highest}")
    if length != len(payload) - _PAYLOAD_HEADER.size:
        raise ValueError("it is cut short")
