# ruff: noqa: S608  # statements put together from parts are what is tested here
from collections.abc import Callable
from typing import Any, NoReturn

import pytest

from aqp_perf.targets.moto.moto_tables import Table

Execute = Callable[..., dict[str, Any]]
MakeTable = Callable[..., Table]

BY_ZIPCODE = {
    "IndexName": "by-zipcode",
    "KeySchema": [{"AttributeName": "zipcode", "KeyType": "HASH"}],
    "Projection": {"ProjectionType": "KEYS_ONLY"},
}
KEY = "WHERE pk = 'a' AND sk = 'b'"
LARGE = {"S": "y" * 3000}


@pytest.fixture
def orders(make_table: MakeTable, execute: Execute) -> Table:
    """A table with an index, and an item of 3 KB in both."""
    table = make_table(name="orders", index=BY_ZIPCODE)
    execute("INSERT INTO orders VALUE {'pk': 'a', 'sk': 'b', 'zipcode': 1, 'x': ?}", LARGE)
    return table


@pytest.mark.parametrize(
    ("statement", "units"),
    [
        ("UPDATE orders SET n = 1 " + KEY, 3.0),  # its entry has the keys only, and stays
        ("UPDATE orders SET x = 'small' " + KEY, 3.0),  # the larger of old and new
        ("UPDATE orders SET zipcode = 2 " + KEY, 5.0),  # one entry goes, another comes
        ("UPDATE orders REMOVE zipcode " + KEY, 4.0),
        ("DELETE FROM orders " + KEY, 4.0),
        ("DELETE FROM orders WHERE pk = 'a' AND sk = 'no'", 1.0),
    ],
)
@pytest.mark.usefixtures("orders")
def test_a_write_consumes_for_the_item_and_the_index_entries_that_change(
    execute: Execute, statement: str, units: float
) -> None:
    answer = execute(statement, ReturnConsumedCapacity="TOTAL")

    assert answer == {
        "Items": [],
        "ConsumedCapacity": {"TableName": "orders", "CapacityUnits": units},
    }


class _ByKeyOnly(dict[Any, Any]):
    """Items that can only be found by their key."""

    def __iter__(self) -> NoReturn:
        raise AssertionError

    keys = values = items = __iter__


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO orders VALUE {'pk': 'a', 'sk': 'c'}",
        "UPDATE orders SET zipcode = 3 " + KEY,
        "DELETE FROM orders " + KEY,
    ],
)
def test_a_write_walks_no_other_items(orders: Table, execute: Execute, statement: str) -> None:
    """Its cost does not grow with the table or with the partition."""
    table: Any = orders
    table.items = _ByKeyOnly({key: _ByKeyOnly(held) for key, held in table.items.items()})

    execute(statement)


def test_a_stream_sees_every_change(make_table: MakeTable, execute: Execute) -> None:
    table = make_table(name="seen", streams={"StreamViewType": "NEW_AND_OLD_IMAGES"})
    for statement in (
        "INSERT INTO seen VALUE {'pk': 'a', 'sk': 'b', 'n': 1}",
        "UPDATE seen SET n = n + 1 " + KEY,
        "DELETE FROM seen " + KEY,
    ):
        execute(statement)

    assert table.stream_shard is not None
    records = [record.record for record in table.stream_shard.items]
    assert [record["eventName"] for record in records] == ["INSERT", "MODIFY", "REMOVE"]
    assert records[1]["dynamodb"]["OldImage"]["n"] == {"N": "1"}
    assert records[1]["dynamodb"]["NewImage"]["n"] == {"N": "2"}
