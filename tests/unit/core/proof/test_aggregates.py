"""The expected aggregates against sums of fractions, and the real AQP's faults played through."""

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from fractions import Fraction
from random import Random
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from aqp_perf.core.data.dataset import Dataset
from aqp_perf.core.proof import (
    AggregateExpectation,
    AggregateQuery,
    WrongAnswerKind,
    check_answer,
    expect_aggregate,
)
from tests.doubles.orders import OrderText, key_text, order, orders

law = settings(max_examples=60)

ZIPCODE, STATUS = AggregateQuery
DATASET = orders(seed=7, partitions=3, items_per_partition=40, zipcodes=12)
PK = key_text(DATASET, 1)

Rows = list[dict[str, Any]]

queries = st.sampled_from(AggregateQuery)


@st.composite
def datasets(draw: st.DrawFn) -> Dataset:
    return orders(
        seed=draw(st.integers(0, 99)),
        accounts=3,
        customers=3,
        zipcodes=draw(st.integers(1, 30)),
        partitions=draw(st.integers(1, 8)),
        items_per_partition=draw(st.integers(0, 45)),
    )


def items_of(dataset: Dataset, pk: str) -> list[OrderText]:
    """Return the items as DynamoDB's first page begins: in sort key order."""
    found = (item for item in map(order, dataset.seed_items()) if item.pk == pk)
    return sorted(found, key=lambda item: item.sk)


def expectation_of(query: AggregateQuery, dataset: Dataset = DATASET) -> AggregateExpectation:
    return expect_aggregate(dataset, table="orders", query=query, pk=key_text(dataset, 0))


def kind_of(expectation: AggregateExpectation, rows: object) -> WrongAnswerKind | None:
    wrong = check_answer(expectation, rows)
    return None if wrong is None else wrong.kind


def right_rows(
    query: AggregateQuery, items: Iterable[OrderText], number: Callable[[Fraction], Any] = float
) -> Rows:
    """Return an answer of an AQP without faults."""
    totals: defaultdict[tuple[Any, str], Fraction] = defaultdict(Fraction)
    for item in items:
        group = int(item.zipcode) if query is ZIPCODE else item.status
        totals[group, item.pk] += Fraction(item.amount) if query is ZIPCODE else 1
    if query is STATUS:
        number = int
    return [
        {query.value: group, "pk": pk, "total": number(total)}
        for (group, pk), total in totals.items()
    ]


def rows_of_real_aqp(
    query: AggregateQuery, items: Iterable[OrderText], columns: Sequence[str] | None = None
) -> Rows:
    """Return the answer of an AQP that puts the rows it reads into a set of texts.

    Args:
        query: what it adds up.
        items: what DynamoDB's one page holds.
        columns: what was selected; None: what the query needs.
    """
    argument = "amount" if query is ZIPCODE else "sk"
    selected = columns or (query.value, "pk", argument)
    texts = {json.dumps({name: getattr(item, name) for name in selected}) for item in items}
    values: defaultdict[tuple[Any, str], list[str]] = defaultdict(list)
    for row in map(json.loads, sorted(texts)):
        key = row.get(query.value), row["pk"]
        values[key] += [row[argument]] if argument in row else []
    rows: Rows = []
    for (group, pk), found in values.items():
        total: Any = len(found)
        if query is ZIPCODE:
            total = float(sum(map(Fraction, found), Fraction())) if found else None
        row = {query.value: group, "pk": pk, "total": total}
        if group is None:
            del row[query.value]
        elif query is ZIPCODE:
            row["zipcode"] = int(group)
        rows.append(row)
    return rows


@law
@given(datasets(), queries, st.data())
def test_the_totals_are_those_of_fractions(
    dataset: Dataset, query: AggregateQuery, data: st.DataObject
) -> None:
    pk = key_text(dataset, data.draw(st.integers(0, dataset.partitions - 1)))

    totals = expect_aggregate(dataset, table="orders", query=query, pk=pk).totals

    rows = right_rows(query, items_of(dataset, pk), Fraction)
    assert {group: Fraction(total.exact) for group, total in totals.items()} == {
        row[query.value]: row["total"] for row in rows
    }


