"""Audits of writes: finds in the table what each run of a session wrote."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from random import Random
from typing import Final, NamedTuple

from aqp_perf import targets
from aqp_perf.core.data.dataset import Dataset
from aqp_perf.core.data.item_ids import stream_tag
from aqp_perf.core.proof.reconcile import look_up, reconcile
from aqp_perf.core.proof.write_audit import WriteAudit
from aqp_perf.core.proof.write_log import WriteLog
from aqp_perf.targets import Table, Target

MOST_LOOKUPS: Final = 100_000
"""Writes that are looked up one by one, where the table is not read as a whole. When none of a
random sample is missing, less than 0.004 % of all are, with 95 % confidence."""


class Writes(NamedTuple):
    """What a run wrote.

    Args:
        logs: the outcome of each write, stream by stream.
        are_all: whether these are all: no other user class wrote, no worker was lost.
    """

    logs: Sequence[WriteLog]
    are_all: bool


class Audits:
    """Audits the runs of one pytest process, in order."""

    def __init__(self) -> None:
        self._tags: defaultdict[str, set[int]] = defaultdict(set)
        """Table → tags of all streams that wrote to it."""
        self._counts: defaultdict[str, int] = defaultdict(int)
        """Table → items they may have added."""
        self._foreign: set[str] = set()
        """Tables that may have items no log knows of."""

    def note_unknown(self, table: Table) -> None:
        """Remember that a run may have written unknown items to ``table``."""
        self._foreign.add(table.name)

    def audit(
        self, target: Target, table: Table, dataset: Dataset, writes: Writes, most_items: int
    ) -> WriteAudit:
        """Look for what a run wrote.

        A table that we created is read as a whole, which also finds unexpected items, unless it may
        hold more than ``most_items``. In other tables the writes are looked up one by one.

        Raises:
            TargetError: the table cannot be read.
            ValueError: the logs contradict each other.
        """
        earlier = frozenset(self._tags[table.name])
        self.pass_over(table, dataset, writes)
        items = dataset.seed_count + self._counts[table.name]
        reader = targets.TableReader(target, table.name, dataset)
        if table.is_ours and items <= most_items:
            keys = reader.keys()
            audit = reconcile(dataset, writes.logs, keys, earlier_tags=earlier)
            if table.name in self._foreign:
                audit = replace(audit, unexpected=None, unexpected_keys=())
        else:
            rng = Random(dataset.seed)  # noqa: S311 - draws a sample
            audit = look_up(
                dataset,
                writes.logs,
                reader.present,
                most=min(most_items, MOST_LOOKUPS),
                choose=lambda below, count: sorted(rng.sample(range(below), count)),
            )
        return replace(audit, consumed_read_units=reader.consumed_read_units)

    def pass_over(self, table: Table, dataset: Dataset, writes: Writes) -> None:
        """Remember what a run wrote, so that later audits expect it."""
        tags = (stream_tag(dataset.seed, log.stream) for log in writes.logs)
        self._tags[table.name].update(tags)
        self._counts[table.name] += sum(log.count for log in writes.logs)
        if not writes.are_all:
            self.note_unknown(table)
