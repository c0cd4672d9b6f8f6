"""The seeded items of one partition."""

from aqp_perf.core.data.compiled_item import Attributes
from aqp_perf.core.data.dataset import Dataset


def partition_number(dataset: Dataset, pk: str) -> int | None:
    """Return the number of the partition with this key; None when the data does not have it."""
    return dataset.partition_of({"S": pk})


def seeded_items(dataset: Dataset, pk: str) -> list[Attributes]:
    """Return the items of a seeded partition in sort key order.

    Raises:
        ValueError: the partition is not seeded, so its items are not known.
    """
    number = partition_number(dataset, pk)
    if number is None or number >= dataset.read_partitions:
        raise ValueError(f"{pk!r} is not one of the {dataset.read_partitions} seeded partitions")
    return dataset.partition_items(number)
