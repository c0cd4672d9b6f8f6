"""Changes of level: noise is none, a lasting change is one."""

from collections.abc import Sequence
from random import Random

import pytest

from aqp_perf.history.change_points import FEWEST_NEW, find_changes


def level(seed: int, mean: float, count: int) -> list[float]:
    rng = Random(seed)  # noqa: S311 - noise
    return [mean * rng.lognormvariate(0, 0.03) for _ in range(count)]


@pytest.mark.parametrize("values", [[], [1.0], [0.0] * 30, [5.0] * 30, level(1, 100.0, 60)])
def test_no_change_is_found_where_there_is_none(values: Sequence[float]) -> None:
    assert find_changes(values) == []


def test_warnings_of_numpy_are_not_errors() -> None:
    """Warnings are errors in these tests; dividing by so little is one that numpy warns of."""
    assert find_changes([5e-324] * 10 + [1.0] * 10) == [10]


def test_lasting_change_is_found_where_it_is() -> None:
    assert find_changes([*level(1, 100.0, 20), *level(2, 118.0, 8)]) == [20]


def test_two_changes_are_found_in_their_order() -> None:
    values = [*level(1, 100.0, 20), *level(2, 140.0, 20), *level(3, 100.0, 20)]

    assert find_changes(values) == [20, 40]


@pytest.mark.parametrize("at", range(31))
def test_one_bad_night_is_no_change_whenever_it_was(at: int) -> None:
    values = level(1, 100.0, 31)
    values[at] *= 2

    assert find_changes(values) == []


def test_new_level_needs_three_nights() -> None:
    before = level(1, 100.0, 20)

    assert find_changes([*before, *level(2, 150.0, FEWEST_NEW - 1)]) == []
    assert find_changes([*before, *level(2, 150.0, FEWEST_NEW)]) == [20]


def test_failures_that_begin_are_a_change() -> None:
    assert find_changes([0.0] * 10 + [0.01] * 10) == [10]


def test_small_change_is_not_reported() -> None:
    assert find_changes([100.0] * 20 + [104.0] * 20) == []