@law
@given(datasets(), queries, st.randoms(use_true_random=False))
def test_an_aqp_without_faults_is_right_in_any_order_of_rows(
    dataset: Dataset, query: AggregateQuery, random: Random
) -> None:
    expectation = expectation_of(query, dataset)
    rows = right_rows(query, items_of(dataset, expectation.pk))
    random.shuffle(rows)

    assert check_answer(expectation, rows) is None


@law
@given(datasets(), st.randoms(use_true_random=False))
def test_a_sum_of_doubles_in_any_order_is_right(dataset: Dataset, random: Random) -> None:
    expectation = expectation_of(ZIPCODE, dataset)
    items = items_of(dataset, expectation.pk)
    random.shuffle(items)
    totals: defaultdict[int, float] = defaultdict(float)
    for item in items:
        totals[int(item.zipcode)] += float(item.amount)
    rows = [{"zipcode": z, "pk": expectation.pk, "total": total} for z, total in totals.items()]

    assert check_answer(expectation, rows) is None


@pytest.mark.parametrize(
    "number", [lambda total: Decimal(total.numerator) / Decimal(total.denominator), float]
)
def test_a_sum_may_come_as_a_decimal_or_as_a_double(number: Callable[[Fraction], Any]) -> None:
    expectation = expectation_of(ZIPCODE)

    rows = right_rows(ZIPCODE, items_of(DATASET, expectation.pk), number)

    assert check_answer(expectation, rows) is None


def test_whole_numbers_may_come_as_floats() -> None:
    for query in AggregateQuery:
        expectation = expectation_of(query)
        rows = right_rows(query, items_of(DATASET, expectation.pk))
        for row in rows:
            row["total"] = float(row["total"])
            if query is ZIPCODE:
                row["zipcode"] = float(row["zipcode"])

        assert check_answer(expectation, rows) is None


@law
@given(queries, st.integers(0, 10**6), st.sampled_from([-1, 1]))
def test_a_total_off_by_more_than_doubles_explain_is_wrong(
    query: AggregateQuery, which: int, sign: int
) -> None:
    """Groups have up to seven items here, so rounding explains 8.9e-16 of the sum."""
    expectation = expectation_of(query)
    rows = right_rows(query, items_of(DATASET, expectation.pk), lambda t: Decimal(float(t)))
    row = rows[which % len(rows)]
    row["total"] = Decimal(row["total"]) * (1 + sign * Decimal("3e-15"))

    assert kind_of(expectation, rows) is WrongAnswerKind.WRONG_VALUE


@law
@given(queries, st.integers(0, 10**6))
def test_a_count_or_sum_too_great_is_a_wrong_value(query: AggregateQuery, which: int) -> None:
    expectation = expectation_of(query)
    rows = right_rows(query, items_of(DATASET, expectation.pk))
    rows[which % len(rows)]["total"] += 1

    assert kind_of(expectation, rows) is WrongAnswerKind.WRONG_VALUE


@law
@given(datasets(), queries)
def test_duplicates_that_count_once_are_collapsed(dataset: Dataset, query: AggregateQuery) -> None:
    """The data repeats zip code and amount of every ninth item, and no sort key."""
    expectation = expectation_of(query, dataset)
    items = items_of(dataset, expectation.pk)

    kind = kind_of(expectation, rows_of_real_aqp(query, items))

    repeats = query is ZIPCODE and len({(i.zipcode, i.amount) for i in items}) < len(items)
    assert repeats is (query is ZIPCODE and len(items) >= 10)
    assert kind is (WrongAnswerKind.COLLAPSED_DUPLICATES if repeats else None)


