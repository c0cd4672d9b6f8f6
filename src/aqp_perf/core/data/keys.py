"""The primary key of an item, as text."""

from typing import NamedTuple


class Key(NamedTuple):
    """The values of a key in DynamoDB's JSON, without their types."""

    pk: str
    """Of the partition key, whatever its attribute is called."""
    sk: str = ""
    """Of the sort key; empty where there is none: DynamoDB's keys are never empty."""

    def __str__(self) -> str:
        return " ".join(filter(None, self))
