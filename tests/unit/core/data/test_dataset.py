import math
import re
from collections import Counter
from dataclasses import fields
from datetime import datetime
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aqp_perf.core.data.dataset import Dataset, KeyChoice
from aqp_perf.core.data.statements import STATUSES
from aqp_perf.errors import InvalidOption
from tests.doubles.orders import key_text, order, orders

law = settings(max_examples=50)

KEY = re.compile(r"ACCOUNT#ACCOUNT\d+#CUSTOMER#CUSTOMER\d+")
SORT_KEY = re.compile(r"STATUS#([A-Z]+)#ORDER#([0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})")
streams = st.text(max_size=10)
indexes = st.integers(0, 10**9)


@st.composite
def datasets(draw: st.DrawFn) -> Dataset:
    accounts, customers = draw(st.integers(1, 12)), draw(st.integers(2, 12))
    return orders(
        seed=draw(st.integers()),
        accounts=accounts,
        customers=customers,
        usernames=draw(st.integers(1, 50)),
        zipcodes=draw(st.integers(1, 50)),
        partitions=draw(st.integers(1, accounts * customers - 1)),
        items_per_partition=draw(st.integers(1, 25)),
        key_choice=draw(st.sampled_from(KeyChoice)),
    )


def copy_of(dataset: Dataset) -> Dataset:
    return Dataset(**{f.name: getattr(dataset, f.name) for f in fields(dataset) if f.init})


@law
@given(datasets(), streams, indexes)
def test_equal_settings_give_equal_data(dataset: Dataset, stream: str, index: int) -> None:
    twin = copy_of(dataset)
    assert twin == dataset
    assert twin.written_item(stream, index) == dataset.written_item(stream, index)
    assert twin.read_item(stream, index) == dataset.read_item(stream, index)
    assert list(twin.seed_items()) == list(dataset.seed_items())


@law
@given(datasets())
def test_an_item_does_not_depend_on_what_was_asked_before(dataset: Dataset) -> None:
    backwards = [dataset.seed_item(index) for index in reversed(range(dataset.seed_count))]
    assert backwards[::-1] == list(dataset.seed_items())


def test_another_seed_gives_other_items() -> None:
    ones, twos = (set(map(order, orders(seed=seed).seed_items())) for seed in (1, 2))
    assert ones.isdisjoint(twos)


@law
@given(datasets(), streams, indexes)
def test_an_item_is_of_the_agreed_form(dataset: Dataset, stream: str, index: int) -> None:
    item = order(dataset.written_item(stream, index))
    sort_key = SORT_KEY.fullmatch(item.sk)
    assert KEY.fullmatch(item.pk)
    assert sort_key is not None
    assert sort_key[1] == item.status
    assert item.status in STATUSES
    assert 10_000 <= int(item.zipcode) < 10_000 + dataset.sizes["zipcodes"]
    assert 0 <= int(item.username.removeprefix("user")) < dataset.sizes["usernames"]
    when = datetime.strptime(item.datetime, "%Y-%m-%d %H:%M:%S")  # noqa: DTZ007 - it has no zone
    assert when.year in {2021, 2022}


@law
@given(datasets(), streams, indexes)
def test_an_amount_is_a_plain_decimal_that_dynamodb_keeps_exactly(
    dataset: Dataset, stream: str, index: int
) -> None:
    """DynamoDB keeps 38 digits and drops zeros that say nothing."""
    amount = order(dataset.written_item(stream, index)).amount
    value = Decimal(amount)
    assert 0 <= value < 10_000
    assert len(value.as_tuple().digits) <= 38
    assert amount == f"{value:f}"
    assert "." not in amount or not amount.endswith(("0", "."))


@law
@given(datasets(), streams, indexes)
def test_a_written_key_is_never_a_read_key(dataset: Dataset, stream: str, index: int) -> None:
    seeded = {key_text(dataset, number) for number in range(dataset.partitions)}
    assert order(dataset.written_item(stream, index)).pk not in seeded
    assert key_text(dataset, dataset.read_partition(stream, index)) in seeded
    asked = order(dataset.read_item(stream, index))
    assert asked.pk == key_text(dataset, dataset.read_partition(stream, index))
    assert asked in map(order, dataset.seed_items())


@law
@given(datasets())
def test_seed_items_fill_the_read_partitions_one_after_the_other(dataset: Dataset) -> None:
    keys = [item["pk"] for item in dataset.seed_items()]
    expected = [dataset.partition_key(number) for number in range(dataset.partitions)]
    assert keys == [key for key in expected for _ in range(dataset.items_per_partition)]
    assert len(keys) == dataset.seed_count


