"""Checks the answer of the PartiQL SELECT: the orders of a partition with one status."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any, Final, NamedTuple

from aqp_perf.core.data.dataset import Dataset
from aqp_perf.core.data.statements import select_statement, sort_key_prefix
from aqp_perf.core.proof.seeded import partition_number, seeded_items
from aqp_perf.core.proof.wrong_answer import (
    WrongAnswer,
    WrongAnswerKind,
    cut,
    shown,
    wrong_answer,
)

ATTRIBUTES: Final = ("pk", "sk", "zipcode", "username", "datetime", "status", "amount")
"""The attributes of an order."""

_NUMBERS: Final = frozenset({"zipcode", "amount"})
# DynamoDB's numbers have 38 digits between 1E-130 and 1E+126.
_LONGEST_NUMBER: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class SelectExpectation:
    """The right answer of the SELECT; see `expect_items`."""

    dataset: Dataset
    table: str
    pk: str
    status: str
    items: Sequence[Mapping[str, Any]]
    """In sort key order, in DynamoDB's JSON."""


class _Order(NamedTuple):
    """The values of an item, with numbers that are equal however they are written."""

    pk: str
    sk: str
    values: tuple[str | Decimal, ...]


def expect_items(dataset: Dataset, *, table: str, pk: str, status: str) -> SelectExpectation:
    """Return the right answer of the SELECT for ``status`` in partition ``pk`` of ``table``.

    Raises:
        ValueError: the partition is not seeded.
    """
    items = [item for item in seeded_items(dataset, pk) if item["status"]["S"] == status]
    return SelectExpectation(dataset=dataset, table=table, pk=pk, status=status, items=items)


def check_items(expectation: SelectExpectation, items: object) -> WrongAnswer | None:
    """Return what is wrong with an answer; None when it is right.

    Args:
        expectation: the right answer.
        items: the items of all pages in any order, in DynamoDB's JSON, whatever they are.
    """
    if items == expectation.items:  # DynamoDB answers in sort key order
        return None
    parameters = [expectation.pk, sort_key_prefix(expectation.status)]
    query = f"{select_statement(expectation.table)} {parameters}"
    orders = [_order_of(item) for item in items] if isinstance(items, list) else [None]
    known = [order for order in orders if order is not None]
    if len(known) < len(orders):
        differences = [(f"items of {', '.join(ATTRIBUTES)}", shown(items))]
        return wrong_answer(WrongAnswerKind.MALFORMED, query, differences)
    expected = {order.sk: order for order in map(_order_of, expectation.items) if order}
    kind = _kind_of(expectation, expected, known)
    if kind is None:
        return None
    return wrong_answer(kind, query, list(_differences(expectation.pk, expected, known)))


def _order_of(item: object) -> _Order | None:
    """Return the values of an item in DynamoDB's JSON; None when its attributes are others."""
    if not isinstance(item, Mapping) or item.keys() != set(ATTRIBUTES):
        return None
    values: list[str | Decimal] = []
    for name in ATTRIBUTES:
        match name in _NUMBERS, item[name]:
            case False, {"S": str(text), **rest} if not rest:
                values.append(text)
            case True, {"N": str(text), **rest} if not rest and _is_number(text):
                values.append(Decimal(text))
            case _:
                return None
    return _Order(str(values[0]), str(values[1]), tuple(values[2:]))


def _is_number(text: str) -> bool:
    try:
        return len(text) <= _LONGEST_NUMBER and Decimal(text).is_finite()
    except InvalidOperation:
        return False


def _kind_of(
    expectation: SelectExpectation,
    expected: Mapping[str, _Order],
    got: Sequence[_Order],
) -> WrongAnswerKind | None:
    if any(_answers_another_question(expectation, order) for order in got):
        return WrongAnswerKind.CROSS_TALK
    found = {order.sk: order for order in got}
    if len(found) < len(got) or not found.keys() <= expected.keys():
        return WrongAnswerKind.EXTRA_GROUP
    if any(expected[sk].pk != order.pk for sk, order in found.items()):
        return WrongAnswerKind.EXTRA_GROUP
    are_alike = all(expected[sk] == order for sk, order in found.items())
    keys = list(expected)
    if len(found) < len(expected):
        count = len(found)
        is_part = count > 0 and found.keys() in (set(keys[:count]), set(keys[-count:]))
        is_truncated = are_alike and is_part
        return WrongAnswerKind.TRUNCATED if is_truncated else WrongAnswerKind.MISSING_GROUP
    return None if are_alike else WrongAnswerKind.WRONG_VALUE


def _answers_another_question(expectation: SelectExpectation, order: _Order) -> bool:
    pk, sk = order.pk, order.sk
    if pk != expectation.pk:
        return partition_number(expectation.dataset, pk) is not None
    if sk.startswith(sort_key_prefix(expectation.status)):
        return False
    return any(sk == item["sk"]["S"] for item in seeded_items(expectation.dataset, pk))


def _differences(
    pk: str, expected: Mapping[str, _Order], got: Sequence[_Order]
) -> Iterator[tuple[str, str]]:
    """Yield the items that differ, as expected and as answered: those of the data first."""
    found = {order.sk: order for order in got}
    for sk, order in expected.items():
        if sk not in found:
            yield sk, f"no {sk}"
        values = zip(ATTRIBUTES[2:], order.values, found.get(sk, order).values, strict=True)
        for name, value, answered in values:
            if value != answered:
                yield f"{sk}: {name} {value}", f"{sk}: {name} {cut(str(answered))}"
    for order in got:
        if order.pk != pk or order.sk not in expected:
            key = shown([order.pk, order.sk])
            yield f"no item {key}", f"an item {key}"
    if len(found) < len(got):
        yield f"{len(expected)} items", f"{len(got)} items, some of them twice"
