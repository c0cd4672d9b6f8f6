"""The declaration of an item: its fields, and the key that they make up.

```python
class Invoice(Item):
    tenant = partition(2_000)
    pk = key("TENANT#{tenant}")
    sk = key("INVOICE#{id}")
    total = decimal(0, 10_000, places=2)
```
"""

import re
from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass
from math import prod
from types import MappingProxyType
from typing import Any, ClassVar, Final

from aqp_perf.core.data.fields import CountedField, Field, TextField
from aqp_perf.core.data.text_fields import Choice
from aqp_perf.errors import InvalidItem

ID: Final = "id"
"""The placeholder of an item's id in a key."""

PLACEHOLDER: Final = re.compile(r"\{([^{}]*)\}")
_KEY_TYPES: Final = ("S", "N", "B")
_MOST_KEYS: Final = 2
SETTINGS: Final = ("partitions", "items_per_partition", "key_choice")
"""What ``--perf-data`` changes besides the sizes of an item."""


@dataclass(frozen=True, slots=True)
class Partition:
    """A number below ``count`` that is part of the partition key, and no attribute itself.

    Args:
        count: how many there are.
        size: the name by which ``--perf-data`` changes the count; "": it is fixed.
    """

    count: int
    _: KW_ONLY
    size: str = ""

    def __post_init__(self) -> None:
        if self.count < 1:
            raise InvalidItem(f"partition({self.count}) is not valid: at least 1")


@dataclass(frozen=True, slots=True)
class Key:
    """A key attribute, made of other fields.

    Args:
        template: a text with ``{field}`` and ``{id}``.
        type: ``S``, ``N`` or ``B``; a binary key is the UTF-8 of the text.
        name: of the attribute; "" takes the field's.
    """

    template: str
    _: KW_ONLY
    type: str = "S"
    name: str = ""

    def __post_init__(self) -> None:
        if self.type not in _KEY_TYPES:
            raise InvalidItem(f"key type {self.type!r} is not valid: S, N or B")
        if self.type == "N" and PLACEHOLDER.fullmatch(self.template) is None:
            raise InvalidItem(
                f"key({self.template!r}) is no number: write one {{field}} or {{id}} alone"
            )

    @property
    def placeholders(self) -> list[str]:
        """The names in its template."""
        return PLACEHOLDER.findall(self.template)

    @property
    def has_id(self) -> bool:
        """Whether it tells one item from all others."""
        return ID in self.placeholders


