"""The data: every item is a pure function of (seed, stream, index), so nothing has to be stored.

Partition ``number`` is customer ``number % customers`` of account ``number // customers``. The
first `Dataset.partitions` of them are seeded and only ever read; writes go to the rest. So what a
read must answer stays known exactly while both run.
"""

import hashlib
import math
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum
from itertools import accumulate
from typing import NamedTuple

from aqp_perf.core.data.order_ids import OrderOrigin, order_id, stream_tag

STATUSES = ("CREATED", "PAYED", "CANCELED", "PROCESSED", "SHIPPED", "DELIVERED", "RETURNED")

ATTRIBUTES = ("pk", "sk", "zipcode", "username", "datetime", "status", "amount")
"""The attributes of an item, in the order of `Item.parameters`."""

HOT_RATIO = 0.9
"""The part of all requests that the first partition takes when keys are chosen `KeyChoice.HOT`."""

SEED_STREAM = "seed"
"""The stream of the items that are in the table before the load starts."""

_DAY_S = 24 * 60 * 60
_DAYS = tuple((date(2021, 1, 1) + timedelta(days=day)).isoformat() for day in range(2 * 365))
_DATETIME_SPAN_S = len(_DAYS) * _DAY_S
_FIRST_ZIPCODE = 10_000
_ZIPCODE_LIMIT = 90_000
_AMOUNT_LIMIT = 10_000
_AMOUNT_DIGITS = 12
_REPEAT_EVERY = 10
_U64 = 1 << 64


class KeyChoice(StrEnum):
    """How often each partition of a range is asked for."""

    UNIFORM = "uniform"
    """All alike."""
    ZIPF = "zipf"
    """The n-th partition 1/n times as often as the first."""
    HOT = "hot"
    """The first partition takes 90 % of all requests, the others share the rest."""


class Item(NamedTuple):
    """One order. Numbers are decimal text, as DynamoDB's own JSON carries them."""

    pk: str
    sk: str
    zipcode: str
    username: str
    datetime: str
    status: str
    amount: str

    def parameters(self) -> list[dict[str, str]]:
        """Return the values as PartiQL parameters, in the order of `ATTRIBUTES`."""
        return [
            {"S": self.pk},
            {"S": self.sk},
            {"N": self.zipcode},
            {"S": self.username},
            {"S": self.datetime},
            {"S": self.status},
            {"N": self.amount},
        ]

    def attributes(self) -> dict[str, dict[str, str]]:
        """Return the item as DynamoDB's JSON writes it."""
        return dict(zip(ATTRIBUTES, self.parameters(), strict=True))


