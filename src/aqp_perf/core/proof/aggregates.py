"""The expected answers of the two AQP queries.

Counts are exact. A sum is right when it is the exact decimal sum, or within what binary floats
explain. The real AQP adds up decimals, 38 digits wide, and passes the sum through one double when
it writes its JSON: it answers the double that is nearest to the exact sum. Another AQP may add up
doubles. Each of the n amounts is then rounded once, so is each of the n - 1 additions, and reading
the JSON rounds once more; so for amounts that are not negative

    |answer - sum| <= gamma(n + 1) * sum,   gamma(k) = k u / (1 - k u),   u = 2^-53

whatever the order of the additions: 5.7e-15 of the sum for 50 items. A missing or changed amount
hides in there only when it is smaller than that; amounts have 12 decimals and are drawn evenly from
0 … 10,000, so among 50 items the chance is below 1e-12.

Source: Higham, "Accuracy and Stability of Numerical Algorithms", 2nd ed., sections 3.1 and 4.2.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, Context, Decimal, Inexact, InvalidOperation
from enum import StrEnum
from typing import Final, NamedTuple, TypeAlias

from aqp_perf.core.data.dataset import Dataset, Item
from aqp_perf.core.data.statements import (
    STATUS_COLUMNS,
    ZIPCODE_COLUMNS,
    status_query,
    zipcode_query,
)
from aqp_perf.core.proof.seeded import seeded_items

Number: TypeAlias = int | float | Decimal
Group: TypeAlias = Number | str | None
"""An int or a str in the data; an answer may name a group as it likes."""

# DynamoDB's numbers have 38 digits between 1E-130 and 1E+126: a sum that fits is exact, one that
# did not would raise.
_EXACT: Final = Context(prec=1_000, traps=[Inexact, InvalidOperation])
_UPWARDS: Final = Context(prec=40, rounding=ROUND_CEILING)
_DOUBLE_STEPS: Final = 2**53


class AggregateQuery(StrEnum):
    """The queries that an AQP is asked; the value is the attribute that it groups by."""

    ZIPCODE = "zipcode"
    STATUS = "status"

    @property
    def columns(self) -> frozenset[str]:
        """What every row of a right answer has."""
        return ZIPCODE_COLUMNS if self is AggregateQuery.ZIPCODE else STATUS_COLUMNS

    @property
    def other(self) -> "AggregateQuery":
        """The query that is asked beside this one."""
        zipcode, status = AggregateQuery.ZIPCODE, AggregateQuery.STATUS
        return status if self is zipcode else zipcode

    def sql(self, table: str, pk: str) -> str:
        """Return the SQL that is sent."""
        build = zipcode_query if self is AggregateQuery.ZIPCODE else status_query
        return build(table, pk)


class Share(NamedTuple):
    """What one item adds to an answer."""

    group: Group
    amount: Decimal


class Total(NamedTuple):
    """The exact total of a group, and the least and greatest number that is right for it."""

    exact: Decimal
    nearest: float
    """The double that is nearest to it: what most answers are."""
    least: Decimal
    greatest: Decimal

    def is_met_by(self, number: Number) -> bool:
        """Return whether a finite number, as JSON gave it, is right."""
        return number == self.nearest or self.least <= Decimal(number) <= self.greatest


@dataclass(frozen=True, slots=True, kw_only=True)
class AggregateExpectation:
    """What a query must answer about one partition; `expect_aggregate` makes one.

    Args:
        dataset: the data.
        table: the table that the query names.
        query: the query.
        pk: the partition.
        totals: what each group adds up to.
    """

    dataset: Dataset
    table: str
    query: AggregateQuery
    pk: str
    totals: Mapping[Group, Total]


def expect_aggregate(
    dataset: Dataset, *, table: str, query: AggregateQuery, pk: str
) -> AggregateExpectation:
    """Return what ``query`` must answer about partition ``pk``.

    Raises:
        ValueError: the partition is not seeded.
    """
    return AggregateExpectation(
        dataset=dataset,
        table=table,
        query=query,
        pk=pk,
        totals=totals_of(query, shares_of(query, seeded_items(dataset, pk))),
    )


def shares_of(query: AggregateQuery, items: Iterable[Item]) -> list[Share]:
    """Return what each item adds to the answer."""
    if query is AggregateQuery.ZIPCODE:
        return [Share(int(item.zipcode), Decimal(item.amount)) for item in items]
    return [Share(item.status, Decimal(1)) for item in items]


def totals_of(query: AggregateQuery, shares: Iterable[Share]) -> dict[Group, Total]:
    """Return what the shares of each group add up to, groups in their own order."""
    amounts: defaultdict[Group, list[Decimal]] = defaultdict(list)
    for group, amount in shares:
        amounts[group].append(amount)
    return {group: _total(query, amounts[group]) for group in sorted(amounts, key=str)}


def _total(query: AggregateQuery, amounts: Sequence[Decimal]) -> Total:
    exact = Decimal(0)
    for amount in amounts:
        exact = _EXACT.add(exact, amount)
    if query is AggregateQuery.STATUS:
        return Total(exact, float(exact), exact, exact)
    roundings = len(amounts) + 1
    gamma = _UPWARDS.divide(Decimal(roundings), Decimal(_DOUBLE_STEPS - roundings))
    margin = _UPWARDS.multiply(gamma, exact)
    least, greatest = _EXACT.subtract(exact, margin), _EXACT.add(exact, margin)
    return Total(exact, float(exact), least, greatest)
