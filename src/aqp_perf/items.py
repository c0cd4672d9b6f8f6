"""The declaration of items: what a table holds. Imports no Locust: pytest seeds and audits with it.

```python
from aqp_perf.items import Item, choice, decimal, key, partition

class Invoice(Item):
    tenant = partition(2_000)
    pk = key("TENANT#{tenant}")
    sk = key("INVOICE#{status}#{id}")
    status = choice("OPEN", "PAID", "OVERDUE")
    total = decimal(0, 10_000, places=2)
```

Every field but `partition` and `key` takes ``absent=``, the probability that an item lacks it, and
``name=``, where the attribute has a name that Python does not allow. Wrong declarations raise
`InvalidItem` where they stand.
"""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from aqp_perf.core.data.containers import Binary, Listing, Mapped
from aqp_perf.core.data.declared_item import Item, Key, Partition
from aqp_perf.core.data.fields import Field, scalar_attribute
from aqp_perf.core.data.text_fields import (
    Choice,
    Exact,
    Integer,
    Text,
    Timestamp,
    instant,
    weights_of,
)
from aqp_perf.errors import InvalidItem

__all__ = [
    "InvalidItem",
    "Item",
    "binary",
    "boolean",
    "choice",
    "decimal",
    "integer",
    "key",
    "listing",
    "mapping",
    "null",
    "partition",
    "text",
    "timestamp",
    "unique",
]


def partition(count: int, *, size: str = "") -> Partition:
    """Return a number from 0 to ``count`` - 1 that tells partitions apart.

    It belongs into the template of the partition key, and is no attribute itself. Several of them
    multiply. With ``size="tenants"``, ``--perf-data=tenants=9`` changes the count.
    """
    return Partition(count, size=size)


def key(template: str, *, type: str = "S", name: str = "") -> Key:  # noqa: A002 - DynamoDB's word
    """Return a key attribute, such as ``key("ORDER#{status}#{id}")``.

    The first key is the partition key, the second the sort key. ``{field}`` is the text of another
    field, ``{id}`` tells the item from all others and says which writer sent it: one of the keys
    has it. Where the partition key has it, each item is a partition of its own.

    Args:
        template: the text.
        type: ``S``, ``N`` (then the template is one number), or ``B`` (the UTF-8 of the text).
        name: of the attribute, if it is not the field's.
    """
    return Key(template, type=type, name=name)


def text(template: str, count: int, *, size: str = "", **options: Any) -> Text:  # noqa: ANN401
    """Return ``count`` different texts: ``text("SKU{}", 5_000)`` is SKU0 to SKU4999."""
    return Text(count, template=template, size=size, **options)


def integer(least: int, most: int, *, size: str = "", **options: Any) -> Integer:  # noqa: ANN401
    """Return the whole numbers from ``least`` to ``most``, both included."""
    return Integer(most - least + 1, least=least, size=size, **options)


def decimal(
    least: int | str | Decimal,
    most: int | str | Decimal,
    *,
    places: int,
    **options: Any,  # noqa: ANN401
) -> Exact:
    """Return decimal numbers from ``least`` to ``most``, both included, with up to ``places``."""
    return Exact(Decimal(least), Decimal(most), places, **options)


def choice(*values: object, weights: Sequence[float] | None = None, **options: Any) -> Choice:  # noqa: ANN401
    """Return one of some values: str, int, Decimal, bool, bytes or None (DynamoDB's NULL)."""
    for value in values:
        scalar_attribute(value)
    return Choice(values, weights_of(weights), **options)


def boolean(**options: Any) -> Choice:  # noqa: ANN401
    """Return true or false."""
    return choice(True, False, **options)  # noqa: FBT003 - the values


def null(**options: Any) -> Choice:  # noqa: ANN401
    """Return DynamoDB's NULL."""
    return choice(None, **options)


def timestamp(
    start: str,
    end: str,
    *,
    format: str = "%Y-%m-%dT%H:%M:%SZ",  # noqa: A002 - Python's word
    **options: Any,  # noqa: ANN401
) -> Timestamp:
    """Return seconds from ``start`` to before ``end`` as text, in UTC.

    Args:
        start: an ISO date, or date and time.
        end: likewise.
        format: of ``%Y %m %d %H %M %S`` and other characters, the date before the time.
        options: those of all fields.
    """
    return Timestamp(instant(start), instant(end), format, **options)


def binary(length: int, **options: Any) -> Binary:  # noqa: ANN401
    """Return ``length`` random bytes."""
    return Binary(length, **options)


def listing(part: Field, *, least: int = 0, most: int, **options: Any) -> Listing:  # noqa: ANN401
    """Return a list of ``least`` to ``most`` values of the field ``part``."""
    return Listing(part, least, most, **options)


def unique(part: Field, *, least: int = 1, most: int, **options: Any) -> Listing:  # noqa: ANN401
    """Return a set of texts, numbers or binary values; equal ones among those drawn are one."""
    return Listing(part, least, most, is_set=True, **options)


def mapping(**fields: Field) -> Mapped:
    """Return a map with these fields."""
    return Mapped({field.name or name: field for name, field in fields.items()})
