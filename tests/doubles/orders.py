"""The data of the shipped workloads, with sizes as a user may choose them."""

from typing import Any, NamedTuple

from aqp_perf.core.data.compiled_item import Attributes
from aqp_perf.core.data.dataset import Dataset, DataSettings
from aqp_perf.workloads.order import Order

NUMBERS = frozenset({"zipcode", "amount"})
"""The attributes of an order that are numbers."""


def orders(*, seed: int = 1, **values: Any) -> Dataset:  # noqa: ANN401 - sizes, and a key choice
    """Return orders with these sizes in place of the default ones."""
    return DataSettings(seed=seed, values=values).of(Order)


def key_text(dataset: Dataset, partition: int) -> str:
    """Return the key of a partition as text."""
    return str(dataset.partition_key(partition)["S"])


class OrderText(NamedTuple):
    """The attributes of an order, as text."""

    pk: str
    sk: str
    zipcode: str
    username: str
    datetime: str
    status: str
    amount: str

    def attributes(self) -> Attributes:
        """Return the order in DynamoDB's JSON."""
        values = self._asdict().items()
        return {name: {"N" if name in NUMBERS else "S": text} for name, text in values}


def order(item: Attributes) -> OrderText:
    """Return an order in DynamoDB's JSON as text."""
    return OrderText(**{name: text for name, value in item.items() for text in value.values()})
