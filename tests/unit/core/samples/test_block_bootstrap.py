from itertools import product
from random import Random
from statistics import pvariance

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aqp_perf.core.samples.block_bootstrap import (
    Dependence,
    block_length,
    dependence,
    variance_of_total,
)

SERIES = st.lists(st.integers(-1_000, 1_000), min_size=6, max_size=60)


def autoregressive(count: int, likeness: float, seed: int) -> list[float]:
    random = Random(seed)  # noqa: S311 - data, no secrets
    series = [random.gauss(0, 1)]
    while len(series) < count:
        series.append(likeness * series[-1] + random.gauss(0, 1))
    return series


@pytest.mark.parametrize(("count", "length"), [(4, 2), (6, 2), (6, 3)])
def test_the_closed_form_is_the_variance_over_all_resamples(count: int, length: int) -> None:
    series = [3, 1, 4, 1, 5, 9][:count]
    blocks = [
        sum(series[(start + offset) % count] for offset in range(length)) for start in range(count)
    ]
    resamples = product(blocks, repeat=count // length)
    over_all = pvariance([sum(each) for each in resamples])
    assert variance_of_total(series, length) == pytest.approx(over_all * count / (count - length))


@settings(max_examples=30)
@given(SERIES)
def test_blocks_of_one_are_the_ordinary_variance_of_a_total(series: list[int]) -> None:
    count = len(series)
    ordinary = count * count / (count - 1) * pvariance(series)
    assert variance_of_total(series, 1) == pytest.approx(ordinary)


@settings(max_examples=30)
@given(SERIES, st.integers(-100, 100))
def test_a_constant_added_to_every_slice_changes_nothing(series: list[int], added: int) -> None:
    moved = [each + added for each in series]
    assert variance_of_total(moved, 3) == pytest.approx(variance_of_total(series, 3), abs=1e-6)


@settings(max_examples=30)
@given(st.integers(-1_000, 1_000), st.integers(6, 60))
def test_a_constant_has_no_variance_and_the_shortest_blocks(value: int, count: int) -> None:
    assert block_length([value] * count) == 2
    assert variance_of_total([value] * count, 2) == 0


@settings(max_examples=30)
@given(SERIES)
def test_blocks_are_shorter_than_the_series(series: list[int]) -> None:
    assert 2 <= block_length(series) <= len(series) / 3 + 1


def test_blocks_grow_with_dependence() -> None:
    lengths = [block_length(autoregressive(240, each, seed=1)) for each in (0.0, 0.5, 0.9)]
    assert lengths == sorted(lengths)
    assert lengths[0] < lengths[2]


@settings(max_examples=30)
@given(SERIES, st.floats(-10, 1e9))
def test_the_design_effect_is_at_least_one(series: list[int], independent: float) -> None:
    assert dependence(series, independent).effect >= 1


def test_the_design_effect_of_dependent_samples_is_the_theoretical_one() -> None:
    """An autoregressive series of the first order has the effect (1 + r) / (1 - r)."""
    effects = []
    for seed in range(12):
        series = autoregressive(2_000, 0.5, seed)
        effects.append(dependence(series, 2_000 * pvariance(series)).effect)
    assert sum(effects) / len(effects) == pytest.approx(3, rel=0.15)


def test_a_run_with_few_samples_says_little_about_its_dependence() -> None:
    """One hit of one slice beside twenty slices of clusters: the clusters decide."""
    calm = dependence([0.0] * 59 + [1.0], 1.0)
    clustered = dependence(([20.0] * 3 + [-6.0] * 10) * 5, 400.0)
    mean_of_effects = (calm.effect + clustered.effect) / 2

    together = calm.pooled(clustered)

    assert mean_of_effects < together.effect <= clustered.effect
    assert together == clustered.pooled(calm)


@settings(max_examples=30)
@given(SERIES, SERIES)
def test_two_runs_have_no_more_freedom_than_both_and_no_less_than_the_smaller(
    one: list[int], other: list[int]
) -> None:
    sides = [dependence(each, 1.0) for each in (one, other)]
    freedom = [each.freedom for each in sides]

    pooled = sides[0].pooled(sides[1]).freedom

    assert min(freedom) * 0.999 <= pooled <= sum(freedom) * 1.001


def test_between_two_dependences_every_part_is_interpolated() -> None:
    low = Dependence(variance=4.0, independent_variance=2.0, freedom=8.0)
    high = Dependence(variance=12.0, independent_variance=4.0, freedom=16.0)

    assert low.interpolated(high, 0.25) == Dependence(
        variance=6.0, independent_variance=2.5, freedom=10.0
    )
    assert low.interpolated(high, 0) == low
    assert low.interpolated(high, 1) == high
