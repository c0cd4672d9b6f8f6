"""The expected answers of the two AQP queries.

Counts are exact. A sum is right when it is the exact decimal sum, or as far from it as binary
floats explain. The real AQP adds up decimals of 38 digits and writes the sum as the nearest double.
Another AQP may add up doubles: each of the n amounts is rounded once, each of the n - 1 additions
too, and reading the JSON rounds once more. For amounts of 0 or more, in any order of the additions,

    |answer - sum| <= gamma(n + 1) * sum,   gamma(k) = k u / (1 - k u),   u = 2^-53

which is 5.7e-15 of the sum for 50 items. A missing or changed amount is not noticed only when it is
smaller than that: amounts have 12 decimals and are drawn evenly from 0 … 10,000, so among 50 items
the chance is below 1e-12.

Source: Higham, "Accuracy and Stability of Numerical Algorithms", 2nd ed., sections 3.1 and 4.2.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, Context, Decimal, Inexact, InvalidOperation
from enum import StrEnum
from typing import Final, NamedTuple, TypeAlias

from aqp_perf.core.data.compiled_item import Attributes
from aqp_perf.core.data.dataset import Dataset
from aqp_perf.core.data.statements import (
    STATUS_COLUMNS,
    ZIPCODE_COLUMNS,
    status_query,
    zipcode_query,
)
from aqp_perf.core.proof.seeded import seeded_items

Number: TypeAlias = int | float | Decimal
Group: TypeAlias = Number | str | None
"""An int or a str in the data; an answer may contain any of these."""

# DynamoDB's numbers have 38 digits between 1E-130 and 1E+126: a sum is exact, or raises.
_EXACT: Final = Context(prec=1_000, traps=[Inexact, InvalidOperation])
_UPWARDS: Final = Context(prec=40, rounding=ROUND_CEILING)
_DOUBLE_STEPS: Final = 2**53


class AggregateQuery(StrEnum):
    """The AQP queries; the value is the attribute that they group by."""

    ZIPCODE = "zipcode"
    STATUS = "status"

    @property
    def columns(self) -> frozenset[str]:
        """The columns of every row of a right answer."""
        return ZIPCODE_COLUMNS if self is AggregateQuery.ZIPCODE else STATUS_COLUMNS

    @property
    def other(self) -> "AggregateQuery":
        """The other of the two queries."""
        status = AggregateQuery.STATUS
        return AggregateQuery.ZIPCODE if self is status else status

    def sql(self, table: str, pk: str) -> str:
        """Return the SQL of the query."""
        build = zipcode_query if self is AggregateQuery.ZIPCODE else status_query
        return build(table, pk)


class Share(NamedTuple):
    """What one item adds to an answer."""

    group: Group
    amount: Decimal


class Total(NamedTuple):
    """The exact total of a group, and the least and greatest number that count as right."""

    exact: Decimal
    nearest: float
    """The nearest double: most right answers are this one."""
    least: Decimal
    greatest: Decimal

    def is_met_by(self, number: Number) -> bool:
        """Return whether a finite number, as JSON gave it, is right."""
        return number == self.nearest or self.least <= Decimal(number) <= self.greatest


@dataclass(frozen=True, slots=True, kw_only=True)
class AggregateExpectation:
    """The right answer of a query about one partition; see `expect_aggregate`."""

    dataset: Dataset
    table: str
    query: AggregateQuery
    pk: str
    totals: Mapping[Group, Total]
    """Total of each group, in the order of their names."""


def expect_aggregate(
    dataset: Dataset, *, table: str, query: AggregateQuery, pk: str
) -> AggregateExpectation:
    """Return the right answer of ``query`` about partition ``pk`` of ``table``.

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


def shares_of(query: AggregateQuery, items: Iterable[Attributes]) -> list[Share]:
    """Return what each item adds to the answer."""
    if query is AggregateQuery.ZIPCODE:
        return [Share(int(item["zipcode"]["N"]), Decimal(item["amount"]["N"])) for item in items]
    return [Share(item["status"]["S"], Decimal(1)) for item in items]


def totals_of(query: AggregateQuery, shares: Iterable[Share]) -> dict[Group, Total]:
    """Return the total of each group, in the order of their names."""
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