@dataclass(frozen=True, slots=True, kw_only=True)
class Declaration:
    """What an `Item` declares.

    Args:
        name: of the class.
        partitions: the numbers that tell partitions apart, the first one changes last.
        keys: the partition key, and the sort key where there is one, by attribute.
        members: the attributes of an item in their order, keys included.

    Raises:
        InvalidItem: no table could hold such items, or no audit could find them.
    """

    name: str
    partitions: Mapping[str, Partition]
    keys: Mapping[str, Key]
    members: Mapping[str, Field | Key]

    def __post_init__(self) -> None:
        names = ", ".join(self.keys) or "none"
        if not 1 <= len(self.keys) <= _MOST_KEYS:
            self._refuse(f"its keys are {names}: declare a partition key, and a sort key or none")
        if sum(key.has_id for key in self.keys.values()) != 1:
            self._refuse(f"write {{id}} in one key of {names}: audits find items by it")
        for attribute, key in self.keys.items():
            self._check_key(attribute, key)
        sizes = [name for name, _ in self._sizes]
        for size in sizes:
            if size in SETTINGS or sizes.count(size) > 1:
                self._refuse(f"the size {size!r} has another meaning already: choose another size=")

    @property
    def partition_key(self) -> str:
        """The attribute that is the partition key."""
        return next(iter(self.keys))

    @property
    def sort_key(self) -> str | None:
        """The attribute that is the sort key."""
        return list(self.keys)[1] if len(self.keys) > 1 else None

    @property
    def id_key(self) -> tuple[str, Key]:
        """The key that has the id, by attribute."""
        return next((name, key) for name, key in self.keys.items() if key.has_id)

    @property
    def key_types(self) -> dict[str, str]:
        """Attribute of each key → ``S``, ``N`` or ``B``."""
        return {attribute: key.type for attribute, key in self.keys.items()}

    def partition_count(self, sizes: Mapping[str, int]) -> int | None:
        """Return how many partitions there can be with these sizes; None: each item is one."""
        counts = [sizes.get(one.size, one.count) for one in self.partitions.values()]
        return prod(counts) if counts else None

    @property
    def sizes(self) -> dict[str, int]:
        """Name of each count that ``--perf-data`` can change → the declared count."""
        return dict(self._sizes)

    @property
    def _sizes(self) -> list[tuple[str, int]]:
        return [
            (field.size, field.count)
            for field in (*self.partitions.values(), *self.members.values())
            if isinstance(field, Partition | CountedField) and field.size
        ]

    def _check_key(self, attribute: str, key: Key) -> None:
        is_partition_key = attribute == self.partition_key
        for name in key.placeholders:
            field = self.members.get(name)
            if name == ID or (name in self.partitions and is_partition_key):
                continue
            if name in self.partitions:
                self._refuse(f"{attribute} names {{{name}}}, which belongs to {self.partition_key}")
            if field is None:
                known = ", ".join([ID, *self.partitions, *self.members])
                self._refuse(f"{attribute} names {{{name}}}, which is no field: {known}")
            if is_partition_key:
                self._refuse(f"{attribute} names {{{name}}}, which is no partition()")
            if not isinstance(field, TextField) or field.absent or not _has_one_type(field):
                self._refuse(f"{attribute} names {{{name}}}, which has no text in every item")
        if not is_partition_key:
            return
        if key.has_id and self.partitions:
            self._refuse(f"{attribute} has {{id}}: each item is a partition, leave out partition()")
        if not key.has_id and (
            not self.partitions or set(key.placeholders) != set(self.partitions)
        ):
            needed = ", ".join(self.partitions) or "a partition() or {id}"
            self._refuse(f"{attribute} must name {needed}")

    def _refuse(self, fault: str) -> None:
        raise InvalidItem(f"item {self.name}: {fault}")


class _OneMeaning(dict[str, Any]):
    """The body of a class, in which no field is declared twice."""

    def __setitem__(self, name: str, value: object) -> None:
        if isinstance(self.get(name), Field | Key | Partition):
            raise InvalidItem(f"field {name!r} is declared twice")
        super().__setitem__(name, value)


class _ItemClass(type):
    """Reads the declaration off the body of a class."""

    @classmethod
    def __prepare__(cls, *_: object, **__: object) -> _OneMeaning:
        return _OneMeaning()

    def __new__(cls, name: str, bases: tuple[type, ...], body: dict[str, Any]) -> "_ItemClass":
        made = super().__new__(cls, name, bases, dict(body))
        if bases:
            made.declaration = _declaration(name, body)
        return made

    declaration: Declaration


class Item(metaclass=_ItemClass):
    """The base class of declared items; its fields are those of `aqp_perf.items`."""

    declaration: ClassVar[Declaration]


def item_name(item: type[Item]) -> str:
    """Return ``module:Class``."""
    return f"{item.__module__}:{item.__qualname__}"


def _declaration(name: str, body: Mapping[str, object]) -> Declaration:
    partitions, keys, members = {}, {}, {}
    for field_name, field in body.items():
        if isinstance(field, Partition):
            partitions[field_name] = field
        elif isinstance(field, Field | Key):
            attribute = field.name or field_name
            if attribute in members:
                raise InvalidItem(f"item {name}: two fields are the attribute {attribute!r}")
            members[attribute] = field
            if isinstance(field, Key):
                keys[attribute] = field
    return Declaration(
        name=name,
        partitions=MappingProxyType(partitions),
        keys=MappingProxyType(keys),
        members=MappingProxyType(members),
    )


def _has_one_type(field: TextField) -> bool:
    return not isinstance(field, Choice) or len({type(value) for value in field.values}) == 1
