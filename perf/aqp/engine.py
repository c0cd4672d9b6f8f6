"""Aggregate rows with SQLite, in memory, one database per query.

SQLite groups, counts, orders and limits. Sums are ours, because SQLite's are binary floats:

- SUM is exact, whatever the number of digits.
- AVG is the exact sum divided by the count, rounded half-even to 38 significant digits, which is
  the precision of DynamoDB's own numbers.
- Both are NULL over no values, and skip NULL and missing attributes, as all aggregates do.
"""

import sqlite3
from collections.abc import Iterable, Mapping
from decimal import ROUND_HALF_EVEN, Context, Decimal, FloatOperation, Inexact, InvalidOperation
from types import TracebackType
from typing import Final, Self

from perf.aqp.plan import Plan
from perf.aqp.problems import DynamoDBFailed, QueryRefused
from perf.aqp.values import (
    AttributeValue,
    compare,
    decode_number,
    encode,
    encode_number,
    kind_of,
    to_json,
)

# Values lie within 1E±200, so no sum of fewer than 10^500 of them needs more digits; if one did,
# the trap would say so.
_EXACT: Final = Context(prec=1_000, traps=[Inexact, InvalidOperation, FloatOperation])
_AVERAGE: Final = Context(prec=38, rounding=ROUND_HALF_EVEN)


class _Sum:
    def __init__(self) -> None:
        self.total = Decimal()
        self.count = 0

    def step(self, value: str | None) -> None:
        if value is not None:
            self.total = _EXACT.add(self.total, decode_number(value))
            self.count += 1

    def finalize(self) -> str | None:
        return encode_number(self.total) if self.count else None


class _Average(_Sum):
    def finalize(self) -> str | None:
        return encode_number(_AVERAGE.divide(self.total, self.count)) if self.count else None


class Aggregation:
    """The rows of one query, and the answer over them; use as a context manager.

    Args:
        plan: what is read and what is computed.
    """

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        columns = [f"c{i}" for i in range(len(plan.attributes))]
        places = ", ".join("?" for _ in columns)
        self._insert = f"INSERT INTO items VALUES ({places})"  # noqa: S608 - question marks only
        self._database = sqlite3.connect(":memory:", isolation_level=None)
        # typeshed has aggregates over int alone; SQLite's take and give any of its types.
        self._database.create_aggregate("exact_sum", 1, _Sum)  # type: ignore[arg-type]
        self._database.create_aggregate("exact_avg", 1, _Average)  # type: ignore[arg-type]
        self._database.create_collation("dynamodb", compare)
        self._database.execute(f"CREATE TABLE items ({', '.join(columns)})")
        self._database.execute("BEGIN")

    def add(self, items: Iterable[Mapping[str, AttributeValue]]) -> None:
        """Add items as DynamoDB answers them, every one of them, equal or not.

        Raises:
            QueryRefused: SUM or AVG would read something that is not a number.
            DynamoDBFailed: an item holds something that is not a DynamoDB value.
        """
        attributes = self._plan.attributes
        try:
            rows = [tuple([encode(item.get(name)) for name in attributes]) for item in items]
        except ValueError as exc:
            raise DynamoDBFailed(f"DynamoDB answered with an item that is none: {exc}") from exc
        for position in self._plan.numeric:
            for row in rows:
                value = row[position]
                if value is not None and not value.startswith("N:"):
                    raise QueryRefused(
                        f"SUM and AVG take numbers: {attributes[position]!r} "
                        f"is of type {kind_of(value)} in at least one item"
                    )
        self._database.executemany(self._insert, rows)

    def result_set(self, limit: int) -> str:
        """Return the answer's rows, at most ``limit`` (-1: all), as a JSON list of objects."""
        row_json = self._plan.row_json
        rows = self._database.execute(self._plan.sql, (limit,))
        return f"[{','.join([row_json % tuple(map(to_json, row)) for row in rows])}]"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._database.close()