@law
@given(datasets(), queries, st.data())
@pytest.mark.parametrize("answer_of", [right_rows, rows_of_real_aqp])
def test_lost_pages_at_the_end_or_the_beginning_are_truncation(
    answer_of: Callable[[AggregateQuery, list[OrderText]], Rows],
    dataset: Dataset,
    query: AggregateQuery,
    data: st.DataObject,
) -> None:
    expectation = expectation_of(query, dataset)
    items = items_of(dataset, expectation.pk)
    assume(len(items) > 1)
    count = data.draw(st.integers(1, len(items) - 1))
    part = data.draw(st.sampled_from([items[:count], items[count:]]))
    rows = answer_of(query, part)
    everything = (right_rows(query, items), rows_of_real_aqp(query, items))
    assume(not any(same(rows, whole) for whole in everything))

    assert kind_of(expectation, rows) is WrongAnswerKind.TRUNCATED


def same(rows: Rows, others: Rows) -> bool:
    return sorted(map(json.dumps, rows)) == sorted(map(json.dumps, others))


@law
@given(datasets(), queries)
def test_an_empty_answer_misses_every_group(dataset: Dataset, query: AggregateQuery) -> None:
    kind = kind_of(expectation_of(query, dataset), [])

    assert kind is (WrongAnswerKind.MISSING_GROUP if dataset.items_per_partition else None)


@pytest.mark.parametrize("query", AggregateQuery)
def test_a_page_lost_in_the_middle_is_classified_by_its_groups(query: AggregateQuery) -> None:
    """It cannot be told from a wrong value: any one group that is too small may look like it."""
    expectation = expectation_of(query)
    items = items_of(DATASET, expectation.pk)
    rest = items[:15] + items[16:]

    kind = kind_of(expectation, right_rows(query, rest))

    left_all = {getattr(i, query.value) for i in rest} == {getattr(i, query.value) for i in items}
    assert kind is (WrongAnswerKind.WRONG_VALUE if left_all else WrongAnswerKind.MISSING_GROUP)


@law
@given(queries, queries, st.sampled_from([0, 1, 2]))
def test_the_answer_to_another_question_is_cross_talk(
    query: AggregateQuery, other_query: AggregateQuery, partition: int
) -> None:
    assume((query, 0) != (other_query, partition))
    items = items_of(DATASET, key_text(DATASET, partition))

    kind = kind_of(expectation_of(query), right_rows(other_query, items))

    assert kind is WrongAnswerKind.CROSS_TALK


def test_one_row_of_the_other_query_is_cross_talk() -> None:
    expectation = expectation_of(STATUS)
    items = items_of(DATASET, expectation.pk)
    rows = [*right_rows(STATUS, items), right_rows(ZIPCODE, items)[0]]

    assert kind_of(expectation, rows) is WrongAnswerKind.CROSS_TALK


def test_one_row_of_a_partition_that_takes_writes_is_cross_talk() -> None:
    expectation = expectation_of(STATUS)
    rows = right_rows(STATUS, items_of(DATASET, expectation.pk))
    rows[2]["pk"] = key_text(DATASET, DATASET.partitions + 5)

    assert kind_of(expectation, rows) is WrongAnswerKind.CROSS_TALK


@pytest.mark.parametrize(
    ("query", "columns"),
    [
        (ZIPCODE, ["status", "pk", "sk"]),
        (ZIPCODE, ["zipcode", "pk", "sk"]),
        (ZIPCODE, ["status", "pk", "amount"]),
        (STATUS, ["zipcode", "pk", "amount"]),
        (STATUS, ["status", "pk", "amount"]),
        (STATUS, ["zipcode", "pk", "sk"]),
    ],
)
def test_items_read_with_columns_of_another_query_are_cross_talk(
    query: AggregateQuery, columns: list[str]
) -> None:
    expectation = expectation_of(query)
    items = items_of(DATASET, expectation.pk)

    rows = rows_of_real_aqp(query, items, columns)

    assert kind_of(expectation, rows) is WrongAnswerKind.CROSS_TALK


@pytest.mark.parametrize("query", AggregateQuery)
def test_a_null_group_is_cross_talk_only_when_it_is_the_only_one(query: AggregateQuery) -> None:
    expectation = expectation_of(query)
    null = {query.value: None, "pk": expectation.pk, "total": 3}

    kinds = [
        kind_of(expectation, rows)
        for rows in ([null], [null, *right_rows(query, items_of(DATASET, expectation.pk))])
    ]

    assert kinds == [WrongAnswerKind.CROSS_TALK, WrongAnswerKind.EXTRA_GROUP]


