"""Whether a table holds exactly what was written to it.

Beside the logs of what was sent, an audit keeps 4-byte positions in a table of which at most half
is used, and one bit for each write: 9 to 17 bytes a write, 8.5 MB for a million. The key at a
position is made again from the data seed whenever it is needed. So keys may be found in any order,
each is compared whole, and the result is exact: no lost write is missed, and none invented.
"""

from array import array
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, islice
from typing import Final, NamedTuple

from perf.core.dataset import Dataset
from perf.core.writes import Key, Outcome, WriteLog

_EXAMPLES: Final = 5
# An entry is twice the position, plus one when the write is ambiguous; 2^32 - 1 is none.
_NO_ENTRY: Final = 2**32 - 1
_POSITION_LIMIT: Final = _NO_ENTRY // 2


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditCounts:
    """How many writes are where they should be; found + lost = acknowledged.

    Args:
        acknowledged: writes that the target said yes to.
        found: acknowledged writes that are in the table.
        lost: acknowledged writes that are not.
        ambiguous: writes without an answer.
        ambiguous_landed: ambiguous writes that are in the table.
        unexpected: items in the table that are neither of these nor seeded: the target had refused
            them, or nobody sent them.
    """

    acknowledged: int
    found: int
    lost: int
    ambiguous: int
    ambiguous_landed: int
    unexpected: int


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteAudit:
    """The counts, and the first few keys that should be there, or should not be."""

    counts: AuditCounts
    lost_keys: Sequence[Key]
    unexpected_keys: Sequence[Key]


def reconcile(
    dataset: Dataset, logs: Sequence[WriteLog], found_keys: Iterable[tuple[str, str]]
) -> WriteAudit:
    """Compare what was sent with what is in the table.

    Args:
        dataset: the data, as the writers had it.
        logs: one for each stream that wrote to the table since it was made.
        found_keys: partition and sort key of every item in the table, in any order, seeded items
            or not. One that we know may come again, as when a page is read twice; of others, each
            coming counts.

    Raises:
        ValueError: a stream has two logs, or there are more than two billion writes.
    """
    sent = _SentKeys(dataset, logs)
    is_found = _Bits(sent.positions)
    found = landed = unexpected = 0
    unexpected_keys: list[Key] = []
    for pk, sk in found_keys:
        key = Key(pk, sk)
        match = sent.find(key)
        if match is None:
            unexpected += 1
            if len(unexpected_keys) < _EXAMPLES:
                unexpected_keys.append(key)
        elif is_found.add(match.position) and match.position >= dataset.seed_count:
            landed += match.is_ambiguous
            found += not match.is_ambiguous
    lost = sent.acknowledged - found
    missing = (at for at in sent.acknowledged_positions() if at not in is_found)
    return WriteAudit(
        counts=AuditCounts(
            acknowledged=sent.acknowledged,
            found=found,
            lost=lost,
            ambiguous=sent.ambiguous,
            ambiguous_landed=landed,
            unexpected=unexpected,
        ),
        lost_keys=tuple(map(sent.key_at, islice(missing, min(lost, _EXAMPLES)))),
        unexpected_keys=tuple(unexpected_keys),
    )


class _Match(NamedTuple):
    position: int
    is_ambiguous: bool


class _SentKeys:
    """Finds a key among those that were seeded, acknowledged or are ambiguous.

    Seeded items have the first positions, the writes of one log after the other the next. The
    positions stand in a hash table with linear probing, without the keys.
    """

    def __init__(self, dataset: Dataset, logs: Sequence[WriteLog]) -> None:
        if len({log.stream for log in logs}) < len(logs):
            raise ValueError("a stream has two logs")
        self._dataset = dataset
        self._logs = logs
        counts = [log.count for log in logs]
        self._firsts = list(accumulate(counts, initial=dataset.seed_count))
        self.positions = self._firsts[-1]
        if self.positions > _POSITION_LIMIT:
            raise ValueError(f"{self.positions} items are too many to be audited at once")
        self._mask = (1 << (2 * self.positions).bit_length()) - 1
        self._entries = array("I", [_NO_ENTRY]) * (self._mask + 1)
        self.acknowledged = self.ambiguous = 0
        for position in range(dataset.seed_count):
            self._put(position, is_ambiguous=False)
        for position, outcome in self._written():
            if outcome is Outcome.ACKNOWLEDGED:
                self.acknowledged += 1
                self._put(position, is_ambiguous=False)
            elif outcome is Outcome.UNKNOWN:
                self.ambiguous += 1
                self._put(position, is_ambiguous=True)

    def find(self, key: Key) -> _Match | None:
        """Return which item has this key."""
        slot = hash(key) & self._mask
        while (entry := self._entries[slot]) != _NO_ENTRY:
            position, is_ambiguous = divmod(entry, 2)
            if self.key_at(position) == key:
                return _Match(position, bool(is_ambiguous))
            slot = (slot + 1) & self._mask
        return None

    def key_at(self, position: int) -> Key:
        """Return the key of the item at a position."""
        if position < self._dataset.seed_count:
            item = self._dataset.seed_item(position)
        else:
            at = bisect_right(self._firsts, position) - 1
            index = position - self._firsts[at]
            item = self._dataset.written_item(self._logs[at].stream, index)
        return Key(item.pk, item.sk)

    def acknowledged_positions(self) -> Iterator[int]:
        """Yield the positions of all acknowledged writes."""
        return (at for at, outcome in self._written() if outcome is Outcome.ACKNOWLEDGED)

    def _written(self) -> Iterator[tuple[int, Outcome]]:
        for first, log in zip(self._firsts, self._logs, strict=False):
            for run in log.runs():
                for index in range(run.start, run.stop):
                    yield first + index, run.outcome

    def _put(self, position: int, *, is_ambiguous: bool) -> None:
        slot = hash(self.key_at(position)) & self._mask
        while self._entries[slot] != _NO_ENTRY:
            slot = (slot + 1) & self._mask
        self._entries[slot] = 2 * position + is_ambiguous


class _Bits:
    """A set of numbers below a limit, one bit for each."""

    def __init__(self, limit: int) -> None:
        self._bytes = bytearray(limit // 8 + 1)

    def __contains__(self, number: int) -> bool:
        return bool(self._bytes[number >> 3] >> (number & 7) & 1)

    def add(self, number: int) -> bool:
        """Add a number; return whether it was not there."""
        if number in self:
            return False
        self._bytes[number >> 3] |= 1 << (number & 7)
        return True
