"""Confidence intervals without assumptions about the distribution of latencies."""

from decimal import Decimal
from math import ceil, exp, expm1, lgamma, log, sqrt
from statistics import NormalDist
from typing import Final

LARGEST_EXPONENT: Final = 700.0
"""Of ``exp`` in floats."""


def nearest_rank(q: float, count: int) -> int:
    """Return the rank, from 1, of the ``q``-quantile among ``count`` sorted samples.

    ``q`` is taken as the decimal that it prints as: the 0.07-quantile of 100 samples has rank 7,
    not 8, as binary floating point would have it.

    Raises:
        ValueError: ``q`` is outside [0, 1].
    """
    if not 0 <= q <= 1:
        raise ValueError(f"a quantile lies in [0, 1], got {q!r}")
    return max(ceil(Decimal(repr(q)) * count), 1)


def quantile_rank_interval(q: float, count: int, confidence: float) -> tuple[int, int] | None:
    """Return the ranks whose samples enclose the true ``q``-quantile with ``confidence``.

    The number of samples below the true quantile is binomial(``count``, ``q``), whatever the
    distribution of the samples. Exact for every ``count``, with equal tails; it assumes
    independent samples.

    Returns:
        Ranks from 1 with 1 <= low < high <= ``count``; None when the sample is too small to
        enclose the quantile.
    Source: Le Boudec, "Performance Evaluation of Computer and Communication Systems", EPFL Press
        2010, theorem 2.1.
    """
    if not 0 < q < 1 or count < 1:
        return None
    low, high = _quantile_ranks(q, count, confidence)
    return (low, high) if low >= 1 and high <= count else None


def _quantile_ranks(q: float, count: int, confidence: float) -> tuple[int, int]:
    """Return the ranks that enclose the true quantile; 0 and above ``count`` are outside."""
    tail = (1 - confidence) / 2
    spread = sqrt(count * q * (1 - q))
    # More than ten standard deviations below the mean, probabilities do not matter.
    below = max(int(count * q - 10 * spread), 0)
    probability = exp(_log_binomial(below, count, q))
    cumulative = probability
    odds = q / (1 - q)
    low = 0
    while cumulative < 1 - tail and below < count:
        if cumulative <= tail:
            low = below + 1
        probability *= (count - below) / (below + 1) * odds
        below += 1
        cumulative += probability
    return low, below + 1


def worth_ranks(q: float, count: int, confidence: float, effect: float) -> tuple[int, int]:
    """Return the ranks of `quantile_rank_interval` for samples that depend on their neighbours.

    The share of samples below the true quantile varies as that of ``count / effect`` independent
    ones. Each of those stands for ``effect`` samples in a row; the one in the middle counts.

    Args:
        q: quantile in (0, 1).
        count: number of samples, above 0.
        confidence: probability in (0, 1).
        effect: how many samples are worth one independent one, at least 1.

    Returns:
        Ranks from 1 to ``count``. 0 and ``count`` + 1 stand for an end that no sample encloses.
    Source: R. S. Woodruff, "Confidence intervals for medians and other position measures",
        Journal of the American Statistical Association 47(260):635-646, 1952.
    """
    worth = max(round(count / effect), 1)
    low, high = _quantile_ranks(q, worth, confidence)
    return (
        ceil((low - 0.5) * count / worth) if low else 0,
        ceil((high - 0.5) * count / worth) if high <= worth else count + 1,
    )


def samples_for_interval(q: float, confidence: float) -> int:
    """Return the fewest independent samples that can enclose the true ``q``-quantile.

    One of them must lie beyond it on each side: ``q**n`` is the probability that none lies above.
    """
    return ceil(log((1 - confidence) / 2) / log(max(q, 1 - q)))


def ratio_interval(hits: int, count: int, confidence: float) -> tuple[float, float]:
    """Return the Wilson score interval of a ratio of ``hits`` among ``count`` > 0 samples.

    Unlike the textbook interval it stays inside [0, 1] and is useful for 0 hits.

    Source: E. B. Wilson, "Probable inference, the law of succession, and statistical inference",
        Journal of the American Statistical Association 22(158):209-212, 1927.
    """
    return score_interval(hits / count, count, NormalDist().inv_cdf((1 + confidence) / 2))


def score_interval(ratio: float, count: float, z: float) -> tuple[float, float]:
    """Return the Wilson score interval of ``z`` standard errors to either side.

    Args:
        ratio: the observed ratio, in [0, 1].
        count: effective number of independent samples, above 0.
        z: quantile of the normal distribution, or of Student's.
    """
    centre = ratio + z * z / (2 * count)
    half_width = z * sqrt(ratio * (1 - ratio) / count + z * z / (4 * count * count))
    scale = 1 + z * z / count
    low, high = (centre - half_width) / scale, (centre + half_width) / scale
    # Rounding must not push the ratio itself out of its own interval.
    return max(min(low, ratio), 0.0), min(max(high, ratio), 1.0)


def student_quantile(z: float, freedom: float) -> float:
    """Return the quantile of Student's distribution that corresponds to ``z`` in the normal one.

    Source: D. L. Wallace, "Bounds on normal approximations to Student's and the chi-square
        distributions", Annals of Mathematical Statistics 30(4):1121-1130, 1959.
    """
    scaled = z * (8 * freedom + 3) / (8 * freedom + 1)
    return sqrt(freedom * expm1(min(scaled * scaled / freedom, LARGEST_EXPONENT)))


def _log_binomial(hits: int, count: int, q: float) -> float:
    """Return the logarithm of the probability of ``hits`` in binomial(``count``, ``q``)."""
    ways = lgamma(count + 1) - lgamma(hits + 1) - lgamma(count - hits + 1)
    return ways + hits * log(q) + (count - hits) * log(1 - q)
