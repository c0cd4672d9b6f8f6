"""Audits of the runs of a session, with a set of keys for a table."""

from collections.abc import Iterator, Sequence
from types import SimpleNamespace
from typing import Any

import pytest

from aqp_perf import targets
from aqp_perf.core.data.keys import Key
from aqp_perf.core.proof.write_log import Outcome, WriteLog
from aqp_perf.plugin.runs import audits
from aqp_perf.plugin.runs.audits import Audits, Writes
from aqp_perf.targets import Table
from tests.doubles.orders import orders

DATASET = orders(accounts=2, customers=3, partitions=2, items_per_partition=3)
OURS = Table(name="aqp_perf_x", is_ours=True, is_seeded=True)
SOMEBODYS = Table(name="orders", is_ours=False, is_seeded=False)
TARGET: Any = SimpleNamespace()


class FakeTable:
    """Stands for `aqp_perf.targets.TableReader`, over the keys that were put into it."""

    def __init__(self) -> None:
        self.items: set[Key] = set(map(DATASET.key_of, DATASET.seed_items()))
        self.consumed_read_units = 7.5
        self.reads: list[str] = []

    def keys(self) -> Iterator[Key]:
        self.reads.append("keys")
        return iter(self.items)

    def present(self, keys: Sequence[Key]) -> set[Key]:
        self.reads.append("present")
        return self.items & set(keys)

    def write(self, stream: str, count: int, *, lost: int = 0) -> Writes:
        """Return what a run of one stream did, the first few of whose writes are not there."""
        log = WriteLog(stream)
        for index in range(count):
            log.note(index, Outcome.ACKNOWLEDGED)
            if index >= lost:
                self.items.add(DATASET.key_of(DATASET.written_item(stream, index)))
        return Writes([log], are_all=True)


@pytest.fixture
def table(monkeypatch: pytest.MonkeyPatch) -> FakeTable:
    fake = FakeTable()
    monkeypatch.setattr(targets, "TableReader", lambda *_, **__: fake)
    return fake


def test_a_run_is_answerable_for_its_own_writes(table: FakeTable) -> None:
    own = Audits()
    first = own.audit(TARGET, OURS, DATASET, table.write("a/0/0", 20), 1_000)
    second = own.audit(TARGET, OURS, DATASET, table.write("b/0/0", 10, lost=2), 1_000)

    assert (first.acknowledged, first.found, first.unexpected) == (20, 20, 0)
    assert (second.acknowledged, second.found, second.lost, second.unexpected) == (10, 8, 2, 0)
    assert second.consumed_read_units == 7.5


def test_items_of_nobody_are_unexpected(table: FakeTable) -> None:
    table.items.add(Key("x", "y"))

    audit = Audits().audit(TARGET, OURS, DATASET, table.write("a/0/0", 20), 1_000)

    assert audit.unexpected_keys == (("x", "y"),)


@pytest.mark.parametrize("way", ["a run that crashed", "users of others"])
def test_after_writes_that_nobody_logged_no_item_is_unexpected(table: FakeTable, way: str) -> None:
    own = Audits()
    if way == "users of others":
        own.pass_over(OURS, DATASET, Writes([], are_all=False))
    else:
        own.note_unknown(OURS)
    table.items.add(Key("x", "y"))

    audit = own.audit(TARGET, OURS, DATASET, table.write("a/0/0", 20, lost=1), 1_000)

    assert (audit.lost, audit.unexpected, audit.unexpected_keys) == (1, None, ())


def test_a_run_that_was_not_audited_is_known_to_the_next(table: FakeTable) -> None:
    own = Audits()
    own.pass_over(OURS, DATASET, table.write("a/0/0", 20))

    assert own.audit(TARGET, OURS, DATASET, table.write("b/0/0", 20), 1_000).unexpected == 0


@pytest.mark.parametrize(("most_items", "is_whole"), [(46, True), (45, False)])
def test_a_table_with_more_items_than_asked_for_is_not_read_as_a_whole(
    table: FakeTable, most_items: int, *, is_whole: bool
) -> None:
    """Six items are seeded; an earlier run wrote 20, and this one 20."""
    own = Audits()
    own.pass_over(OURS, DATASET, table.write("a/0/0", 20))

    audit = own.audit(TARGET, OURS, DATASET, table.write("b/0/0", 20), most_items)

    assert set(table.reads) == {"keys" if is_whole else "present"}
    assert audit.found == 20


def test_of_more_writes_than_are_looked_up_a_random_sample_is(
    table: FakeTable, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audits, "MOST_LOOKUPS", 150)

    audit = Audits().audit(TARGET, OURS, DATASET, table.write("a/0/0", 500, lost=250), 400)

    assert (audit.acknowledged, audit.checked, audit.unexpected) == (500, 150, None)
    assert audit.is_sample
    assert 30 < audit.lost < 120


def test_a_table_of_somebody_else_is_never_read_as_a_whole(table: FakeTable) -> None:
    audit = Audits().audit(TARGET, SOMEBODYS, DATASET, table.write("a/0/0", 20, lost=3), 1_000)

    assert set(table.reads) == {"present"}
    assert (audit.checked, audit.lost, audit.unexpected) == (20, 3, None)
