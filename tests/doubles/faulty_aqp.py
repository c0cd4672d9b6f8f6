"""AQPs that each have one fault of the real one.

    python -m tests.doubles.faulty_aqp --fault truncation --fault late_errors

Prints ``ready`` and, as JSON, the URL of each. They work as the real AQP does: a query becomes a
plain SELECT of some columns, its rows are aggregated with the query. ``GET /wrong`` returns the
number of wrong answers with status 200 by kind of query.
"""

import argparse
import asyncio
import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, NamedTuple

from tests.doubles.fault_plan import Kind
from tests.doubles.http_double import (
    Connection,
    Request,
    listen,
    response,
    until_terminated,
)
from tests.doubles.orders import OrderText, orders
from tests.doubles.right_answers import (
    NoQuestion,
    Question,
    Row,
    SeededTable,
    aggregate,
    body_of,
    read_path,
)

_ALONE_S: Final = 0.2
"""How long a request waits for another one in flight."""
_TRUNCATED_AFTER: Final = 20
_ERROR_EVERY: Final = 3


class AqpFault(StrEnum):
    """The fault of an AQP."""

    NONE = "none"
    CROSS_TALK_COLUMNS = "cross_talk_columns"
    """Of two queries in flight, each reads the columns of the other."""
    CROSS_TALK_PARTITION = "cross_talk_partition"
    """Each reads the partition of the other."""
    TRUNCATION = "truncation"
    """Only the first items are read, as if the rest were on another page."""
    COLLAPSED_DUPLICATES = "collapsed_duplicates"
    """Equal rows count once."""
    REWRITTEN_DATA = "rewritten_data"
    """Some texts vanish from queries and answers."""
    LATE_ERRORS = "late_errors"
    """Every third query ends as 500 after a while."""


class Select(NamedTuple):
    """The plain SELECT that a query becomes."""

    pk: str
    columns_of: Kind
    """The aggregate whose columns are read."""


@dataclass(slots=True)
class FaultyAqp:
    """An AQP with one fault.

    Args:
        table: the data.
        fault: its fault.
        rewritten: the texts that vanish.
        error_s: how long an error takes.
    """

    table: SeededTable
    fault: AqpFault
    rewritten: Sequence[str] = ("json", "_1")
    error_s: float = 0.1
    wrong: Counter[Kind] = field(default_factory=Counter)
    _count: int = 0
    _in_flight: tuple[Connection, Question, asyncio.TimerHandle] | None = None

    def serve(self, connection: Connection, request: Request) -> None:
        """Answer a query, with the fault."""
        if request.path == "/wrong":
            connection.send(response(json.dumps(self.wrong).encode()))
            return
        if not (request.header("Authorization") or "").startswith("Basic "):
            connection.send(response(b"", 401))
            return
        try:
            question = read_path(request.path)
        except NoQuestion:
            connection.send(response(b"", 400))
            return
        self._count += 1
        loop = asyncio.get_running_loop()
        if self.fault is AqpFault.LATE_ERRORS and self._count % _ERROR_EVERY == 0:
            loop.call_later(self.error_s, connection.send, response(b"", 500))
        elif not self.fault.startswith("cross_talk"):
            self._answer(connection, question, question)
        elif self._in_flight is None:
            alone = loop.call_later(_ALONE_S, self._answer_alone)
            self._in_flight = connection, question, alone
        else:
            other_connection, other, alone = self._in_flight
            alone.cancel()
            self._in_flight = None
            self._answer(connection, question, other)
            self._answer(other_connection, other, question)

    def _answer_alone(self) -> None:
        if self._in_flight is not None:
            connection, question, _ = self._in_flight
            self._in_flight = None
            self._answer(connection, question, question)

    def _answer(self, connection: Connection, question: Question, other: Question) -> None:
        """Answer a query while another one, or the same, is in flight."""
        rows = self._rows(question, self._select(question, other))
        body = body_of(question, rows)
        right = body_of(question, self.table.rows(question))
        if self.fault is AqpFault.REWRITTEN_DATA:
            body = self._rewritten(body.decode()).encode()
        self.wrong[question.kind] += body != right
        connection.send(response(body))

    def _select(self, question: Question, other: Question) -> Select:
        match self.fault:
            case AqpFault.CROSS_TALK_COLUMNS:
                return Select(question.pk, other.kind)
            case AqpFault.CROSS_TALK_PARTITION:
                return Select(other.pk, question.kind)
            case AqpFault.REWRITTEN_DATA:
                return Select(self._rewritten(question.pk), question.kind)
        return Select(question.pk, question.kind)

    def _rows(self, question: Question, select: Select) -> list[Row]:
        items = self.table.items(select.pk)
        if select.columns_of is not question.kind and items:
            # What is grouped by and what is added up are in no row: a sum of nothing is null.
            nothing = None if question.kind is Kind.ZIPCODE else 0
            return [{"pk": select.pk, "total": nothing}]
        if self.fault is AqpFault.TRUNCATION:
            items = items[:_TRUNCATED_AFTER]
        if self.fault is AqpFault.COLLAPSED_DUPLICATES:
            items = _distinct(question.kind, items)
        return aggregate(question._replace(pk=select.pk), items)

    def _rewritten(self, text: str) -> str:
        for each in self.rewritten:
            text = text.replace(each, "")
        return text


def _distinct(kind: Kind, items: Iterable[OrderText]) -> list[OrderText]:
    """Return one item for each row that the SELECT reads: a set of JSON texts keeps no other."""
    by_row = {
        (item.zipcode, item.amount) if kind is Kind.ZIPCODE else (item.status, item.sk): item
        for item in items
    }
    return list(by_row.values())


async def run(aqps: Iterable[FaultyAqp]) -> None:
    """Serve until terminated."""
    urls = {str(aqp.fault): await listen(aqp.serve) for aqp in aqps}
    print(f"ready {json.dumps(urls)}", flush=True)  # noqa: T201 - whoever started it waits for this
    await until_terminated()


def main() -> None:
    """Serve as the command line says."""
    parser = argparse.ArgumentParser(description=__doc__)
    known = [str(each) for each in AqpFault]
    parser.add_argument("--fault", choices=known, action="append", required=True)
    parser.add_argument("--rewrite", action="append", help="a text that vanishes; json and _1")
    options = parser.parse_args()
    table = SeededTable(orders())
    rewritten = options.rewrite or ("json", "_1")
    asyncio.run(run([FaultyAqp(table, AqpFault(each), rewritten) for each in options.fault]))


if __name__ == "__main__":
    main()
