"""Compares what was sent with what is in a table.

A key says which write it is of (`order_ids`), and the data seed makes that write again:
so an audit takes one bit for each write, whatever order the keys are found in, and is exact. No
lost write is missed, and none invented.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from itertools import islice
from typing import Final, NamedTuple

from aqp_perf.core.data.dataset import SEED_STREAM, Dataset
from aqp_perf.core.data.order_ids import read_order_id, stream_tag
from aqp_perf.core.proof.write_audit import MOST_EXAMPLES, WriteAudit
from aqp_perf.core.proof.write_log import Key, Outcome, WriteLog, written_keys

LOOKUP_KEYS: Final = 100
"""Keys that are looked up at once, as many as DynamoDB's BatchGetItem takes."""


def reconcile(
    dataset: Dataset,
    logs: Sequence[WriteLog],
    found_keys: Iterable[tuple[str, str]],
    *,
    earlier_tags: AbstractSet[int] = frozenset(),
) -> WriteAudit:
    """Compare what was sent with everything that is in the table.

    Args:
        dataset: the data, as the writers had it.
        logs: one for each stream that wrote in this run.
        found_keys: partition and sort key of every item in the table, in any order, seeded items
            or not. One that we know may come again, as when a page is read twice; of others, each
            coming counts.
        earlier_tags: tags of streams of earlier runs into this table; their items are passed over.

    Raises:
        ValueError: two streams have one tag, or one stream has two logs.
    """
    sent = _SentWrites(dataset, logs)
    unexpected = 0
    unexpected_keys: list[Key] = []
    for pk, sk in found_keys:
        key = Key(pk, sk)
        if not sent.tick(key, earlier_tags):
            unexpected += 1
            if len(unexpected_keys) < MOST_EXAMPLES:
                unexpected_keys.append(key)
    return WriteAudit(
        acknowledged=sent.acknowledged,
        checked=sent.acknowledged,
        found=sent.found,
        lost=sent.acknowledged - sent.found,
        ambiguous=sent.ambiguous,
        ambiguous_landed=sent.landed,
        unexpected=unexpected,
        lost_keys=tuple(islice(sent.missing_keys(), MOST_EXAMPLES)),
        unexpected_keys=tuple(unexpected_keys),
    )


def look_up(
    dataset: Dataset,
    logs: Sequence[WriteLog],
    present: Callable[[Sequence[Key]], AbstractSet[tuple[str, str]]],
    *,
    most: int,
    choose: Callable[[int, int], Iterable[int]],
) -> WriteAudit:
    """Look for the writes of a run one by one, without reading the whole table.

    Args:
        dataset: the data, as the writers had it.
        logs: one for each stream that wrote in this run.
        present: returns those of up to `LOOKUP_KEYS` keys that are in the table.
        most: how many acknowledged writes are looked for; and how many ambiguous ones, but all of
            them or none.
        choose: returns so many (the second number) different numbers below the first, ascending.
    """
    acknowledged, ambiguous = (
        sum(log.count_of(outcome) for log in logs)
        for outcome in (Outcome.ACKNOWLEDGED, Outcome.UNKNOWN)
    )
    checked = min(acknowledged, most)
    keys = _all_keys(dataset, logs, Outcome.ACKNOWLEDGED)
    found = 0
    lost_keys: list[Key] = []
    for batch in _batches(_chosen(keys, choose(acknowledged, checked))):
        there = present(batch)
        missing = [key for key in batch if key not in there]
        found += len(batch) - len(missing)
        lost_keys += missing[: MOST_EXAMPLES - len(lost_keys)]
    landed = None
    if ambiguous <= most:
        unknown = _all_keys(dataset, logs, Outcome.UNKNOWN)
        landed = sum(len(present(batch)) for batch in _batches(unknown))
    return WriteAudit(
        acknowledged=acknowledged,
        checked=checked,
        found=found,
        lost=checked - found,
        ambiguous=ambiguous,
        ambiguous_landed=landed,
        unexpected=None,
        lost_keys=tuple(lost_keys),
    )


class _Stream(NamedTuple):
    """What one stream wrote, and where its writes stand among those of all streams."""

    log: WriteLog
    first: int
    stops: Sequence[int]
    """Where each of the log's runs ends."""
    outcomes: Sequence[Outcome]

    def outcome(self, index: int) -> Outcome:
        """Return what became of a write that was sent; one that was not was refused."""
        if index >= self.log.count:
            return Outcome.REFUSED
        return self.outcomes[bisect_right(self.stops, index)]


class _SentWrites:
    """All writes of a run, of which those that are found get a tick."""

    def __init__(self, dataset: Dataset, logs: Sequence[WriteLog]) -> None:
        self._dataset = dataset
        self._seed_tag = stream_tag(dataset.seed, SEED_STREAM)
        self._streams: dict[int, _Stream] = {}
        first = 0
        for log in logs:
            runs = list(log.runs())
            self._streams[stream_tag(dataset.seed, log.stream)] = _Stream(
                log, first, [run.stop for run in runs], [run.outcome for run in runs]
            )
            first += log.count
        if self._streams.keys() & {self._seed_tag} or len(self._streams) < len(logs):
            raise ValueError("two of the streams cannot be told apart")
        self._ticks = _Bits(first)
        self.acknowledged = sum(log.count_of(Outcome.ACKNOWLEDGED) for log in logs)
        self.ambiguous = sum(log.count_of(Outcome.UNKNOWN) for log in logs)
        self.found = self.landed = 0

    def tick(self, key: Key, earlier_tags: AbstractSet[int]) -> bool:
        """Note that this key is in the table; return whether it may be."""
        origin = read_order_id(key.sk.rpartition("#")[2])
        if origin is None:
            return False
        tag, index = origin
        stream = self._streams.get(tag)
        if stream is None:
            return tag in earlier_tags or (tag == self._seed_tag and self._is_seeded(key, index))
        outcome = stream.outcome(index)
        if outcome is Outcome.REFUSED or key != self._key(stream.log, index):
            return False
        if self._ticks.add(stream.first + index):
            self.found += outcome is Outcome.ACKNOWLEDGED
            self.landed += outcome is Outcome.UNKNOWN
        return True

    def missing_keys(self) -> Iterator[Key]:
        """Yield the keys of acknowledged writes without a tick."""
        for stream in self._streams.values():
            for run in stream.log.runs():
                if run.outcome is Outcome.ACKNOWLEDGED:
                    for index in range(run.start, run.stop):
                        if stream.first + index not in self._ticks:
                            yield self._key(stream.log, index)

    def _is_seeded(self, key: Key, index: int) -> bool:
        if index >= self._dataset.seed_count:
            return False
        item = self._dataset.seed_item(index)
        return key == (item.pk, item.sk)

    def _key(self, log: WriteLog, index: int) -> Key:
        item = self._dataset.written_item(log.stream, index)
        return Key(item.pk, item.sk)


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


def _all_keys(dataset: Dataset, logs: Sequence[WriteLog], outcome: Outcome) -> Iterator[Key]:
    for log in logs:
        yield from written_keys(dataset, log, outcome)


def _chosen(keys: Iterator[Key], numbers: Iterable[int]) -> Iterator[Key]:
    """Yield the keys with these numbers, which rise."""
    passed = 0
    for number in numbers:
        yield next(islice(keys, number - passed, None))
        passed = number + 1


def _batches(keys: Iterator[Key]) -> Iterator[list[Key]]:
    while batch := list(islice(keys, LOOKUP_KEYS)):
        yield batch
