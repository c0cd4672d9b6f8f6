from decimal import Decimal
from fractions import Fraction
from itertools import accumulate
from math import ceil, comb

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aqp_perf.core.samples.intervals import (
    nearest_rank,
    quantile_rank_interval,
    ratio_interval,
    samples_for_interval,
    worth_ranks,
)

law = settings(max_examples=60)


@law
@given(st.decimals(0, 1, places=4), st.integers(1, 10**6))
def test_nearest_rank_is_the_ceiling_in_exact_arithmetic(q: Decimal, count: int) -> None:
    assert nearest_rank(float(q), count) == max(ceil(Fraction(q) * count), 1)


@pytest.mark.parametrize("q", [-0.01, 1.01, float("nan")])
def test_a_quantile_outside_0_to_1_has_no_rank(q: float) -> None:
    with pytest.raises(ValueError, match="lies in"):
        nearest_rank(q, 10)


@pytest.mark.parametrize(
    ("count", "ranks"), [(5, None), (6, (1, 6)), (10, (2, 9)), (20, (6, 15)), (50, (18, 33))]
)
def test_median_ranks_are_those_of_the_sign_test(count: int, ranks: tuple[int, int] | None) -> None:
    """Le Boudec 2010, table of confidence intervals for the median at 95 %."""
    assert quantile_rank_interval(0.5, count, 0.95) == ranks


@law
@given(
    st.integers(1, 200),
    st.sampled_from([0.01, 0.1, 0.5, 0.9, 0.95, 0.99, 0.999]),
    st.sampled_from([0.9, 0.95, 0.99]),
)
def test_ranks_are_the_narrowest_with_equal_tails(count: int, q: float, confidence: float) -> None:
    """The second method sums every binomial term, in integers over one denominator."""
    exact_q, tail = Fraction(str(q)), (1 - Fraction(str(confidence))) / 2
    hit, all_ways = exact_q.numerator, exact_q.denominator
    miss, whole = all_ways - hit, all_ways**count
    terms = (comb(count, k) * hit**k * miss ** (count - k) for k in range(count + 1))
    at_most = list(accumulate(terms))
    low = sum(total <= tail * whole for total in at_most)
    high = 1 + sum(total < (1 - tail) * whole for total in at_most)
    expected = (low, high) if low >= 1 and high <= count else None

    assert quantile_rank_interval(q, count, confidence) == expected


def test_a_million_samples_have_the_ranks_of_the_normal_distribution() -> None:
    """Half a million plus or minus 1.96 x 500, to a rank."""
    assert quantile_rank_interval(0.5, 1_000_000, 0.95) == pytest.approx((499_020, 500_981), abs=1)


@pytest.mark.parametrize(("q", "count"), [(0.0, 100), (1.0, 100), (0.5, 0)])
def test_ends_and_empty_samples_have_no_interval(q: float, count: int) -> None:
    assert quantile_rank_interval(q, count, 0.95) is None


@pytest.mark.parametrize(
    ("hits", "count", "interval"),
    [
        (81, 263, (0.2553, 0.3662)),
        (15, 148, (0.0624, 0.1605)),
        (0, 20, (0.0, 0.1611)),
        (1, 29, (0.0061, 0.1718)),
    ],
)
def test_ratio_intervals_are_the_published_ones(
    hits: int, count: int, interval: tuple[float, float]
) -> None:
    """Newcombe, "Two-sided confidence intervals for the single proportion", 1998, method 3."""
    assert ratio_interval(hits, count, 0.95) == pytest.approx(interval, abs=0.00005)


@law
@given(st.integers(1, 10**7), st.data())
def test_a_ratio_lies_in_its_interval_and_the_interval_in_0_to_1(
    count: int, data: st.DataObject
) -> None:
    hits = data.draw(st.integers(0, count))

    low, high = ratio_interval(hits, count, 0.95)

    assert 0 <= low <= hits / count <= high <= 1


@pytest.mark.parametrize("q", [0.5, 0.9, 0.99])
def test_independent_samples_are_worth_themselves(q: float) -> None:
    assert worth_ranks(q, 1_000, 0.95, 1.0) == quantile_rank_interval(q, 1_000, 0.95)


def test_ten_alike_have_the_ranks_of_a_tenth_ten_times_over() -> None:
    """Of 100 samples the median lies between ranks 40 and 61: of the tens, the middles count."""
    assert quantile_rank_interval(0.5, 100, 0.95) == (40, 61)
    assert worth_ranks(0.5, 1_000, 0.95, 10.0) == (395, 605)


@pytest.mark.parametrize(
    ("q", "count", "ranks"), [(0.99, 100, (97, 101)), (0.01, 100, (0, 4)), (0.5, 1, (0, 2))]
)
def test_an_end_that_no_sample_encloses_lies_outside(
    q: float, count: int, ranks: tuple[int, int]
) -> None:
    assert worth_ranks(q, count, 0.95, 1.0) == ranks


@pytest.mark.parametrize(
    ("q", "confidence", "count"),
    [(0.5, 0.95, 6), (0.99, 0.95, 368), (0.01, 0.95, 368), (0.99, 0.999, 757)],
)
def test_the_fewest_samples_of_an_interval_have_one(
    q: float, confidence: float, count: int
) -> None:
    assert samples_for_interval(q, confidence) == count
    assert quantile_rank_interval(q, count, confidence) is not None
    assert quantile_rank_interval(q, count - 1, confidence) is None
