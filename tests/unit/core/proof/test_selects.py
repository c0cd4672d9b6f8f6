import json
from decimal import Decimal
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aqp_perf.core.data.dataset import Dataset
from aqp_perf.core.data.statements import STATUSES, select_statement
from aqp_perf.core.proof import SelectExpectation, WrongAnswerKind, check_items, expect_items
from tests.doubles.orders import key_text, order, orders

law = settings(max_examples=60)

DATASET = orders(seed=3, partitions=4, items_per_partition=60)
PK = key_text(DATASET, 2)

Items = list[dict[str, Any]]


def items_of(pk: str = PK, status: str = "SHIPPED", dataset: Dataset = DATASET) -> Items:
    """Return what DynamoDB answers: copies, in sort key order."""
    found = [i for i in map(order, dataset.seed_items()) if (i.pk, i.status) == (pk, status)]
    items = [item.attributes() for item in sorted(found, key=lambda item: item.sk)]
    return json.loads(json.dumps(items))  # type: ignore[no-any-return] # what went in


def expectation_of(status: str = "SHIPPED", dataset: Dataset = DATASET) -> SelectExpectation:
    return expect_items(dataset, table="orders", pk=key_text(dataset, 2), status=status)


def kind_of(items: object, expectation: SelectExpectation | None = None) -> WrongAnswerKind | None:
    wrong = check_items(expectation or expectation_of(), items)
    return None if wrong is None else wrong.kind


@law
@given(
    st.integers(), st.integers(0, 40), st.sampled_from(STATUSES), st.randoms(use_true_random=False)
)
def test_exactly_the_items_with_the_status_are_right_in_any_order(
    seed: int, count: int, status: str, random: Random
) -> None:
    dataset = orders(seed=seed, partitions=3, items_per_partition=count)
    items = items_of(key_text(dataset, 2), status, dataset)
    random.shuffle(items)

    assert kind_of(items, expectation_of(status, dataset)) is None


def test_the_data_of_these_tests_has_several_items_to_answer() -> None:
    assert len(items_of()) >= 5


@pytest.mark.parametrize("rewrite", ["{}00", "+{}", "{}e0", "0{}"])
def test_a_number_may_be_written_otherwise(rewrite: str) -> None:
    items = items_of()
    items[0]["amount"]["N"] = rewrite.format(items[0]["amount"]["N"])

    assert kind_of(items) is None


@law
@given(st.integers(0, 4), st.sampled_from(["zipcode", "username", "datetime", "status", "amount"]))
def test_an_attribute_that_differs_is_a_wrong_value(which: int, name: str) -> None:
    items = items_of()
    ((kind, text),) = items[which][name].items()
    items[which][name] = {kind: str(Decimal(text) + 1) if kind == "N" else f"{text}_1"}

    wrong = check_items(expectation_of(), items)

    assert wrong is not None
    assert wrong.kind is WrongAnswerKind.WRONG_VALUE
    assert f"{items[which]['sk']['S']}: {name} {text}" in wrong.expected


@law
@given(st.data())
def test_pages_lost_at_the_end_or_the_beginning_are_truncation(data: st.DataObject) -> None:
    items = items_of()
    count = data.draw(st.integers(1, len(items) - 1))
    part = data.draw(st.sampled_from([items[:count], items[count:]]))

    assert kind_of(part) is WrongAnswerKind.TRUNCATED


LAST = len(items_of()) - 1


@law
@given(st.sets(st.integers(1, LAST - 1), min_size=1))
def test_other_items_that_are_absent_are_missing(absent: set[int]) -> None:
    left = [item for index, item in enumerate(items_of()) if index not in absent]

    assert kind_of(left) is WrongAnswerKind.MISSING_GROUP


def test_an_answer_without_any_item_has_them_missing() -> None:
    assert kind_of([]) is WrongAnswerKind.MISSING_GROUP


def test_a_part_with_a_wrong_value_is_not_mere_truncation() -> None:
    items = items_of()[:-1]
    items[0]["amount"]["N"] = "1"

    assert kind_of(items) is WrongAnswerKind.MISSING_GROUP


@pytest.mark.parametrize(("pk", "status"), [(PK, "CREATED"), (key_text(DATASET, 1), "SHIPPED")])
def test_items_of_another_question_are_cross_talk(pk: str, status: str) -> None:
    others = items_of(pk, status)

    kinds = [kind_of(others), kind_of([*items_of(), others[0]])]

    assert kinds == [WrongAnswerKind.CROSS_TALK] * 2


def test_an_item_of_a_partition_that_takes_writes_is_cross_talk() -> None:
    written = DATASET.written_item("run/0/1", 0)

    assert kind_of([*items_of(), written]) is WrongAnswerKind.CROSS_TALK


@pytest.mark.parametrize(
    ("pk", "sk"),
    [
        (PK, "STATUS#SHIPPED#ORDER#1"),
        (PK, "STATUS#CREATED#ORDER#1"),
        ("x", "STATUS#SHIPPED#ORDER#1"),
        ("x", items_of()[0]["sk"]["S"]),
    ],
)
def test_an_item_that_is_not_in_the_data_is_extra(pk: str, sk: str) -> None:
    items = items_of()
    strange = items[0] | {"pk": {"S": pk}, "sk": {"S": sk}}

    kinds = [kind_of([*items, strange]), kind_of([*items[1:], strange])]

    assert kinds == [WrongAnswerKind.EXTRA_GROUP] * 2


def test_an_item_that_is_there_twice_is_extra() -> None:
    items = items_of()

    wrong = check_items(expectation_of(), [*items, items[0]])

    assert wrong is not None
    assert wrong.kind is WrongAnswerKind.EXTRA_GROUP
    assert (wrong.expected, wrong.got) == (
        f"{len(items)} items",
        f"{len(items) + 1} items, some of them twice",
    )


@pytest.mark.parametrize(
    "change",
    [
        {"amount": {"S": "1"}},
        {"amount": {"N": 1}},
        {"amount": {"N": "one"}},
        {"amount": {"N": "NaN"}},
        {"amount": {"N": "Infinity"}},
        {"amount": {"N": "1" * 201}},
        {"amount": {"N": "1", "S": "1"}},
        {"amount": None},
        {"amount": {}},
        {"status": {"N": "1"}},
        {"status": {"S": None}},
        {"status": "SHIPPED"},
        {"more": {"S": "x"}},
    ],
)
def test_an_item_with_other_attributes_is_malformed(change: dict[str, Any]) -> None:
    items = items_of()

    assert kind_of([*items[1:], items[0] | change]) is WrongAnswerKind.MALFORMED


@pytest.mark.parametrize("items", [None, {}, "items", 7, [None], [[]], [{}], ["pk"]])
def test_what_is_not_items_is_malformed(items: object) -> None:
    assert kind_of(items) is WrongAnswerKind.MALFORMED


def test_evidence_names_the_question_and_the_items() -> None:
    items = items_of()
    strange = items[0] | {"sk": {"S": "STATUS#SHIPPED#ORDER#1"}}

    wrong = check_items(expectation_of(), [*items[1:], strange])

    assert wrong is not None
    missing = items[0]["sk"]["S"]
    assert wrong.query == f"{select_statement('orders')} ['{PK}', 'STATUS#SHIPPED#']"
    assert wrong.expected == f"{missing}, no item ['{PK}', 'STATUS#SHIPPED#ORDER#1']"
    assert wrong.got == f"no {missing}, an item ['{PK}', 'STATUS#SHIPPED#ORDER#1']"