@law
@given(datasets())
def test_every_tenth_seed_item_of_a_partition_repeats_the_one_before(dataset: Dataset) -> None:
    items = list(map(order, dataset.seed_items()))
    for number in range(dataset.partitions):
        first = number * dataset.items_per_partition
        partition = items[first : first + dataset.items_per_partition]
        same_amount = [i for i, (a, b) in enumerate(pairwise(partition), 1) if a.amount == b.amount]
        assert same_amount == list(range(9, dataset.items_per_partition, 10))
        assert all(partition[i].zipcode == partition[i - 1].zipcode for i in same_amount)


def test_no_two_items_of_any_streams_share_a_sort_key() -> None:
    dataset = orders(seed=5)
    sort_keys = {order(item).sk for item in dataset.seed_items()}
    for stream in ("run1/a", "run1/b", "run2/a"):
        sort_keys |= {order(dataset.written_item(stream, index)).sk for index in range(5_000)}
    assert len(sort_keys) == dataset.seed_count + 3 * 5_000


def test_partition_numbers_count_customers_account_by_account() -> None:
    dataset = orders(accounts=3, customers=4, partitions=2)
    assert key_text(dataset, 0) == "ACCOUNT#ACCOUNT0#CUSTOMER#CUSTOMER0"
    assert key_text(dataset, 3) == "ACCOUNT#ACCOUNT0#CUSTOMER#CUSTOMER3"
    assert key_text(dataset, 4) == "ACCOUNT#ACCOUNT1#CUSTOMER#CUSTOMER0"


@pytest.mark.parametrize(
    ("choice", "weights"),
    [
        (KeyChoice.UNIFORM, [1, 1, 1, 1, 1]),
        (KeyChoice.ZIPF, [60, 30, 20, 15, 12]),
        (KeyChoice.HOT, [36, 1, 1, 1, 1]),
    ],
)
def test_keys_are_asked_for_as_often_as_their_choice_says(
    choice: KeyChoice, weights: list[int]
) -> None:
    """Each count is within five standard deviations of its binomial expectation."""
    dataset = orders(partitions=len(weights), key_choice=choice)
    asked = 10_000
    counts = Counter(dataset.read_partition("reads", index) for index in range(asked))
    for number, weight in enumerate(weights):
        p = weight / sum(weights)
        spread = 5 * math.sqrt(asked * p * (1 - p))
        assert abs(counts[number] - asked * p) < spread


def words_of(bits: int) -> tuple[int, int]:
    """Return 64 bits as the words that choose a partition."""
    return bits >> 32, bits & (2**32 - 1)


@law
@given(datasets(), st.integers(0, 2**64 - 1))
def test_all_random_bits_fall_into_the_range(dataset: Dataset, bits: int) -> None:
    total = dataset.sizes["accounts"] * dataset.sizes["customers"]
    writes = dataset._write_keys
    assert writes is not None
    for edge in (0, bits, 2**64 - 1):
        assert 0 <= dataset._read_keys.choose(words_of(edge)) < dataset.partitions
        assert dataset.partitions <= writes.choose(words_of(edge)) < total


@pytest.mark.parametrize("choice", KeyChoice)
def test_the_extreme_bits_choose_the_extreme_partitions(choice: KeyChoice) -> None:
    keys = orders(partitions=9, key_choice=choice)._read_keys
    assert (keys.choose(words_of(0)), keys.choose(words_of(2**64 - 1))) == (0, 8)


@pytest.mark.parametrize(
    ("sizes", "message"),
    [
        ({"accounts": 0}, "accounts must be at least 1, got 0"),
        ({"customers": -1}, "customers must be at least 1, got -1"),
        ({"usernames": 0}, "usernames must be at least 1, got 0"),
        ({"zipcodes": 0}, "zipcodes must be at least 1, got 0"),
        ({"streets": 3}, "streets: KEY is one of accounts, .*items_per_partition, key_choice"),
        ({"acounts": 3}, "did you mean 'accounts'"),
        ({"partitions": 0}, "partitions must be at least 1, got 0"),
        ({"items_per_partition": -1}, "items_per_partition must be at least 0, got -1"),
        ({"accounts": 2, "customers": 3, "partitions": 6}, "customers = 6, .* got 6"),
    ],
)
def test_a_size_out_of_range_is_refused(sizes: dict[str, int], message: str) -> None:
    with pytest.raises(InvalidOption, match=message):
        orders(**sizes)


def test_a_data_set_may_be_empty() -> None:
    assert list(orders(items_per_partition=0).seed_items()) == []
