"""Latencies or sizes of any number of requests in a few kilobytes, mergeable across processes.

Accuracy: every value is within 0.1 % of the recorded one, or within half a unit where that is more.
Minimum, mean and maximum come from the buckets, too, so that merged, sent and local histograms of
the same samples give the same values.
"""

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import accumulate
from math import sqrt
from statistics import NormalDist
from typing import Final, Self

from aqp_perf.core.samples.hdr_codec import HIGHEST, LOWEST, decode_counts, encode_counts
from aqp_perf.core.samples.intervals import nearest_rank, quantile_rank_interval

LOWEST_US: Final = LOWEST
HIGHEST_US: Final = HIGHEST
"""Ten minutes: longer than any request of a load test."""
HIGHEST_BYTES: Final = HIGHEST
"""600 MB; DynamoDB answers with 1 MB at most."""

_SUMMARY: Final = {"p50": 0.5, "p90": 0.9, "p95": 0.95, "p99": 0.99, "p99_9": 0.999, "max": 1.0}
SAMPLES_FOR_A_MEAN: Final = 30
_HALF_BITS: Final = 10
_EXACT_BITS: Final = 11
"""Values of so many bits are exact: 2,048 is the first power of two above 2 x 10^3."""
_NS_PER_US: Final = 1_000
_US_PER_MS: Final = 1_000


@dataclass(slots=True, repr=False)
class _Histogram:
    """Counts of whole numbers by size: the buckets of HdrHistogram, 1 to 600,000,000, 3 digits.

    0 counts as 1, the smallest value. Values outside the range are not in ``count``: they are
    counted in ``out_of_range_count``.
    """

    counts: dict[int, int] = field(default_factory=dict)
    """Index of a bucket → samples; only of buckets in use."""
    out_of_range_count: int = 0
    """Number of samples below 0 or above the range."""

    def merge(self, other: Self) -> None:
        """Add every sample of ``other``, as if it had been recorded here."""
        if self.counts:
            for index, count in other.counts.items():
                self.counts[index] = self.counts.get(index, 0) + count
        else:  # a copy is much faster
            self.counts = dict(other.counts)
        self.out_of_range_count += other.out_of_range_count

    def exchanged(self, old: Self, new: Self) -> Self:
        """Return these samples, with ``new`` ones in the place of ``old`` ones."""
        counts = dict(self.counts)
        for index, count in old.counts.items():
            counts[index] = counts.get(index, 0) - count
        whole = type(self)({index: count for index, count in counts.items() if count > 0})
        whole.merge(new)
        return whole

    def without_longest(self, left_out: int) -> Self:
        """Return these samples, of which the longest ones are set to the smallest value."""
        counts = dict(self.counts) if left_out else self.counts
        moved = 0
        for index in sorted(counts, reverse=True):
            if moved >= left_out:
                break
            part = min(counts[index], left_out - moved)
            counts[index] -= part
            moved += part
        if moved:
            counts[LOWEST] = counts.get(LOWEST, 0) + moved
        return type(self)({index: count for index, count in counts.items() if count})

    @property
    def count(self) -> int:
        """Number of samples inside the range."""
        return sum(self.counts.values())

    def encode(self) -> str:
        """Return the samples inside the range as HdrHistogram V2, compressed, in base64."""
        return encode_counts(self.counts)

    @classmethod
    def decode(cls, encoded: str, *, out_of_range_count: int = 0) -> Self:
        """Return the histogram of `encode`.

        Args:
            encoded: HdrHistogram V2 with the range and precision of this class.
            out_of_range_count: it is not in the text.

        Raises:
            ResultError: the text is damaged, is too large, or has another range or precision.
        """
        return cls(decode_counts(encoded), out_of_range_count)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {self.count} samples>"

    def _record(self, value: int) -> None:
        if 0 <= value <= HIGHEST:
            shift = value.bit_length() - _EXACT_BITS
            index = (value or LOWEST) if shift <= 0 else (shift << _HALF_BITS) + (value >> shift)
            self.counts[index] = self.counts.get(index, 0) + 1
        else:
            self.out_of_range_count += 1

    def _mean(self) -> float | None:
        total = self.count
        if not total:
            return None
        return sum(count * middle for middle, count in self._buckets()) / total

    def _quantiles(self, qs: Iterable[float]) -> list[int | None]:
        total = self.count
        ranks = [nearest_rank(q, total) for q in qs]
        if not total:
            return [None] * len(ranks)
        return [_lowest_in(index + 1) - 1 for index in self._buckets_at(ranks)]

    def _summary(self) -> dict[str, float | None]:
        """Return min, mean, p50, p90, p95, p99, p99_9 and max; all None when empty."""
        lowest = _lowest_in(min(self.counts)) if self.counts else None
        quantiles = dict(zip(_SUMMARY, self._quantiles(_SUMMARY.values()), strict=True))
        return {"min": lowest, "mean": self._mean(), **quantiles}

    def _buckets(self) -> Iterator[tuple[float, int]]:
        """Yield the middle and the count of every bucket in use."""
        for index, count in sorted(self.counts.items()):  # sums of floats depend on the order
            shift = (index >> _HALF_BITS) - 1
            # `_lowest_in`, inlined: means of many large histograms take half the time.
            lowest = index if shift <= 0 else (index - (shift << _HALF_BITS)) << shift
            yield lowest + ((1 << max(shift, 0)) - 1) / 2, count

    def _buckets_at(self, ranks: Iterable[int]) -> list[int]:
        """Return the indexes of the buckets that hold the samples of these ranks, from 1."""
        indexes = sorted(self.counts)
        cumulative = list(accumulate(self.counts[index] for index in indexes))
        return [indexes[bisect_left(cumulative, rank)] for rank in ranks]


