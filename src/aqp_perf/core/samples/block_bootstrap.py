"""The variance of a sum over time whose samples depend on each other: circular block bootstrap.

Neighbouring requests resemble each other, so ten thousand latencies of one run say less than ten
thousand of ten thousand runs. Resampling blocks of neighbouring slices keeps that dependence. For a
sum, the variance over all resamples has a closed form, which is computed here exactly.

Sources: D. N. Politis, J. P. Romano, "A circular block-resampling procedure for stationary data",
    in "Exploring the Limits of Bootstrap", Wiley 1992; D. N. Politis, H. White, "Automatic
    block-length selection for the dependent bootstrap", Econometric Reviews 23(1):53-70, 2004, with
    the correction by A. Patton, Politis and White, ibid. 28(4):372-375, 2009.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from math import cbrt, ceil, log10, sqrt
from operator import mul
from statistics import NormalDist
from typing import Final

from aqp_perf.core.samples.intervals import student_quantile

ENDLESS_FREEDOM: Final = 1e9
"""Degrees of freedom of what is not estimated; Student's distribution is then the normal one."""
_SHORTEST: Final = 2
"""The edge between two slices cuts rows of requests that are alike, which correlates neighbours by
less than the data can show, and yet takes several percent off the variance."""
_FEWEST_QUIET_LAGS: Final = 5
"""Consecutive lags without correlation after which later lags are taken to have none."""


@dataclass(frozen=True, slots=True)
class Dependence:
    """How much the samples of a total depend on each other."""

    variance: float
    """Of the total."""
    independent_variance: float
    """Of the total, if all samples were independent."""
    freedom: float
    """Degrees of freedom of the estimated variance."""

    @property
    def effect(self) -> float:
        """The design effect: dependent samples that are worth one independent one; at least 1."""
        if self.independent_variance <= 0:
            return 1.0
        return max(1.0, self.variance / self.independent_variance)

    def reach(self, confidence: float) -> float:
        """Return how many standard errors an interval reaches to either side.

        The variance is an estimate, so it is a quantile of Student's distribution.

        Args:
            confidence: of the interval, a probability in (0, 1).
        """
        return student_quantile(NormalDist().inv_cdf((1 + confidence) / 2), self.freedom)

    def interpolated(self, other: "Dependence", weight: float) -> "Dependence":
        """Return what lies between this (``weight`` 0) and another (1)."""
        mine = 1 - weight
        return Dependence(
            variance=mine * self.variance + weight * other.variance,
            independent_variance=mine * self.independent_variance
            + weight * other.independent_variance,
            freedom=mine * self.freedom + weight * other.freedom,
        )

    def pooled(self, other: "Dependence") -> "Dependence":
        """Return the dependence of two runs together, if they do not differ, as a test assumes.

        Variances are added, not effects: a run with few samples says little about its dependence.

        Source: F. E. Satterthwaite, "An approximate distribution of estimates of variance
            components", Biometrics Bulletin 2(6):110-114, 1946.
        """
        variance = self.variance + other.variance
        uncertainty = self.variance**2 / self.freedom + other.variance**2 / other.freedom
        return Dependence(
            variance=variance,
            independent_variance=self.independent_variance + other.independent_variance,
            freedom=variance**2 / uncertainty if uncertainty else self.freedom + other.freedom,
        )


def dependence(sums: Sequence[float], independent_variance: float, *, means: int = 1) -> Dependence:
    """Return how dependent samples are.

    Args:
        sums: of the samples in consecutive slices of equal length, less their expectation, so that
            they add up to about 0.
        independent_variance: variance of the total, if all samples were independent.
        means: how many means of equal parts of the slices were taken off the sums.
    """
    # Each mean comes from the same blocks, and takes one of them; half of all have to be left.
    length = max(1, min(block_length(sums), len(sums) // (2 * means)))
    left = len(sums) - (means - 1) * length
    variance = variance_of_total(sums, length) * (len(sums) - length) / (left - length)
    return Dependence(
        variance=variance,
        independent_variance=independent_variance,
        # Resampling blocks is a Bartlett kernel, which has these: M. B. Priestley, "Spectral
        # Analysis and Time Series", Academic Press 1981, section 6.2.4.
        freedom=1.5 * left / length if variance else ENDLESS_FREEDOM,
    )


def variance_of_total(series: Sequence[float], length: int) -> float:
    """Return the variance of the total of ``series`` over all resamples of blocks.

    Args:
        series: at least two numbers.
        length: of a block, less than that of the series.
    """
    count = len(series)
    mean = sum(series) / count
    # A block may start anywhere, and continues at the beginning when it reaches the end.
    ends = list(accumulate((value - mean for value in (*series, *series[:length])), initial=0.0))
    blocks = (ends[start + length] - ends[start] for start in range(count))
    squares = sum(block * block for block in blocks)
    # The mean comes from the same blocks, which makes them too alike: this corrects it.
    return squares / length * count / (count - length)


def block_length(series: Sequence[float]) -> int:
    """Return the length of blocks that suits the data, by Politis and White; at least 2."""
    count = len(series)
    covariances = _covariances(series)
    if covariances[0] <= 0:
        return _SHORTEST
    lags = _dependent_lags(covariances, count)
    if not lags:
        return _SHORTEST
    reach = min(2 * lags, len(covariances) - 1)
    weighted = [
        (lag, min(1.0, 2 * (1 - lag / reach)) * covariances[lag]) for lag in range(1, reach + 1)
    ]
    bias = 2 * sum(lag * covariance for lag, covariance in weighted)
    spectrum = covariances[0] + 2 * sum(covariance for _, covariance in weighted)
    longest = ceil(min(3 * sqrt(count), count / 3))
    if spectrum <= 0:
        return longest
    best = cbrt(1.5 * (bias / spectrum) ** 2 * count)
    return min(max(ceil(best), _SHORTEST), longest)


def _covariances(series: Sequence[float]) -> list[float]:
    count = len(series)
    mean = sum(series) / count
    centred = [value - mean for value in series]
    lags = min(2 * (ceil(sqrt(count)) + _FEWEST_QUIET_LAGS), count - 1)
    return [
        sum(map(mul, centred, centred[lag:])) / count  # map stops at the end of the shorter one
        for lag in range(lags + 1)
    ]


def _dependent_lags(covariances: Sequence[float], count: int) -> int:
    """Return the last lag before consecutive lags without significant correlation."""
    quiet = 2 * sqrt(log10(count) / count) * covariances[0]
    row = max(_FEWEST_QUIET_LAGS, ceil(sqrt(log10(count))))
    for lag in range(len(covariances) - row):
        if all(abs(covariance) < quiet for covariance in covariances[lag + 1 : lag + 1 + row]):
            return lag
    return max(len(covariances) - row, 1)
