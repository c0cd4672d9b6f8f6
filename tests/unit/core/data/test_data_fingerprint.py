from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aqp_perf.core.data.data_fingerprint import data_fingerprint
from aqp_perf.core.data.dataset import Dataset, KeyChoice
from tests.doubles.orders import orders

sizes = st.integers(1, 30)
datasets = st.builds(
    orders,
    seed=st.integers(0, 2**64),
    accounts=st.integers(6, 20),
    customers=st.integers(6, 20),
    usernames=sizes,
    zipcodes=sizes,
    partitions=sizes,
    items_per_partition=st.integers(0, 30),
)


@given(datasets, st.sampled_from(KeyChoice))
def test_the_choice_of_keys_is_no_part_of_the_data(dataset: Dataset, choice: KeyChoice) -> None:
    assert data_fingerprint(dataset) == data_fingerprint(replace(dataset, key_choice=choice))


@given(datasets, st.sampled_from(["seed", "partitions", "items_per_partition"]))
def test_every_other_setting_is(dataset: Dataset, name: str) -> None:
    other: Dataset = replace(dataset, **{name: getattr(dataset, name) + 1})
    assert data_fingerprint(dataset) != data_fingerprint(other)


@given(datasets, st.sampled_from(["accounts", "customers", "usernames", "zipcodes"]))
def test_so_is_every_size_of_the_item(dataset: Dataset, name: str) -> None:
    other = replace(dataset, sizes={**dataset.sizes, name: dataset.sizes[name] + 1})
    assert data_fingerprint(dataset) != data_fingerprint(other)


def test_so_are_the_items_that_the_settings_make(monkeypatch: pytest.MonkeyPatch) -> None:
    """A later version may make other items of the same settings."""
    before = data_fingerprint(orders())
    monkeypatch.setattr("aqp_perf.core.data.dataset._REPEAT_EVERY", 11)
    assert data_fingerprint(orders()) != before


def test_a_table_of_an_earlier_version_is_known_again() -> None:
    """Changing this changes what existing tables count for: reads of them are not verified."""
    assert data_fingerprint(orders()) == "47fb0dd6463ffa1750b64b1ce8ae9dce"