@dataclass(frozen=True, slots=True, kw_only=True)
class Dataset:
    """The data of one run.

    Args:
        seed: two data sets of one seed and the same sizes are equal, on every machine.
        accounts: accounts, each with the same number of customers.
        customers: customers of an account; a customer is a partition.
        usernames: different user names.
        zipcodes: different zip codes, at most 90,000.
        partitions: how many partitions are seeded; the others take the writes.
        items_per_partition: how many items a seeded partition has.
        key_choice: how often each partition is read or written.

    Raises:
        ValueError: a size is out of range.
    """

    seed: int = 1
    accounts: int = 100
    customers: int = 100
    usernames: int = 1_000
    zipcodes: int = 100
    partitions: int = 20
    items_per_partition: int = 50
    key_choice: KeyChoice = KeyChoice.UNIFORM
    _read_keys: "_KeyRange" = field(init=False, repr=False, compare=False)
    _write_keys: "_KeyRange" = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        for name in ("accounts", "customers", "usernames", "zipcodes", "partitions"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1, got {getattr(self, name)}")
        if self.items_per_partition < 0:
            message = f"items_per_partition must be at least 0, got {self.items_per_partition}"
            raise ValueError(message)
        if self.zipcodes > _ZIPCODE_LIMIT:
            raise ValueError(f"zipcodes must be at most {_ZIPCODE_LIMIT}, got {self.zipcodes}")
        total = self.accounts * self.customers
        if self.partitions >= total:
            raise ValueError(
                f"partitions must be below accounts * customers = {total}, "
                f"so that writes have keys of their own, got {self.partitions}"
            )
        reads = _KeyRange.of(0, self.partitions, self.key_choice)
        writes = _KeyRange.of(self.partitions, total - self.partitions, self.key_choice)
        object.__setattr__(self, "_read_keys", reads)
        object.__setattr__(self, "_write_keys", writes)

    @property
    def seed_count(self) -> int:
        """How many items are in the table before the load starts."""
        return self.partitions * self.items_per_partition

    def partition_key(self, number: int) -> str:
        """Return the partition key of partition ``number``, counted from 0."""
        account, customer = divmod(number, self.customers)
        return f"ACCOUNT#ACCOUNT{account}#CUSTOMER#CUSTOMER{customer}"

    def seed_item(self, index: int) -> Item:
        """Return seed item ``index``, 0 … `seed_count` - 1, partition after partition.

        Every tenth item repeats zip code and amount of the one before it: an aggregate that counts
        equal rows once answers wrongly on it.
        """
        number = index // self.items_per_partition
        draw = _Draw.of(self.seed, SEED_STREAM, index)
        repeats = index % self.items_per_partition % _REPEAT_EVERY == _REPEAT_EVERY - 1
        values = _Draw.of(self.seed, SEED_STREAM, index - 1) if repeats else draw
        return self._item(self.partition_key(number), draw, values)

    def seed_items(self) -> Iterator[Item]:
        """Yield all `seed_count` seed items."""
        return map(self.seed_item, range(self.seed_count))

    def written_item(self, stream: str, index: int) -> Item:
        """Return item ``index`` of a writer's stream, in a partition that is never read.

        Args:
            stream: names the run and the writer, so that no two writers send the same key.
            index: counts the writer's items from 0.
        """
        draw = _Draw.of(self.seed, stream, index)
        number = self._write_keys.choose(draw.key)
        return self._item(self.partition_key(number), draw, draw)

    def read_key(self, stream: str, index: int) -> tuple[str, str]:
        """Return the seeded partition key and the status that request ``index`` asks for."""
        digest = _digest(self.seed, stream, index)  # the rest of a draw is no part of a read
        number = self._read_keys.choose(int.from_bytes(digest[0:8]))
        status = STATUSES[int.from_bytes(digest[8:16]) % len(STATUSES)]
        return self.partition_key(number), status

    def _item(self, pk: str, draw: "_Draw", values: "_Draw") -> Item:
        rest, status = divmod(draw.rest, len(STATUSES))
        rest, username = divmod(rest, self.usernames)
        day, second = divmod(rest % _DATETIME_SPAN_S, _DAY_S)
        zipcode = _FIRST_ZIPCODE + values.zipcode % self.zipcodes
        fraction, whole = divmod(values.amount, _AMOUNT_LIMIT)
        digits = f"{fraction % 10**_AMOUNT_DIGITS:0{_AMOUNT_DIGITS}}".rstrip("0")
        return Item(
            pk=pk,
            sk=f"STATUS#{STATUSES[status]}#ORDER#{draw.order_id}",
            zipcode=str(zipcode),
            username=f"user{username}",
            datetime=f"{_DAYS[day]} {second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}",
            status=STATUSES[status],
            amount=f"{whole}.{digits}" if digits else str(whole),
        )


class _Draw(NamedTuple):
    """The id and the random bits of one item: any index is reached at once."""

    order_id: str
    key: int
    rest: int
    zipcode: int
    amount: int

    @classmethod
    def of(cls, seed: int, stream: str, index: int) -> "_Draw":
        digest = _digest(seed, stream, index)
        return cls(
            order_id=order_id(OrderOrigin(stream_tag(seed, stream), index)),
            key=int.from_bytes(digest[0:8]),
            rest=int.from_bytes(digest[8:16]),
            zipcode=int.from_bytes(digest[16:20]),
            amount=int.from_bytes(digest[20:28]),
        )


def _digest(seed: int, stream: str, index: int) -> bytes:
    return hashlib.blake2b(f"{seed}/{stream}/{index}".encode(), digest_size=28).digest()


@dataclass(frozen=True, slots=True)
class _KeyRange:
    """Maps 64 random bits to a partition number of a range, by a `KeyChoice`."""

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

    def choose(self, bits: int) -> int:
        if not self.cumulative:
            return self.first + bits * self.count // _U64
        point = math.ldexp(bits, -64) * self.cumulative[-1]
        return self.first + min(bisect_right(self.cumulative, point), self.count - 1)


DATASET_SIZES: Mapping[str, str] = {
    "accounts": "accounts",
    "customers": "customers of an account; each is a partition",
    "usernames": "different user names",
    "zipcodes": "different zip codes",
    "partitions": "seeded partitions: read, never written",
    "items_per_partition": "items in a seeded partition",
}
"""The sizes that a user may set, with what they mean."""
