"""The data: every item is a pure function of (seed, stream, index), so nothing has to be stored.

The first `Dataset.partitions` partitions are seeded and only ever read; writes go to the rest. So
what a read must answer stays known exactly while both run.
"""

import base64
import math
from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from difflib import get_close_matches
from enum import StrEnum
from functools import lru_cache
from itertools import accumulate
from typing import Any, Final

from aqp_perf.core.data.compiled_item import Attributes, CompiledItem, compile_item
from aqp_perf.core.data.declared_item import SETTINGS, Item
from aqp_perf.core.data.draws import WORD_BITS
from aqp_perf.core.data.fields import Attribute
from aqp_perf.core.data.item_ids import ItemOrigin, stream_tag
from aqp_perf.core.data.item_sizes import item_bytes
from aqp_perf.core.data.keys import Key
from aqp_perf.errors import InvalidOption

HOT_RATIO = 0.9
"""The part of all requests that the first partition takes when keys are chosen `KeyChoice.HOT`."""

PARTITIONS: Final = 20
"""Seeded partitions, unless a user says how many, or an item has less than twice as many."""

SEED_STREAM = "seed"
"""The stream of the items that are in the table before the load starts."""

_REPEAT_EVERY: Final = 10
_KEPT_ITEMS: Final = 4_096
_CHOICE_BITS: Final = 2 * WORD_BITS


