import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aqp_perf.core.proof import (
    AggregateQuery,
    Oracle,
    WrongAnswerKind,
    check_answer,
    check_items,
    expect_aggregate,
    expect_items,
)
from tests.doubles.orders import key_text, orders

law = settings(max_examples=60)

DATASET = orders(seed=5, partitions=3, items_per_partition=12, zipcodes=5)
PK = key_text(DATASET, 0)

Rows = list[dict[str, Any]]


def right_rows(query: AggregateQuery, pk: str = PK) -> Rows:
    totals = expect_aggregate(DATASET, table="orders", query=query, pk=pk).totals
    return [
        {query.value: group, "pk": pk, "total": float(total.exact)}
        for group, total in totals.items()
    ]


def is_one(total: float) -> bool:
    return total == 1


def changed(rows: Rows, change: str) -> object:
    """Return an answer with one of the faults that an answer can have."""
    answers: dict[str, object] = {
        "none": rows,
        "reversed": rows[::-1],
        "short": rows[:1] + rows[2:],
        "too much": [*rows[:-1], rows[-1] | {"total": rows[-1]["total"] + 1}],
        "true": [row | {"total": is_one(row["total"]) or row["total"]} for row in rows],
        "twice": [*rows, rows[0]],
        "elsewhere": [row | {"pk": key_text(DATASET, 1)} for row in rows],
        "null": None,
    }
    return answers[change]


CHANGES = ["none", "reversed", "short", "too much", "true", "twice", "elsewhere", "null"]


@law
@given(
    st.lists(
        st.tuples(
            st.sampled_from(AggregateQuery), st.sampled_from([0, 1]), st.sampled_from(CHANGES)
        ),
        max_size=12,
    ),
    st.integers(1, 40),
)
def test_earlier_checks_do_not_change_a_result(
    asked: list[tuple[AggregateQuery, int, str]], kept_rows: int
) -> None:
    oracle = Oracle(DATASET, "orders", kept_rows=kept_rows)

    for query, number, change in asked:
        pk = key_text(DATASET, number)
        rows = changed(json.loads(json.dumps(right_rows(query, pk))), change)
        expectation = expect_aggregate(DATASET, table="orders", query=query, pk=pk)
        assert oracle.check_aggregate(query, pk, rows) == check_answer(expectation, rows)


@law
@given(st.lists(st.tuples(st.sampled_from(["CREATED", "PAYED"]), st.sampled_from(CHANGES))))
def test_earlier_selects_do_not_change_a_result(asked: list[tuple[str, str]]) -> None:
    oracle = Oracle(DATASET, "orders")

    for status, change in asked:
        expectation = expect_items(DATASET, table="orders", pk=PK, status=status)
        items: Any = list(expectation.items)
        if change == "null":
            items = None
        elif change != "none":
            items = items[1:] if change == "short" else items[::-1]
        assert oracle.check_select(PK, status, items) == check_items(expectation, items)


def test_true_is_never_taken_for_one() -> None:
    """They are equal to Python, and this data has a status with one order."""
    oracle = Oracle(DATASET, "orders")
    rows = right_rows(AggregateQuery.STATUS)
    lie = changed(rows, "true")
    assert lie == rows

    verdicts = [oracle.check_aggregate(AggregateQuery.STATUS, PK, each) for each in (rows, lie)]

    assert [verdict and verdict.kind for verdict in verdicts] == [None, WrongAnswerKind.MALFORMED]


@pytest.mark.parametrize(("kept_rows", "kept"), [(1, 1), (24, 2), (1_000, 3)])
def test_no_more_rows_are_kept_than_allowed(kept_rows: int, kept: int) -> None:
    oracle = Oracle(DATASET, "orders", kept_rows=kept_rows)

    for number in range(DATASET.partitions):
        oracle.check_aggregate(AggregateQuery.STATUS, key_text(DATASET, number), [])

    assert oracle._aggregate.cache_info().currsize == kept


def test_a_wrong_answer_longer_than_the_right_one_is_not_kept() -> None:
    oracle = Oracle(DATASET, "orders")
    query = AggregateQuery.STATUS
    rows = right_rows(query)

    oracle.check_aggregate(query, PK, rows * 1_000)

    assert oracle._aggregate(query, PK)._wrong is None


def test_a_deeply_nested_answer_can_be_checked_twice() -> None:
    oracle = Oracle(DATASET, "orders")
    query = AggregateQuery.STATUS

    def deep() -> object:
        value: object = 0
        for _ in range(100_000):
            value = [value]
        return [{"zipcode": value, "pk": PK, "total": value}]

    kinds = [
        wrong and wrong.kind
        for wrong in (oracle.check_aggregate(query, PK, deep()) for _ in range(2))
    ]

    assert kinds == [WrongAnswerKind.CROSS_TALK] * 2


def test_a_partition_that_is_not_seeded_has_no_verdict() -> None:
    oracle = Oracle(DATASET, "orders")
    pk = key_text(DATASET, DATASET.partitions)

    with pytest.raises(ValueError, match="not one of the 3 seeded partitions"):
        oracle.check_aggregate(AggregateQuery.STATUS, pk, [])
    with pytest.raises(ValueError, match="not one of the 3 seeded partitions"):
        oracle.check_select(pk, "CREATED", [])


def test_the_right_answer_about_no_items_is_empty() -> None:
    oracle = Oracle(orders(items_per_partition=0), "orders")

    assert oracle.check_aggregate(AggregateQuery.ZIPCODE, PK, []) is None
    assert oracle.check_select(PK, "CREATED", []) is None
