"""The seeded items of one partition."""

import re
from typing import Final

from aqp_perf.core.data.dataset import Dataset, Item

_KEY: Final = re.compile(r"ACCOUNT#ACCOUNT([0-9]{1,9})#CUSTOMER#CUSTOMER([0-9]{1,9})")


def partition_number(dataset: Dataset, pk: str) -> int | None:
    """Return the number of the partition with this key; None when the data does not have it."""
    found = _KEY.fullmatch(pk)
    if found is None:
        return None
    account, customer = map(int, found.groups())
    number = account * dataset.customers + customer
    is_key = account < dataset.accounts and dataset.partition_key(number) == pk
    return number if is_key else None


def seeded_items(dataset: Dataset, pk: str) -> list[Item]:
    """Return the items of a seeded partition in sort key order.

    Raises:
        ValueError: the partition is not seeded, so its items are not known.
    """
    number = partition_number(dataset, pk)
    if number is None or number >= dataset.partitions:
        raise ValueError(f"{pk!r} is not one of the {dataset.partitions} seeded partitions")
    first = number * dataset.items_per_partition
    items = map(dataset.seed_item, range(first, first + dataset.items_per_partition))
    return sorted(items, key=lambda item: item.sk)
