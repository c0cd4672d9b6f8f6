"""Aggregate rows with SQLite, in memory.

A database works for one query at a time, and rows live inside one transaction that is always rolled
back: no query can see another's. It is kept for the next query of the same shape, because making
one, and preparing its statements, takes longer than aggregating fifty rows. It keeps to memory,
sorting included, and once it has its table it does nothing but add rows and read them.

SQLite groups, counts, orders and limits. Sums are ours, because SQLite's are binary floats:

- SUM is exact, whatever the number of digits.
- AVG is the exact sum divided by the count, rounded half-even to 38 significant digits, which is
  the precision of DynamoDB's own numbers.
- Both are NULL over no values, and skip NULL and missing attributes, as all aggregates do.
"""

import sqlite3
import weakref
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from decimal import ROUND_HALF_EVEN, Context, Decimal, FloatOperation, Inexact, InvalidOperation
from typing import Final

from aqp_perf.aqp.problems import DynamoDBFailed, QueryRefused
from aqp_perf.aqp.sql.plan import Plan
from aqp_perf.aqp.sql.values import (
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
_PERMITTED: Final = {
    sqlite3.SQLITE_TRANSACTION,
    sqlite3.SQLITE_INSERT,
    sqlite3.SQLITE_SELECT,
    sqlite3.SQLITE_READ,
    sqlite3.SQLITE_FUNCTION,
}
"""So no ATTACH, PRAGMA, CREATE, UPDATE or DELETE, whatever a plan would say."""


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
    """The rows of one query, and the answer over them; an Aggregator opens it."""

    def __init__(self, plan: Plan, database: sqlite3.Connection) -> None:
        self._plan = plan
        self._database = database

    def add(self, items: Iterable[Mapping[str, AttributeValue]]) -> None:
        """Add items as DynamoDB answers them, every one of them, equal or not.

        Raises:
            QueryRefused: SUM or AVG would read something that is not a number.
            DynamoDBFailed: an item holds something that is not a DynamoDB value.
        """
        attributes = self._plan.attributes
        try:
            rows = [tuple([encode(item.get(name)) for name in attributes]) for item in items]
        except (ValueError, TypeError, AttributeError) as exc:  # other JSON than DynamoDB's
            raise DynamoDBFailed(f"DynamoDB answered with an item that is none: {exc}") from exc
        for position in self._plan.numeric:
            for row in rows:
                value = row[position]
                if value is not None and not value.startswith("N:"):
                    raise QueryRefused(
                        f"SUM and AVG take numbers: {attributes[position]!r} "
                        f"is of type {kind_of(value)} in at least one item"
                    )
        self._database.executemany(self._plan.insert, rows)

    def result_set(self, limit: int) -> str:
        """Return the answer's rows, at most ``limit`` (-1: all), as a JSON list of objects."""
        row_json = self._plan.row_json
        rows = self._database.execute(self._plan.sql, (limit,))
        return f"[{','.join([row_json % tuple(map(to_json, row)) for row in rows])}]"


class Aggregator:
    """Aggregates for all queries of one shape; threads may share it.

    Args:
        plan: what is read and what is computed.
    """

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self._idle: deque[sqlite3.Connection] = deque()
        weakref.finalize(self, _close_all, self._idle)

    @contextmanager
    def open(self) -> Iterator[Aggregation]:
        """Yield an aggregation without rows; they are gone when it ends, however it ends."""
        try:
            database = self._idle.pop()  # from here to the end, nobody else has it
        except IndexError:
            database = _open_database(self.plan)
        try:
            database.execute("BEGIN")
            yield Aggregation(self.plan, database)
        finally:
            database.rollback()
            self._idle.append(database)


def _open_database(plan: Plan) -> sqlite3.Connection:
    database = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
    # typeshed has aggregates over int alone; SQLite's take and give any of its types.
    database.create_aggregate("exact_sum", 1, _Sum)  # type: ignore[arg-type]
    database.create_aggregate("exact_avg", 1, _Average)  # type: ignore[arg-type]
    database.create_collation("dynamodb", compare)
    database.execute("PRAGMA temp_store = MEMORY")  # or large sorts go through files
    database.execute(plan.create)
    database.set_authorizer(_permit)
    return database


def _permit(action: int, *_: str | None) -> int:
    return sqlite3.SQLITE_OK if action in _PERMITTED else sqlite3.SQLITE_DENY


def _close_all(databases: Iterable[sqlite3.Connection]) -> None:
    for database in databases:
        database.close()
