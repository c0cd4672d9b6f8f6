"""The right answers of DynamoDB and an AQP about the seeded data, independent of the oracle.

Sums are plain decimal additions over `Dataset.seed_item`. Only the requests of the shipped
workloads are understood.
"""

import json
import re
from collections.abc import Sequence
from decimal import Decimal
from functools import cache
from typing import Any, Final, NamedTuple
from urllib.parse import unquote

from aqp_perf.core.data.dataset import Dataset
from tests.doubles.fault_plan import Fault, Kind
from tests.doubles.orders import OrderText, key_text, order

_QUERY_PATH: Final = "/query-aggregation/"
_PK: Final = re.compile(r"where pk='([^']*)'")
_STATUS: Final = re.compile(r"STATUS#(\w+)#")
_ORDER_ID: Final = "00000000-0000-0000-0000-000000000000"

Row = dict[str, Any]


class NoQuestion(Exception):
    """A request that none of the shipped workloads sends."""


class Question(NamedTuple):
    """What a request asks for."""

    kind: Kind
    pk: str
    status: str = ""
    """Of a SELECT."""
    sk: str = ""
    """Of a write."""


@cache
def read_path(path: str) -> Question:
    """Return what the path of a GET asks for.

    Raises:
        NoQuestion: it is no query of ours.
    """
    sql = unquote(path.removeprefix(_QUERY_PATH))
    found = _PK.search(sql)
    if not path.startswith(_QUERY_PATH) or found is None:
        raise NoQuestion(path)
    return Question(Kind.ZIPCODE if "sum(amount)" in sql else Kind.STATUS, found[1])


def read_statement(body: bytes) -> Question:
    """Return what the body of an ExecuteStatement asks for.

    Raises:
        NoQuestion: it is no statement of ours.
    """
    try:
        request = json.loads(body)
        pk, sk = (each["S"] for each in request["Parameters"][:2])
        if request["Statement"].startswith("INSERT "):
            return Question(Kind.WRITE, pk, sk=sk)
        found = _STATUS.fullmatch(sk)
        if request["Statement"].startswith("SELECT ") and found is not None:
            return Question(Kind.SELECT, pk, status=found[1])
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise NoQuestion(body[:80].decode(errors="replace")) from error
    raise NoQuestion(request["Statement"])


class SeededTable:
    """The seeded items of each partition."""

    def __init__(self, dataset: Dataset) -> None:
        self.dataset = dataset
        keys = [key_text(dataset, partition) for partition in range(dataset.partitions)]
        self._numbers = {pk: number for number, pk in enumerate(keys)}

    def items(self, pk: str) -> list[OrderText]:
        """Return the items of a partition by sort key; none when it is not seeded."""
        number = self._numbers.get(pk)
        if number is None:
            return []
        count = self.dataset.items_per_partition
        indexes = range(number * count, (number + 1) * count)
        items = [order(self.dataset.seed_item(index)) for index in indexes]
        return sorted(items, key=lambda item: item.sk)

    def rows(self, question: Question) -> list[Row]:
        """Return an AQP's rows, or the items of a SELECT in DynamoDB's JSON."""
        items = self.items(question.pk)
        if question.kind is Kind.SELECT:
            return [item.attributes() for item in items if item.status == question.status]
        return aggregate(question, items)

    def other_than(self, pk: str) -> list[str]:
        """Return the keys of the other partitions, those that follow first."""
        keys = list(self._numbers)
        at = self._numbers.get(pk, -1) + 1
        return [key for key in keys[at:] + keys[:at] if key != pk]

    def damaged(self, question: Question, fault: Fault) -> list[Row] | None:
        """Return the rows with this fault; None when they cannot have it."""
        rows = self.rows(question)
        match fault:
            case Fault.CHANGED_VALUE if rows:
                return [_one_more(rows[0]), *rows[1:]]
            case Fault.DROPPED_GROUP:
                return self._without_one(question, rows)
            case Fault.ADDED_GROUP if rows:
                return [*rows, _stranger(question, rows[0])]
            case Fault.OTHER_PARTITION:
                others = (question._replace(pk=pk) for pk in self.other_than(question.pk))
                return next(filter(None, map(self.rows, others)), None)
        return None

    def _without_one(self, question: Question, rows: Sequence[Row]) -> list[Row] | None:
        """Leave one out of the middle: a lost beginning or end would be a truncation."""
        if question.kind is Kind.SELECT:
            return [*rows[:1], *rows[2:]] if len(rows) > 2 else None
        items = self.items(question.pk)
        column = question.kind.value
        ends = {getattr(item, column) for item in (*items[:1], *items[-1:])}
        middle = [row for row in rows if str(row[column]) not in ends]
        return [row for row in rows if row is not middle[0]] if middle else None


def aggregate(question: Question, items: Sequence[OrderText]) -> list[Row]:
    """Return the rows of an aggregate over these items."""
    totals: dict[str, Decimal] = {}
    is_sum = question.kind is Kind.ZIPCODE
    for item in items:
        group = item.zipcode if is_sum else item.status
        totals[group] = totals.get(group, Decimal()) + (Decimal(item.amount) if is_sum else 1)
    if is_sum:  # an AQP writes a sum as the double that is nearest to it
        return [
            {"pk": question.pk, "total": float(total), "zipcode": int(group)}
            for group, total in totals.items()
        ]
    return [
        {"pk": question.pk, "total": int(total), "status": group} for group, total in totals.items()
    ]


def body_of(question: Question, rows: Sequence[Row]) -> bytes:
    """Return the body of an answer with these rows, which a write has none of."""
    if question.kind.is_aggregate:
        stats = {
            "elapsedTimeToRetrieveDataInMs": 0,
            "elapsedTimeToAggregateDataInMs": 0,
            "payloadSizeBytes": 4_096,
        }
        return json.dumps({"response": [{"resultSet": rows}], "stats": stats}).encode()
    return json.dumps({"Items": rows, "ConsumedCapacity": {"CapacityUnits": 1.0}}).encode()


def _one_more(row: Row) -> Row:
    if "total" in row:
        return row | {"total": row["total"] + 1}
    return row | {"amount": {"N": str(Decimal(row["amount"]["N"]) + 1)}}


def _stranger(question: Question, row: Row) -> Row:
    match question.kind:
        case Kind.ZIPCODE:
            return row | {"zipcode": 9}
        case Kind.STATUS:
            return row | {"status": "LOST"}
    return row | {"sk": {"S": f"STATUS#{question.status}#ORDER#{_ORDER_ID}"}}