class KeyChoice(StrEnum):
    """How often each partition of a range is asked for."""

    UNIFORM = "uniform"
    """All alike."""
    ZIPF = "zipf"
    """The n-th partition 1/n times as often as the first."""
    HOT = "hot"
    """The first partition takes 90 % of all requests, the others share the rest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dataset:
    """The data of one run.

    Args:
        item: the class of the items.
        seed: two data sets of one item, seed and sizes are equal, on every machine.
        partitions: how many partitions are seeded; the others take the writes. Of items that are a
            partition each, how many such groups of items.
        items_per_partition: how many items a seeded partition has.
        key_choice: how often each partition is read or written.
        sizes: counts that replace those of the item's declaration, by name.

    Raises:
        ValueError: a size is out of range, or unknown.
        InvalidItem: an item of these sizes is larger than DynamoDB takes.
    """

    item: type[Item]
    seed: int = 1
    partitions: int = PARTITIONS
    items_per_partition: int = 50
    key_choice: KeyChoice = KeyChoice.UNIFORM
    sizes: Mapping[str, int] = field(default_factory=dict)
    compiled: CompiledItem = field(init=False, repr=False, compare=False)
    _kept_item: Callable[[int], Attributes] = field(init=False, repr=False, compare=False)
    _read_keys: "_KeyRange" = field(init=False, repr=False, compare=False)
    _write_keys: "_KeyRange | None" = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        declared = self.item.declaration.sizes
        for name, size in {"partitions": self.partitions, **self.sizes}.items():
            if size < 1:
                raise ValueError(f"{name} must be at least 1, got {size}")
        if self.items_per_partition < 0:
            message = f"items_per_partition must be at least 0, got {self.items_per_partition}"
            raise ValueError(message)
        for name in self.sizes.keys() - declared.keys():
            known = (*declared, *SETTINGS)
            near = get_close_matches(name, known, 1)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            raise ValueError(f"{name}: KEY is one of {', '.join(known)}{hint}")
        compiled = compile_item(self.item.declaration, self.sizes)
        total = compiled.partitions
        writes = None
        if total is not None:
            if self.partitions >= total:
                counts = " * ".join(
                    f.size or n for n, f in self.item.declaration.partitions.items()
                )
                raise ValueError(
                    f"partitions must be below {counts} = {total}, "
                    f"so that writes have keys of their own, got {self.partitions}"
                )
            writes = _KeyRange.of(self.partitions, total - self.partitions, self.key_choice)
        object.__setattr__(self, "compiled", compiled)
        object.__setattr__(self, "_kept_item", lru_cache(_KEPT_ITEMS)(self.seed_item))
        object.__setattr__(self, "_write_keys", writes)
        reads = _KeyRange.of(0, self.read_partitions, self.key_choice)
        object.__setattr__(self, "_read_keys", reads)

    @property
    def seed_count(self) -> int:
        """How many items are in the table before the load starts."""
        return self.partitions * self.items_per_partition

    @property
    def read_partitions(self) -> int:
        """How many partitions are seeded; items that are a partition each count one by one."""
        return self.partitions if self._has_partitions else max(1, self.seed_count)

    @property
    def written_partitions(self) -> int | None:
        """How many partitions take the writes; None: each item is one."""
        total = self.compiled.partitions
        return None if total is None else total - self.partitions

    @property
    def items_of_partition(self) -> int:
        """How many items a seeded partition has."""
        return self.items_per_partition if self._has_partitions else 1

    @property
    def largest_item_bytes(self) -> int:
        """What no item exceeds, as DynamoDB counts."""
        return item_bytes(self.compiled.widest)

    @property
    def partition_bytes(self) -> int:
        """What no seeded partition exceeds."""
        return self.items_of_partition * self.largest_item_bytes

    def partition_key(self, partition: int) -> Attribute:
        """Return the key of a partition, seeded ones first, in DynamoDB's JSON."""
        if self._has_partitions:
            return self.compiled.partition_key(partition)
        return self.seed_item(partition)[self.item.declaration.partition_key]

    def partition_of(self, key: Attribute) -> int | None:
        """Return which partition has this key; None when the data does not have it."""
        if self._has_partitions:
            return self.compiled.partition_of(key)
        origin = self.compiled.origin_of({self.item.declaration.partition_key: key})
        is_seeded = origin is not None and origin.tag == stream_tag(self.seed, SEED_STREAM)
        return origin.number if origin and is_seeded and origin.number < self.seed_count else None

    def partition_items(self, partition: int) -> list[Attributes]:
        """Return the items of a seeded partition, in the order of their sort keys."""
        count = self.items_of_partition
        items = [self.seed_item(i) for i in range(partition * count, (partition + 1) * count)]
        sort_key = self.item.declaration.sort_key
        if sort_key is not None:
            items.sort(key=lambda item: sortable(item[sort_key]))
        return items

    def seed_item(self, index: int) -> Attributes:
        """Return seed item ``index``, 0 … `seed_count` - 1, partition after partition.

        Every tenth item of a partition repeats what is no part of the key of the one before it: an
        aggregate that counts equal rows once answers wrongly on it.
        """
        compiled, per = self.compiled, self.items_per_partition
        keyed = words = self._words(SEED_STREAM, index)
        if index % per % _REPEAT_EVERY == _REPEAT_EVERY - 1:
            words = self._words(SEED_STREAM, index - 1)
        item_id = compiled.id_of(ItemOrigin(stream_tag(self.seed, SEED_STREAM), index))
        return compiled.make(index // per, item_id, keyed, words)

    def seed_items(self) -> Iterator[Attributes]:
        """Yield all `seed_count` seed items."""
        return map(self.seed_item, range(self.seed_count))

    def written_item(self, stream: str, index: int) -> Attributes:
        """Return item ``index`` of a writer's stream, in a partition that is never read.

        Args:
            stream: names the run and the writer, so that no two writers send the same key.
            index: counts the writer's items from 0.
        """
        compiled = self.compiled
        words = self._words(stream, index)
        item_id = compiled.id_of(ItemOrigin(stream_tag(self.seed, stream), index))
        partition = 0 if self._write_keys is None else self._write_keys.choose(words)
        return compiled.make(partition, item_id, words, words)

    def read_partition(self, stream: str, index: int) -> int:
        """Return the seeded partition that request ``index`` of a stream asks for."""
        return self._read_keys.choose(self._words(stream, index))

    def read_item(self, stream: str, index: int) -> Attributes:
        """Return the seeded item that request ``index`` of a stream asks for, or for items like it.

        Its partition is that of `read_partition`.

        Raises:
            ValueError: no item is seeded.
        """
        if not self.seed_count:
            raise ValueError("a read needs seeded items: items_per_partition is 0")
        words = self._words(stream, index)
        position = words[-1] * self.items_of_partition >> WORD_BITS
        return self._kept_item(self._read_keys.choose(words) * self.items_of_partition + position)

    def key_of(self, item: Mapping[str, Attribute]) -> Key:
        """Return the primary key of an item in DynamoDB's JSON."""
        return Key(*[item[name][kind] for name, kind in self.item.declaration.key_types.items()])

    def key_attributes(self, key: Key) -> Attributes:
        """Return a primary key in DynamoDB's JSON."""
        types = self.item.declaration.key_types.items()
        return {name: {kind: value} for (name, kind), value in zip(types, key, strict=False)}

    def origin_of(self, key: Key) -> ItemOrigin | None:
        """Return which item has this key, as its id says; None when it has no id of ours."""
        return self.compiled.origin_of(self.key_attributes(key))

    @property
    def _has_partitions(self) -> bool:
        return bool(self.item.declaration.partitions)

    def _words(self, stream: str, index: int) -> Sequence[int]:
        return self.compiled.words(f"{self.seed}/{stream}/{index}".encode())


def sortable(key: Attribute) -> Any:  # noqa: ANN401 - a Decimal, or bytes
    """Return a value by which keys of one type sort as DynamoDB sorts them."""
    ((kind, value),) = key.items()
    match kind:
        case "N":
            return Decimal(value)
        case "B":
            return base64.b64decode(value)
        case _:
            return str(value).encode()


@dataclass(frozen=True, slots=True, kw_only=True)
class DataSettings:
    """What a user may choose of the data, whatever the items.

    Args:
        seed: that of `Dataset`.
        values: its other arguments, and counts of the item's declaration, by name.
    """

    seed: int = 1
    values: Mapping[str, int | KeyChoice] = field(default_factory=dict)

    def of(self, item: type[Item]) -> Dataset:
        """Return the data of items of this class.

        Raises:
            InvalidOption: a value is out of range, or the items have no such count.
            InvalidItem: an item of these sizes is larger than DynamoDB takes.
        """
        own: Any = {name: self.values[name] for name in SETTINGS if name in self.values}
        sizes: Any = {name: size for name, size in self.values.items() if name not in own}
        total = item.declaration.partition_count(sizes)
        if total is not None:
            own.setdefault("partitions", max(1, min(PARTITIONS, total // 2)))
        try:
            return Dataset(item=item, seed=self.seed, sizes=sizes, **own)
        except ValueError as error:
            text = ",".join(f"{key}={value}" for key, value in self.values.items())
            raise InvalidOption("--perf-data", text, str(error)) from error

    def may_fit(self, item: type[Item]) -> bool:
        """Return whether the items have all the counts; others may be those of other items."""
        return self.values.keys() <= {*SETTINGS, *item.declaration.sizes}


@dataclass(frozen=True, slots=True)
class _KeyRange:
    """Maps random words to a partition of a range, by a `KeyChoice`."""

    first: int
    count: int
    cumulative: Sequence[float]
    """Empty for a uniform choice, else the rising sums of the weights."""

    @classmethod
    def of(cls, first: int, count: int, choice: KeyChoice) -> "_KeyRange":
        if choice is KeyChoice.UNIFORM or count == 1:
            return cls(first, count, ())
        if choice is KeyChoice.ZIPF:
            weights = [1 / rank for rank in range(1, count + 1)]
        else:
            weights = [HOT_RATIO] + [(1 - HOT_RATIO) / (count - 1)] * (count - 1)
        return cls(first, count, tuple(accumulate(weights)))

    def choose(self, words: Sequence[int]) -> int:
        bits = words[0] << WORD_BITS | words[1]
        if not self.cumulative:
            return self.first + (bits * self.count >> _CHOICE_BITS)
        point = math.ldexp(bits, -_CHOICE_BITS) * self.cumulative[-1]
        return self.first + min(bisect_right(self.cumulative, point), self.count - 1)
