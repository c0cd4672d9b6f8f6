"""Compares what was sent with what is in a table.

A key says which write it is of (`item_ids`), and the data seed makes that write again: so an audit
takes one byte for each write, whatever order the keys are found in, and is exact.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from itertools import islice
from typing import Final

from aqp_perf.core.data.dataset import SEED_STREAM, Dataset
from aqp_perf.core.data.item_ids import stream_tag
from aqp_perf.core.data.keys import Key
from aqp_perf.core.proof.write_audit import MOST_EXAMPLES, WriteAudit
from aqp_perf.core.proof.write_log import Outcome, WriteLog, written_keys

LOOKUP_KEYS: Final = 100
"""Keys of one look-up: as many as DynamoDB's BatchGetItem takes."""


def reconcile(
    dataset: Dataset,
    logs: Sequence[WriteLog],
    found_keys: Iterable[Key],
    *,
    earlier_tags: AbstractSet[int] = frozenset(),
) -> WriteAudit:
    """Compare what was sent with everything that is in the table.

    Args:
        dataset: the data, as the writers had it.
        logs: one for each stream that wrote in this run.
        found_keys: partition and sort key of every item in the table, seeded ones too, in any
            order. A key of this run may occur twice, as when a page is read twice; each occurrence
            of an unexpected key counts.
        earlier_tags: tags of streams of earlier runs into this table; their items are skipped.

    Raises:
        ValueError: two streams have one tag, or one stream has two logs.
    """
    sent = _SentWrites(dataset, logs, earlier_tags)
    unexpected = 0
    unexpected_keys: list[Key] = []
    for key in found_keys:
        if not sent.mark_found(key):
            unexpected += 1
            if len(unexpected_keys) < MOST_EXAMPLES:
                unexpected_keys.append(key)
    acknowledged, found = sent.counts(Outcome.ACKNOWLEDGED)
    ambiguous, landed = sent.counts(Outcome.UNKNOWN)
    return WriteAudit(
        acknowledged=acknowledged,
        checked=acknowledged,
        found=found,
        lost=acknowledged - found,
        ambiguous=ambiguous,
        ambiguous_landed=landed,
        unexpected=unexpected,
        lost_keys=tuple(islice(sent.lost_keys(), MOST_EXAMPLES)),
        unexpected_keys=tuple(unexpected_keys),
    )


def look_up(
    dataset: Dataset,
    logs: Sequence[WriteLog],
    present: Callable[[Sequence[Key]], AbstractSet[Key]],
    *,
    most: int,
    choose: Callable[[int, int], Iterable[int]],
) -> WriteAudit:
    """Look for the writes of a run by key, without reading the whole table.

    Args:
        dataset: the data, as the writers had it.
        logs: one for each stream that wrote in this run.
        present: returns which of up to `LOOKUP_KEYS` keys are in the table.
        most: most acknowledged writes to look for. Ambiguous ones are looked for if they are no
            more than that.
        choose: ``choose(n, k)`` returns k different numbers below n, ascending.
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


class _Stream:
    """The writes of one stream, and which of them were found."""

    def __init__(self, log: WriteLog) -> None:
        self.log = log
        self.runs = list(log.runs())
        self.found = bytearray(log.count)
        """1 at the index of each write that was found."""
        self._stops = [run.stop for run in self.runs]

    def may_have_landed(self, index: int) -> bool:
        if index >= self.log.count:
            return False
        run = self.runs[bisect_right(self._stops, index)]
        return run.outcome is not Outcome.REFUSED


class _SentWrites:
    """All writes of a run, and which of them were found."""

    def __init__(
        self, dataset: Dataset, logs: Sequence[WriteLog], earlier_tags: AbstractSet[int]
    ) -> None:
        self._dataset = dataset
        self._earlier_tags = earlier_tags
        self._seed_tag = stream_tag(dataset.seed, SEED_STREAM)
        self._streams = {stream_tag(dataset.seed, log.stream): _Stream(log) for log in logs}
        if self._seed_tag in self._streams or len(self._streams) < len(logs):
            raise ValueError("two streams have the same tag: their writes look alike")

    def mark_found(self, key: Key) -> bool:
        """Note that a key is in the table; return whether it may be there."""
        origin = self._dataset.origin_of(key)
        if origin is None:
            return False
        tag, index = origin
        stream = self._streams.get(tag)
        if stream is None:
            return tag in self._earlier_tags or (
                tag == self._seed_tag
                and index < self._dataset.seed_count
                and key == self._dataset.key_of(self._dataset.seed_item(index))
            )
        written = stream.log.stream
        if not stream.may_have_landed(index) or key != self._dataset.key_of(
            self._dataset.written_item(written, index)
        ):
            return False
        stream.found[index] = 1
        return True

    def counts(self, outcome: Outcome) -> tuple[int, int]:
        """Return how many writes have this outcome, and how many of them were found."""
        sent = found = 0
        for stream in self._streams.values():
            for run in stream.runs:
                if run.outcome is outcome:
                    sent += run.stop - run.start
                    found += stream.found.count(1, run.start, run.stop)
        return sent, found

    def lost_keys(self) -> Iterator[Key]:
        """Yield the keys of acknowledged writes that were not found."""
        for stream in self._streams.values():
            for run in stream.runs:
                if run.outcome is Outcome.ACKNOWLEDGED:
                    index = stream.found.find(0, run.start, run.stop)
                    while index >= 0:
                        yield self._dataset.key_of(
                            self._dataset.written_item(stream.log.stream, index)
                        )
                        index = stream.found.find(0, index + 1, run.stop)


def _all_keys(dataset: Dataset, logs: Sequence[WriteLog], outcome: Outcome) -> Iterator[Key]:
    for log in logs:
        yield from written_keys(dataset, log, outcome)


def _chosen(keys: Iterator[Key], numbers: Iterable[int]) -> Iterator[Key]:
    """Yield the keys at these ascending positions."""
    passed = 0
    for number in numbers:
        yield next(islice(keys, number - passed, None))
        passed = number + 1


def _batches(keys: Iterator[Key]) -> Iterator[list[Key]]:
    while batch := list(islice(keys, LOOKUP_KEYS)):
        yield batch