@pytest.mark.parametrize("query", AggregateQuery)
def test_one_null_among_totals_is_a_wrong_value(query: AggregateQuery) -> None:
    expectation = expectation_of(query)
    rows = right_rows(query, items_of(DATASET, expectation.pk))
    rows[0]["total"] = None

    assert kind_of(expectation, rows) is WrongAnswerKind.WRONG_VALUE


@pytest.mark.parametrize("query", AggregateQuery)
def test_a_group_that_is_there_twice_is_extra(query: AggregateQuery) -> None:
    expectation = expectation_of(query)
    rows = right_rows(query, items_of(DATASET, expectation.pk))

    assert kind_of(expectation, [*rows, rows[3]]) is WrongAnswerKind.EXTRA_GROUP


@pytest.mark.parametrize("query", AggregateQuery)
def test_a_missing_group_comes_after_an_extra_one(query: AggregateQuery) -> None:
    expectation = expectation_of(query)
    rows = right_rows(query, items_of(DATASET, expectation.pk))
    strange = {query.value: {ZIPCODE: 1, STATUS: "LOST"}[query], "pk": expectation.pk, "total": 1}
    middle = sorted(rows, key=lambda row: str(row[query.value]))[len(rows) // 2]
    rows.remove(middle)

    kinds = [kind_of(expectation, rows), kind_of(expectation, [*rows, strange])]

    assert kinds == [WrongAnswerKind.MISSING_GROUP, WrongAnswerKind.EXTRA_GROUP]


@pytest.mark.parametrize(
    ("query", "text", "kind"),
    [
        (STATUS, "CREATED", WrongAnswerKind.EXTRA_GROUP),
        (STATUS, "ACCOUNT0", WrongAnswerKind.EXTRA_GROUP),
        (ZIPCODE, "ACCOUNT0", WrongAnswerKind.EXTRA_GROUP),
        (ZIPCODE, "total", WrongAnswerKind.MALFORMED),
    ],
)
def test_rewritten_texts_are_noticed(
    query: AggregateQuery, text: str, kind: WrongAnswerKind
) -> None:
    """The real AQP rewrites ``json`` and ``_1``; our data has neither, so others stand for them."""
    expectation = expectation_of(query)
    right = json.dumps(right_rows(query, items_of(DATASET, expectation.pk)))

    assert kind_of(expectation, json.loads(right.replace(text, "resultSet"))) is kind


ROW = {"status": "CREATED", "pk": key_text(DATASET, 0), "total": 3}
ZIPCODE_ROW = {"zipcode": 10_001, "pk": key_text(DATASET, 0), "total": 3}


NO_ROWS: list[object] = [None, {}, "rows", 7, [None], [[]], ["status"], [{}]]
NO_STATUS_ROWS: list[dict[str, object]] = [
    ROW | {"more": 1},
    {"status": "CREATED", "total": 3},
    {"status": "CREATED", "pk": key_text(DATASET, 0)},
    {"status": "CREATED", "name": "x", "total": 3},
    *(ROW | {"pk": pk} for pk in (None, 1, ["x"])),
    *(ROW | {"status": 1}, ROW | {"status": True}, ROW | {"status": ["x"]}),
    *(ROW | {"total": True}, ROW | {"total": "3"}, ROW | {"total": [3]}),
    ROW | {"total": float("nan")},
]
NO_ZIPCODE_ROWS: list[dict[str, object]] = [
    *(ZIPCODE_ROW | {"zipcode": "10001"}, ZIPCODE_ROW | {"zipcode": True}),
    *(ZIPCODE_ROW | {"total": Decimal("NaN")}, ZIPCODE_ROW | {"total": float("inf")}),
]
MALFORMED: list[tuple[AggregateQuery, object]] = [
    *((STATUS, rows) for rows in NO_ROWS),
    *((STATUS, [row]) for row in NO_STATUS_ROWS),
    *((ZIPCODE, [row]) for row in NO_ZIPCODE_ROWS),
    (ZIPCODE, [ZIPCODE_ROW | {"pk": key_text(DATASET, 1)}, "x"]),
]


@pytest.mark.parametrize(("query", "rows"), MALFORMED)
def test_what_is_not_rows_of_this_data_is_malformed(query: AggregateQuery, rows: object) -> None:
    assert kind_of(expectation_of(query), rows) is WrongAnswerKind.MALFORMED


json_numbers = st.integers() | st.floats() | st.just(10**4_000) | st.just(1e308)
json_values = st.recursive(
    st.none() | st.booleans() | json_numbers | st.text(),
    lambda values: st.lists(values) | st.dictionaries(st.text(), values),
    max_leaves=10,
)
odd_rows = st.lists(
    st.fixed_dictionaries(
        {
            "pk": st.sampled_from([PK, key_text(DATASET, 0), "x"]) | json_values,
            "total": json_numbers | json_values,
        },
        optional={
            "status": st.sampled_from(["CREATED", "PAYED", "x"]) | json_values,
            "zipcode": st.integers(10_000, 10_012) | json_values,
        },
    ),
    max_size=4,
)


@law
@given(queries, json_values | odd_rows)
def test_any_answer_can_be_classified(query: AggregateQuery, rows: object) -> None:
    wrong = check_answer(expectation_of(query), rows)

    assert wrong is not None
    assert wrong.kind in WrongAnswerKind
    assert max(len(wrong.expected), len(wrong.got)) <= 300


def test_numbers_beyond_all_bounds_are_wrong_values() -> None:
    expectation = expectation_of(STATUS)
    rows = right_rows(STATUS, items_of(DATASET, expectation.pk))
    for number in (10**4_000, Decimal("9e999999"), Decimal("-9e999999"), 1e308, -1e308, 5e-324):
        huge = [row | {"total": number} for row in rows]

        assert kind_of(expectation, huge) is WrongAnswerKind.WRONG_VALUE


def test_deep_and_long_answers_leave_short_evidence() -> None:
    deep: Any = []
    for _ in range(100_000):
        deep = [deep]
    for rows in (deep, [deep] * 10, [{"x" * 10**6: "y" * 10**6}] * 10**4, [ROW] * 10**4):
        wrong = check_answer(expectation_of(STATUS), rows)

        assert wrong is not None
        assert len(wrong.got) <= 300


def test_evidence_names_the_first_groups_that_differ() -> None:
    expectation = expectation_of(STATUS)
    items = items_of(DATASET, expectation.pk)
    counts = Counter(item.status for item in items)
    rows = right_rows(STATUS, items)
    for row in rows:
        row["total"] += 1 if row["status"] in {"CREATED", "SHIPPED"} else 0

    wrong = check_answer(expectation, rows)

    assert wrong is not None
    created, shipped = counts["CREATED"], counts["SHIPPED"]
    query = STATUS.sql("orders", key_text(DATASET, 0))
    assert str(wrong) == (
        f"wrong_value: {query}:"
        f" expected status 'CREATED': {created}, status 'SHIPPED': {shipped};"
        f" got status 'CREATED': {created + 1}, status 'SHIPPED': {shipped + 1}"
    )


def test_evidence_counts_the_groups_that_it_leaves_out() -> None:
    wrong = check_answer(expectation_of(STATUS), [])

    assert wrong is not None
    assert wrong.got == (
        "status 'CANCELED': absent, status 'CREATED': absent, status 'DELIVERED': absent and 4 more"
    )


@pytest.mark.parametrize(
    "pk",
    [
        "",
        "x",
        key_text(DATASET, 3),
        "ACCOUNT#ACCOUNT00#CUSTOMER#CUSTOMER0",
        "ACCOUNT#ACCOUNT0#CUSTOMER#CUSTOMER100",
        "ACCOUNT#ACCOUNT100#CUSTOMER#CUSTOMER0",
    ],
)
def test_nothing_is_expected_of_a_partition_that_is_not_seeded(pk: str) -> None:
    with pytest.raises(ValueError, match="is not one of the 3 seeded partitions"):
        expect_aggregate(DATASET, table="orders", query=STATUS, pk=pk)
