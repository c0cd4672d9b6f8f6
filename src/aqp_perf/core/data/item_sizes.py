"""How large the items of a data set are, as DynamoDB counts."""

from math import ceil
from typing import Final

from aqp_perf.core.data.dataset import ATTRIBUTES, STATUSES, Dataset, Item

_ORDER_ID: Final = "0" * 36


_LONGEST_NUMBER: Final = "0" * 17
"""An amount: four digits, a point and twelve digits more."""


def item_bytes(item: Item) -> int:
    """Return the most that an item takes: UTF-8 of names and texts, half a byte per digit.

    DynamoDB says of numbers "approximately one byte per two significant digits, and one": a second
    one is counted here.
    """
    names = sum(map(len, ATTRIBUTES))
    texts = (item.pk, item.sk, item.username, item.datetime, item.status)
    numbers = (item.zipcode, item.amount)
    return (
        names
        + sum(len(text.encode()) for text in texts)
        + sum(ceil(len(number) / 2) + 2 for number in numbers)
    )


def largest_item_bytes(dataset: Dataset) -> int:
    """Return what no item of the data set exceeds."""
    status = max(STATUSES, key=len)
    return item_bytes(
        Item(
            pk=dataset.partition_key(dataset.accounts * dataset.customers - 1),
            sk=f"STATUS#{status}#ORDER#{_ORDER_ID}",
            zipcode="99999",
            username=f"user{dataset.usernames - 1}",
            datetime="2021-01-01 00:00:00",
            status=status,
            amount=_LONGEST_NUMBER,
        )
    )


def partition_bytes(dataset: Dataset) -> int:
    """Return what no seeded partition exceeds."""
    return dataset.items_per_partition * largest_item_bytes(dataset)
