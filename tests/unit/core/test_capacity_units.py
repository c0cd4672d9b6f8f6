"""Units grow as DynamoDB rounds them, and no item is larger than its data set says."""

from hypothesis import given
from hypothesis import strategies as st

from perf.core.capacity_units import (
    Units,
    item_bytes,
    largest_item_bytes,
    partition_bytes,
    read_units,
    write_units,
)
from perf.core.dataset import Dataset, Item

datasets = st.builds(
    Dataset,
    seed=st.integers(0, 1 << 32),
    accounts=st.integers(2, 2_000),
    customers=st.integers(1, 2_000),
    usernames=st.integers(1, 100_000),
    partitions=st.just(1),
    items_per_partition=st.integers(1, 30),
)


def test_units_of_a_write_are_the_kilobytes_begun() -> None:
    assert [write_units(each) for each in (0, 1, 1024, 1025, 4096)] == [1, 1, 1, 2, 4]


def test_units_of_a_read_are_the_four_kilobytes_begun_and_half_if_eventual() -> None:
    assert [read_units(each) for each in (0, 4096, 4097, 12_288)] == [0.5, 0.5, 1, 1.5]
    assert [read_units(each, is_consistent=True) for each in (0, 4096, 4097)] == [1, 1, 2]


def test_item_takes_its_names_its_texts_and_half_a_byte_per_digit() -> None:
    item = Item("p", "ss", "12345", "u", "d", "é", "1.5")
    names = len("pkskzipcodeusernamedatetimestatusamount")
    assert item_bytes(item) == names + 1 + 2 + (3 + 2) + 1 + 1 + 2 + (2 + 2)


@given(datasets, st.integers(0, 1 << 20))
def test_no_item_is_larger_than_the_largest(dataset: Dataset, index: int) -> None:
    largest = largest_item_bytes(dataset)
    assert item_bytes(dataset.written_item("run/0/0", index)) <= largest
    assert sum(map(item_bytes, dataset.seed_items())) <= partition_bytes(dataset)


def test_largest_item_of_the_usual_data_set_is_as_counted_by_hand() -> None:
    names, texts, numbers = 39, 37 + 59 + 7 + 19 + 9, 5 + 11
    assert largest_item_bytes(Dataset()) == names + texts + numbers == 186


@given(st.floats(0, 1e6), st.floats(0, 1e6))
def test_units_add_up_and_scale_by_kind(read: float, write: float) -> None:
    units = Units(read=read, write=write)
    assert units + units == units.times(2)
    assert units + Units() == units
