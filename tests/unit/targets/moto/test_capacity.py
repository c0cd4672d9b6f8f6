import pytest
from hypothesis import given
from hypothesis import strategies as st

from perf.targets.moto.capacity import read_units, write_units

SIZES = st.integers(min_value=0, max_value=2**30)


@pytest.mark.parametrize(
    ("item_bytes", "units"), [(0, 1), (1, 1), (1024, 1), (1025, 2), (3000, 3), (400 * 1024, 400)]
)
def test_a_write_takes_a_unit_for_each_kilobyte_begun(item_bytes: int, units: float) -> None:
    assert write_units(item_bytes) == units


@pytest.mark.parametrize(
    ("processed_bytes", "units"), [(0, 1), (4096, 1), (4097, 2), (50 * 200, 3), (1024 * 1024, 256)]
)
def test_a_consistent_read_takes_a_unit_for_each_four_kilobytes_begun(
    processed_bytes: int, units: float
) -> None:
    assert read_units(processed_bytes, consistent=True) == units


@given(SIZES)
def test_an_eventually_consistent_read_takes_half_of_a_consistent_one(processed_bytes: int) -> None:
    consistent = read_units(processed_bytes, consistent=True)

    assert read_units(processed_bytes, consistent=False) == consistent / 2


@given(SIZES, SIZES)
def test_reading_two_partitions_at_once_never_takes_more_than_reading_each(
    one_bytes: int, other_bytes: int
) -> None:
    apart = read_units(one_bytes, consistent=True) + read_units(other_bytes, consistent=True)

    assert read_units(one_bytes + other_bytes, consistent=True) <= apart
