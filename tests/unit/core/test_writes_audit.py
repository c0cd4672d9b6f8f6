"""The audit against plain sets of keys."""

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from perf.core import write_audit
from perf.core.dataset import Dataset, KeyChoice
from perf.core.write_audit import AuditCounts, reconcile
from perf.core.writes import Key, Outcome, WriteLog

law = settings(max_examples=100, deadline=None)

DATASET = Dataset(accounts=2, customers=3, partitions=2, items_per_partition=3)
A, R, U = Outcome

seeded = [Key(item.pk, item.sk) for item in DATASET.seed_items()]
sent = st.lists(
    st.lists(st.tuples(st.sampled_from(Outcome), st.booleans()), max_size=30), max_size=4
)
strangers = st.sets(st.builds(Key, st.sampled_from([seeded[0].pk, "x"]), st.text(max_size=5)))


def key_of(user: int, index: int, dataset: Dataset = DATASET) -> Key:
    item = dataset.written_item(f"run/0/{user}", index)
    return Key(item.pk, item.sk)


def logs_of(outcomes: list[list[Outcome]]) -> list[WriteLog]:
    logs = [WriteLog(f"run/0/{user}") for user in range(len(outcomes))]
    for log, each in zip(logs, outcomes, strict=True):
        for index, outcome in enumerate(each):
            log.note(index, outcome)
    return logs


@law
@given(sent, strangers, st.booleans(), st.randoms(use_true_random=False))
def test_the_counts_are_those_of_sets(
    sent: list[list[tuple[Outcome, bool]]],
    strangers: set[Key],
    reads_seeded: bool,  # noqa: FBT001 - a case
    random: Random,
) -> None:
    """Whatever landed of what was sent, in whatever order it is found, and how often."""
    keys = {
        outcome: {
            key_of(user, index)
            for user, writes in enumerate(sent)
            for index, (each, _) in enumerate(writes)
            if each is outcome
        }
        for outcome in Outcome
    }
    landed = {
        key_of(user, index)
        for user, writes in enumerate(sent)
        for index, (_, has_landed) in enumerate(writes)
        if has_landed
    }
    table = [*landed, *strangers, *(seeded if reads_seeded else [])]
    known = (keys[A] | keys[U]) & landed
    found = table + [key for key in sorted(known) if random.random() < 0.2]
    random.shuffle(found)

    audit = reconcile(DATASET, logs_of([[outcome for outcome, _ in each] for each in sent]), found)

    lost, unexpected = keys[A] - landed, (keys[R] & landed) | strangers
    assert audit.counts == AuditCounts(
        acknowledged=len(keys[A]),
        found=len(keys[A] & landed),
        lost=len(lost),
        ambiguous=len(keys[U]),
        ambiguous_landed=len(keys[U] & landed),
        unexpected=len(unexpected),
    )
    assert len(audit.lost_keys) == min(len(lost), 5)
    assert set(audit.lost_keys) <= lost
    assert len(audit.unexpected_keys) == min(len(unexpected), 5)
    assert set(audit.unexpected_keys) <= unexpected


def test_every_single_lost_write_is_named() -> None:
    logs = logs_of([[A] * 40, [A] * 40])
    everything = [key_of(user, index) for user in (0, 1) for index in range(40)]
    for lost in everything:
        audit = reconcile(DATASET, logs, [key for key in everything if key != lost])

        assert (audit.counts.lost, audit.lost_keys) == (1, (lost,))
        assert (audit.counts.unexpected, audit.counts.found) == (0, 79)


@pytest.mark.parametrize(
    "change",
    [lambda pk, sk: (pk + "0", sk), lambda pk, sk: (pk, sk + "0"), lambda pk, sk: (sk, pk)],
)
def test_a_key_is_ours_only_when_all_of_it_is(change: object) -> None:
    assert callable(change)
    found = change(*key_of(0, 0))

    audit = reconcile(DATASET, logs_of([[A]]), [found])

    assert (audit.counts.lost, audit.counts.unexpected) == (1, 1)


def test_keys_that_hash_alike_are_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    """All in one slot: the slowest table, and still the right one."""
    monkeypatch.setattr(write_audit, "hash", lambda _: -1, raising=False)
    keys = [key_of(0, index) for index in range(20)]

    audit = reconcile(DATASET, logs_of([[A, U] * 10]), [*keys[:9], ("x", "y"), *keys[11:]])

    assert audit.counts == AuditCounts(
        acknowledged=10, found=9, lost=1, ambiguous=10, ambiguous_landed=9, unexpected=1
    )


@pytest.mark.parametrize("choice", KeyChoice)
def test_how_partitions_are_chosen_does_not_matter(choice: KeyChoice) -> None:
    dataset = Dataset(key_choice=choice)
    found = [key_of(0, index, dataset) for index in range(200) if index != 50]

    counts = reconcile(dataset, logs_of([[A] * 200]), found).counts

    assert (counts.found, counts.lost, counts.unexpected) == (199, 1, 0)


def test_items_of_another_run_are_unexpected() -> None:
    other = DATASET.written_item("another run/0/0", 0)

    audit = reconcile(DATASET, logs_of([[A]]), [key_of(0, 0), (other.pk, other.sk)])

    assert audit.unexpected_keys == (Key(other.pk, other.sk),)


def test_without_writes_only_strangers_are_counted() -> None:
    nothing = AuditCounts(
        acknowledged=0, found=0, lost=0, ambiguous=0, ambiguous_landed=0, unexpected=0
    )

    assert reconcile(Dataset(items_per_partition=0), [], []).counts == nothing
    assert reconcile(DATASET, [], seeded).counts == nothing


def test_a_stream_has_one_log() -> None:
    with pytest.raises(ValueError, match="a stream has two logs"):
        reconcile(DATASET, [WriteLog("run/0/1"), WriteLog("run/0/1")], [])


def test_more_writes_than_positions_are_refused() -> None:
    log = WriteLog.from_text("run/0/1", f"{2**31}a")

    with pytest.raises(ValueError, match="2147483654 items are too many to be audited at once"):
        reconcile(DATASET, [log], [])


@pytest.mark.parametrize("count", [1_000, 5_000])
def test_a_write_takes_no_more_than_17_bytes(count: int) -> None:
    sent = write_audit._SentKeys(DATASET, logs_of([[A] * count]))
    table_bytes = len(sent._entries) * sent._entries.itemsize
    bits_bytes = len(write_audit._Bits(sent.positions)._bytes)

    assert table_bytes + bits_bytes <= 17 * sent.positions
