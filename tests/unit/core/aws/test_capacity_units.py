"""Units grow as DynamoDB rounds them, and no item is larger than its data set says."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aqp_perf.core.aws.capacity_units import Units, read_units, write_units
from aqp_perf.core.data.dataset import Dataset
from aqp_perf.core.data.item_sizes import item_bytes
from aqp_perf.targets.moto.execution.values import item_bytes as bytes_by_moto
from aqp_perf.targets.moto.moto_tables import DynamoType
from tests.doubles.orders import OrderText, orders

sizes = st.integers(0, 2**30)
datasets = st.builds(
    orders,
    seed=st.integers(0, 1 << 32),
    accounts=st.integers(2, 2_000),
    customers=st.integers(1, 2_000),
    usernames=st.integers(1, 100_000),
    partitions=st.just(1),
    items_per_partition=st.integers(1, 30),
)


@pytest.mark.parametrize(
    ("item_bytes", "units"), [(0, 1), (1, 1), (1024, 1), (1025, 2), (3000, 3), (400 * 1024, 400)]
)
def test_write_takes_a_unit_for_each_kilobyte_begun(item_bytes: int, units: float) -> None:
    assert write_units(item_bytes) == units


@pytest.mark.parametrize(
    ("read_bytes", "units"), [(0, 1), (4096, 1), (4097, 2), (50 * 200, 3), (1024 * 1024, 256)]
)
def test_read_takes_a_unit_for_each_four_kilobytes_begun_and_half_if_eventual(
    read_bytes: int, units: float
) -> None:
    assert read_units(read_bytes, is_consistent=True) == units
    assert read_units(read_bytes) == units / 2


@given(sizes, sizes)
def test_reading_two_partitions_at_once_never_takes_more_than_reading_each(
    one_bytes: int, other_bytes: int
) -> None:
    apart = read_units(one_bytes) + read_units(other_bytes)
    assert read_units(one_bytes + other_bytes) <= apart


def test_item_takes_its_names_its_texts_and_half_a_byte_per_digit() -> None:
    item = OrderText("p", "ss", "12345", "u", "d", "é", "1.5").attributes()
    names = len("pkskzipcodeusernamedatetimestatusamount")
    assert item_bytes(item) == names + 1 + 2 + (3 + 2) + 1 + 1 + 2 + (2 + 2)


@given(datasets, st.integers(0, 1 << 20))
def test_no_item_is_larger_than_the_largest(dataset: Dataset, index: int) -> None:
    largest = dataset.largest_item_bytes
    assert item_bytes(dataset.written_item("run/0/0", index)) <= largest
    assert sum(map(item_bytes, dataset.seed_items())) <= dataset.partition_bytes


def test_largest_item_of_the_usual_data_set_is_as_counted_by_hand() -> None:
    names, texts, numbers = 39, 37 + 59 + 7 + 19 + 9, 5 + 11
    assert orders().largest_item_bytes == names + texts + numbers == 186


@given(st.integers(0, 1 << 20))
def test_item_takes_what_moto_s_rules_say_and_three_bytes_more_for_a_number_at_most(
    index: int,
) -> None:
    item = orders().written_item("run/0/0", index)
    attributes = {name: DynamoType(value) for name, value in item.items()}
    assert 0 <= item_bytes(item) - bytes_by_moto(attributes) <= 6


@given(st.floats(0, 1e6), st.floats(0, 1e6))
def test_units_add_up_and_scale_by_kind(read: float, write: float) -> None:
    units = Units(read=read, write=write)
    assert units + units == units.times(2)
    assert units + Units() == units