def _lowest_in(index: int) -> int:
    """Return the lowest value of a bucket.

    Values below 2,048 have a bucket each; above, every power of two has 1,024 buckets.
    """
    shift = (index >> _HALF_BITS) - 1
    return index if shift <= 0 else (index - (shift << _HALF_BITS)) << shift


class LatencyHistogram(_Histogram):
    """Counts of latencies: 1 µs to 10 min; records are nanoseconds, rounded to the microsecond."""

    __slots__ = ()

    @classmethod
    def of(cls, latencies_ns: Iterable[int]) -> Self:
        """Return a histogram of the given latencies, in any order."""
        histogram = cls()
        for latency_ns in latencies_ns:
            histogram.record_ns(latency_ns)
        return histogram

    def record_ns(self, latency_ns: int) -> None:
        """Count one latency; 0 counts as 1 µs, the smallest value."""
        self._record((latency_ns + _NS_PER_US // 2) // _NS_PER_US)

    @property
    def mean_ns(self) -> float | None:
        """The arithmetic mean of the samples; None without samples."""
        mean_us = self._mean()
        return None if mean_us is None else mean_us * _NS_PER_US

    def quantile_ns(self, q: float) -> int | None:
        """Return the latency that a fraction ``q`` of the samples did not exceed.

        Args:
            q: quantile in [0, 1]; 0.99 is the p99.

        Returns:
            The nearest-rank sample, rounded up to the end of its bucket. None without samples.

        Raises:
            ValueError: ``q`` is outside [0, 1].
        """
        return self.quantiles_ns([q])[0]

    def quantiles_ns(self, qs: Iterable[float]) -> list[int | None]:
        """Return several quantiles, in little more time than one takes; see `quantile_ns`."""
        return [us if us is None else us * _NS_PER_US for us in self._quantiles(qs)]

    def at_rank_ns(self, rank: int) -> int | None:
        """Return the sample of a rank, from 1, rounded up; None when there are fewer samples."""
        if rank > self.count:
            return None
        return (_lowest_in(self._buckets_at([rank])[0] + 1) - 1) * _NS_PER_US

    def quantile_interval_ns(self, q: float, confidence: float = 0.95) -> tuple[int, int] | None:
        """Return bounds that enclose the true ``q``-quantile of independent samples.

        Returns:
            Two samples, by `quantile_rank_interval`; None with too few samples.

        Raises:
            ValueError: ``q`` is outside [0, 1].
        """
        nearest_rank(q, self.count)
        ranks = quantile_rank_interval(q, self.count, confidence)
        if ranks is None:
            return None
        low, high = self._buckets_at(ranks)
        return _lowest_in(low) * _NS_PER_US, (_lowest_in(high + 1) - 1) * _NS_PER_US

    def mean_interval_ns(
        self, confidence: float = 0.95, *, effect: float = 1.0
    ) -> tuple[float, float] | None:
        """Return bounds that enclose the true mean with ``confidence``.

        Args:
            confidence: probability in (0, 1).
            effect: how many of these samples are worth one independent one, at least 1.

        Returns:
            The interval by the central limit theorem, cut at 0; None when the samples are worth
            less than 30 independent ones.
        """
        mean_us = self._mean()
        if mean_us is None or self.count < SAMPLES_FOR_A_MEAN * effect:
            return None
        squares = sum(count * (middle - mean_us) ** 2 for middle, count in self._buckets())
        standard_error_us = sqrt(squares / (self.count - 1) / self.count * effect)
        reach_us = NormalDist().inv_cdf((1 + confidence) / 2) * standard_error_us
        return max(mean_us - reach_us, 0.0) * _NS_PER_US, (mean_us + reach_us) * _NS_PER_US

    def excess_ns(self, limit_ns: int) -> float:
        """Return the sum of what samples are longer than ``limit_ns``; each as its bucket says."""
        limit_us = limit_ns / _NS_PER_US
        excesses_us = (count * max(0.0, middle - limit_us) for middle, count in self._buckets())
        return sum(excesses_us) * _NS_PER_US

    def summary_ms(self) -> dict[str, float | None]:
        """Return min, mean, p50, p90, p95, p99, p99_9 and max, in ms; all None when empty."""
        return {name: us if us is None else us / _US_PER_MS for name, us in self._summary().items()}


class SizeHistogram(_Histogram):
    """Counts of sizes: 1 byte to 600 MB."""

    __slots__ = ()

    @classmethod
    def of(cls, sizes_bytes: Iterable[int]) -> Self:
        """Return a histogram of the given sizes, in any order."""
        histogram = cls()
        for size_bytes in sizes_bytes:
            histogram.record_bytes(size_bytes)
        return histogram

    def record_bytes(self, size_bytes: int) -> None:
        """Count one size; 0 counts as 1 byte, the smallest value."""
        self._record(size_bytes)

    def summary_bytes(self) -> dict[str, float | None]:
        """Return min, mean, p50, p90, p95, p99, p99_9 and max, in bytes; all None when empty."""
        return self._summary()
