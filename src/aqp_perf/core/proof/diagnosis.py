"""Checks an AQP's answer, and classifies what is wrong with it; see `WrongAnswerKind`."""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Context, Decimal
from functools import reduce
from itertools import accumulate
from typing import Final, TypeAlias

from aqp_perf.core.proof.aggregates import (
    AggregateExpectation,
    AggregateQuery,
    Group,
    Number,
    Share,
    Total,
    shares_of,
    totals_of,
)
from aqp_perf.core.proof.seeded import partition_number, seeded_items
from aqp_perf.core.proof.wrong_answer import WrongAnswer, WrongAnswerKind, shown, wrong_answer

_Totals: TypeAlias = Mapping[Group, Total]

# Only to pick candidates: their totals are compared exactly.
_COARSE: Final = Context(prec=60)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Answer:
    """The rows of an answer whose values have the right types."""

    totals: Mapping[Group, Number | None]
    """Totals of the partition in question; None is the answer's null."""
    repeated: Sequence[Group]
    """Groups that occur more than once."""
    elsewhere: Sequence[str]
    """Partition keys of rows of other partitions."""
    has_rows_of_other_query: bool


def check_answer(expectation: AggregateExpectation, rows: object) -> WrongAnswer | None:
    """Return what is wrong with an answer; None when it is right.

    Args:
        expectation: the right answer.
        rows: the answer's ``resultSet`` in any order of rows, as `json.loads` returns it, whatever
            it is.
    """
    query, pk = expectation.query, expectation.pk
    answer = _read(query, pk, rows)
    if answer is not None and _is_right(answer, expectation.totals):
        return None
    kind = WrongAnswerKind.MALFORMED if answer is None else _kind_of(expectation, answer)
    if answer is None:
        differences = [(f"rows of {', '.join(sorted(query.columns))}", shown(rows))]
    elif kind is WrongAnswerKind.CROSS_TALK:
        differences = [(f"rows by {query} of {shown(pk)}", shown(rows))]
    else:
        differences = list(_differences(expectation, answer))
    return wrong_answer(kind, query.sql(expectation.table, pk), differences)


def _read(query: AggregateQuery, pk: str, rows: object) -> _Answer | None:
    if not isinstance(rows, list):
        return None
    totals: dict[Group, Number | None] = {}
    repeated: list[Group] = []
    elsewhere: list[str] = []
    has_rows_of_other_query = False
    by_text = query is AggregateQuery.STATUS
    name, own, other = query.value, query.columns, query.other.columns
    for row in rows:
        if not isinstance(row, dict):
            return None
        columns = row.keys()
        if columns == other:
            has_rows_of_other_query = True
            continue
        if columns != own and columns | {name} != own:
            return None
        group, total, key = row.get(name), row["total"], row["pk"]
        if not (
            isinstance(key, str)
            and (total is None or _is_number(total))
            and (group is None or (isinstance(group, str) if by_text else _is_number(group)))
        ):
            return None
        if key != pk:
            elsewhere.append(key)
        elif group in totals:
            repeated.append(group)
        else:
            totals[group] = total
    return _Answer(
        totals=totals,
        repeated=repeated,
        elsewhere=elsewhere,
        has_rows_of_other_query=has_rows_of_other_query,
    )


def _is_number(value: object) -> bool:
    if isinstance(value, float):
        return math.isfinite(value)
    if isinstance(value, Decimal):
        return value.is_finite()
    return isinstance(value, int) and not isinstance(value, bool)


def _is_right(answer: _Answer, totals: _Totals) -> bool:
    return (
        not (answer.repeated or answer.elsewhere or answer.has_rows_of_other_query)
        and answer.totals.keys() == totals.keys()
        and all(
            total is not None and totals[group].is_met_by(total)
            for group, total in answer.totals.items()
        )
    )


def _kind_of(expectation: AggregateExpectation, answer: _Answer) -> WrongAnswerKind:
    query, totals = expectation.query, expectation.totals
    if _answers_another_question(expectation, answer):
        return WrongAnswerKind.CROSS_TALK
    if answer.elsewhere or answer.repeated or not answer.totals.keys() <= totals.keys():
        return WrongAnswerKind.EXTRA_GROUP
    if _is_at_most(answer, totals):
        shares = shares_of(query, seeded_items(expectation.dataset, expectation.pk))
        orders = [shares, shares[::-1]]
        if query is AggregateQuery.ZIPCODE:
            distinct = [list(dict.fromkeys(order)) for order in orders]
            if _is_right(answer, totals_of(query, distinct[0])):
                return WrongAnswerKind.COLLAPSED_DUPLICATES
            orders += distinct
        slack = _sum(total.greatest - total.exact for total in totals.values())
        if any(_is_beginning(query, order, answer, slack) for order in orders):
            return WrongAnswerKind.TRUNCATED
    if len(answer.totals) < len(totals):
        return WrongAnswerKind.MISSING_GROUP
    return WrongAnswerKind.WRONG_VALUE


def _answers_another_question(expectation: AggregateExpectation, answer: _Answer) -> bool:
    if answer.has_rows_of_other_query:
        return True
    if any(partition_number(expectation.dataset, pk) is not None for pk in answer.elsewhere):
        return True
    # The sum of an attribute that no item has is null, and its count is 0.
    nothing = (None, 0) if expectation.query is AggregateQuery.STATUS else (None,)
    return bool(answer.totals) and (
        answer.totals.keys() == {None} or all(total in nothing for total in answer.totals.values())
    )


def _is_at_most(answer: _Answer, totals: _Totals) -> bool:
    """Return whether there are rows, and no total is negative or too great."""
    return bool(answer.totals) and all(
        total is not None and total >= 0 and Decimal(total) <= totals[group].greatest
        for group, total in answer.totals.items()
    )


def _is_beginning(
    query: AggregateQuery, shares: Sequence[Share], answer: _Answer, slack: Decimal
) -> bool:
    """Return whether the answer is the totals of some of the first shares.

    ``slack`` is how far the answer's grand total may be off because of binary floats.
    """
    grand_total = _sum(Decimal(total) for total in answer.totals.values() if total is not None)
    running = accumulate((share.amount for share in shares), _COARSE.add)
    for count, total in enumerate(running, start=1):
        if total > grand_total + slack:
            return False
        if total >= grand_total - slack and _is_right(answer, totals_of(query, shares[:count])):
            return True
    return False


def _sum(numbers: Iterable[Decimal]) -> Decimal:
    return reduce(_COARSE.add, numbers, Decimal(0))


def _differences(expectation: AggregateExpectation, answer: _Answer) -> Iterator[tuple[str, str]]:
    """Yield the groups that differ, as expected and as answered: those of the data first."""
    totals = expectation.totals
    for group in dict.fromkeys([*totals, *answer.totals]):
        total = totals.get(group)
        number = answer.totals.get(group)
        if total is None or number is None or not total.is_met_by(number):
            name = f"{expectation.query} {shown(group)}"
            got = shown(number) if group in answer.totals else "absent"
            yield f"{name}: {'absent' if total is None else f'{total.exact:f}'}", f"{name}: {got}"
    for group in answer.repeated:
        name = f"{expectation.query} {shown(group)}"
        yield f"{name}: once", f"{name}: again"
    for pk in answer.elsewhere:
        yield f"no row of {shown(pk)}", f"a row of {shown(pk)}"
