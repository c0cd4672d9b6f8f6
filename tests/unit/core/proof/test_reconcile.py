"""The audit against plain sets of keys."""

from collections.abc import Sequence
from dataclasses import replace
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aqp_perf.core.data.dataset import Dataset, KeyChoice
from aqp_perf.core.data.item_ids import stream_tag
from aqp_perf.core.data.keys import Key
from aqp_perf.core.proof.reconcile import LOOKUP_KEYS, look_up, reconcile
from aqp_perf.core.proof.write_audit import WriteAudit
from aqp_perf.core.proof.write_log import Outcome, WriteLog
from aqp_perf.core.records import from_json, to_json
from tests.doubles.orders import orders

law = settings(max_examples=100)

DATASET = orders(accounts=2, customers=3, partitions=2, items_per_partition=3)
A, R, U = Outcome

seeded = [DATASET.key_of(item) for item in DATASET.seed_items()]
sent = st.lists(
    st.lists(st.tuples(st.sampled_from(Outcome), st.booleans()), max_size=30), max_size=4
)
strangers = st.sets(st.builds(Key, st.sampled_from([seeded[0].pk, "x"]), st.text(max_size=5)))


def key_of(user: int, index: int, dataset: Dataset = DATASET) -> Key:
    return dataset.key_of(dataset.written_item(f"run/0/{user}", index))


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
    assert audit == WriteAudit(
        acknowledged=len(keys[A]),
        checked=len(keys[A]),
        found=len(keys[A] & landed),
        lost=len(lost),
        ambiguous=len(keys[U]),
        ambiguous_landed=len(keys[U] & landed),
        unexpected=len(unexpected),
        lost_keys=audit.lost_keys,
        unexpected_keys=audit.unexpected_keys,
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

        assert (audit.lost, audit.lost_keys) == (1, (lost,))
        assert (audit.unexpected, audit.found) == (0, 79)


@pytest.mark.parametrize(
    "change",
    [lambda pk, sk: (pk + "0", sk), lambda pk, sk: (pk, sk + "0"), lambda pk, sk: (sk, pk)],
)
def test_a_key_must_match_its_write_exactly(change: object) -> None:
    assert callable(change)
    found = change(*key_of(0, 0))

    audit = reconcile(DATASET, logs_of([[A]]), [found])

    assert (audit.lost, audit.unexpected) == (1, 1)


@pytest.mark.parametrize("choice", KeyChoice)
def test_how_partitions_are_chosen_does_not_matter(choice: KeyChoice) -> None:
    dataset = orders(key_choice=choice)
    found = [key_of(0, index, dataset) for index in range(200) if index != 50]

    audit = reconcile(dataset, logs_of([[A] * 200]), found)

    assert (audit.found, audit.lost, audit.unexpected) == (199, 1, 0)


def test_items_of_another_run_are_unexpected_unless_it_wrote_into_the_same_table() -> None:
    other = DATASET.key_of(DATASET.written_item("another run/0/0", 0))
    found = [key_of(0, 0), other]
    tags = {stream_tag(DATASET.seed, "another run/0/0")}

    alone = reconcile(DATASET, logs_of([[A]]), found)
    second = reconcile(DATASET, logs_of([[A]]), found, earlier_tags=tags)

    assert alone.unexpected_keys == (found[1],)
    assert (second.unexpected, second.found) == (0, 1)


def test_an_item_beyond_what_was_sent_is_unexpected() -> None:
    audit = reconcile(DATASET, logs_of([[A]]), [key_of(0, 0), key_of(0, 1)])

    assert audit.unexpected_keys == (key_of(0, 1),)


def test_an_item_beyond_what_was_seeded_is_unexpected() -> None:
    more = orders(accounts=2, customers=3, partitions=2, items_per_partition=4)
    keys = set(map(more.key_of, more.seed_items()))

    assert reconcile(DATASET, [], keys).unexpected == len(keys - set(seeded))


def test_without_writes_only_strangers_are_counted() -> None:
    nothing = WriteAudit(
        acknowledged=0,
        checked=0,
        found=0,
        lost=0,
        ambiguous=0,
        ambiguous_landed=0,
        unexpected=0,
    )

    assert reconcile(orders(items_per_partition=0), [], []) == nothing
    assert reconcile(DATASET, [], seeded) == nothing


def test_a_stream_has_one_log() -> None:
    with pytest.raises(ValueError, match="two streams have the same tag"):
        reconcile(DATASET, [WriteLog("run/0/1"), WriteLog("run/0/1")], [])


@law
@given(sent, st.integers(0, 40), st.integers(0, 2**32))
def test_looking_up_counts_what_is_there(
    sent: list[list[tuple[Outcome, bool]]], most: int, seed: int
) -> None:
    logs = logs_of([[outcome for outcome, _ in each] for each in sent])
    landed = {
        key_of(user, index)
        for user, writes in enumerate(sent)
        for index, (_, has_landed) in enumerate(writes)
        if has_landed
    }
    asked: list[Key] = []

    def present(keys: Sequence[Key]) -> set[Key]:
        assert 0 < len(keys) <= LOOKUP_KEYS
        asked.extend(keys)
        return landed & set(keys)

    def choose(below: int, count: int) -> list[int]:
        return sorted(Random(seed).sample(range(below), count))  # noqa: S311 - a sample

    audit = look_up(DATASET, logs, present, most=most, choose=choose)

    outcomes = [each for writes in sent for each in writes]
    acknowledged = sum(outcome is A for outcome, _ in outcomes)
    ambiguous = sum(outcome is U for outcome, _ in outcomes)
    assert audit.acknowledged == acknowledged
    assert audit.checked == min(acknowledged, most)
    assert len(set(asked)) == len(asked) == audit.checked + (ambiguous if ambiguous <= most else 0)
    assert audit.found == len(landed & set(asked[: audit.checked]))
    assert set(audit.lost_keys) <= set(asked[: audit.checked]) - landed
    assert len(audit.lost_keys) == min(audit.lost, 5)
    assert audit.unexpected is None
    if ambiguous <= most:
        assert audit.ambiguous_landed == sum(has for outcome, has in outcomes if outcome is U)
    else:
        assert audit.ambiguous_landed is None


def test_faults_show_the_first_keys() -> None:
    lost = reconcile(DATASET, logs_of([[A] * 7 + [R]]), [key_of(0, 7)])
    right = reconcile(DATASET, logs_of([[A, U, R]]), [key_of(0, 0)])

    assert right.faults == ()
    first, second = lost.faults
    pk, sk = key_of(0, 0)
    assert first.startswith(f"7 of 7 acknowledged writes are not in the table: {pk} {sk}, ")
    assert first.endswith(" and 2 more")
    pk, sk = key_of(0, 7)
    assert second == f"1 item in the table was refused or never sent: {pk} {sk}"


def test_faults_without_kept_keys_are_whole_sentences() -> None:
    lost = reconcile(DATASET, logs_of([[A, A, R, R]]), [key_of(0, index) for index in (0, 2, 3)])

    assert replace(lost, lost_keys=(), unexpected_keys=()).faults == (
        "1 of 2 acknowledged writes is not in the table",
        "2 items in the table were refused or never sent",
    )


def test_an_audit_survives_a_round_trip_through_the_report() -> None:
    audit = reconcile(DATASET, logs_of([[A, U, A]]), [key_of(0, 0), key_of(1, 0)])

    assert from_json(to_json(audit), WriteAudit, "audit") == audit


def test_an_audit_that_does_not_add_up_is_refused() -> None:
    audit = reconcile(DATASET, logs_of([[A]]), [])

    with pytest.raises(ValueError, match="cannot find 1 and miss 1 of 1"):
        replace(audit, found=1)
