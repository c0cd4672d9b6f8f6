# statements put together from parts are what is tested here
from collections.abc import Callable
from typing import Any

import pytest

from aqp_perf.targets.moto.execution.batch import Transactions, execute_batch
from aqp_perf.targets.moto.moto_tables import Table
from aqp_perf.targets.moto.refusal import RequestRefused
from tests.unit.targets.moto.conftest import REGION

Execute = Callable[..., dict[str, Any]]
MakeTable = Callable[..., Table]

GET = {"Statement": "SELECT sk FROM orders WHERE pk = 'a' AND sk = 'b'"}
COUNT = {"Statement": "UPDATE orders SET n = n + 1 WHERE pk = 'a' AND sk = 'b'"}
GUARDED = {
    "Statement": COUNT["Statement"] + " AND n = 9",
    "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
}
EXISTS = {"Statement": "EXISTS(SELECT * FROM orders WHERE pk = 'a' AND sk = 'c' AND n = 1)"}
CAPACITY = {"ReturnConsumedCapacity": "TOTAL"}


@pytest.fixture(autouse=True)
def orders(make_table: MakeTable, execute: Execute) -> Table:
    table = make_table(name="orders")
    for key in "bc":
        execute(f"INSERT INTO orders VALUE {{'pk': 'a', 'sk': '{key}', 'n': 1}}")
    return table


def units(answer: dict[str, Any]) -> list[float]:
    return [one["CapacityUnits"] for one in answer["ConsumedCapacity"]]


def transact(*statements: dict[str, Any], **options: str) -> dict[str, Any]:
    return Transactions().execute({"TransactStatements": list(statements), **options}, REGION)


def test_a_batch_consumes_for_each_statement_that_was_done() -> None:
    absent = {"Statement": "SELECT sk FROM orders WHERE pk = 'a' AND sk = 'd'"}
    reads = [GET, absent | {"ConsistentRead": True}]

    assert units(execute_batch({"Statements": reads, **CAPACITY}, REGION)) == [0.5, 1.0]
    assert units(execute_batch({"Statements": [COUNT], **CAPACITY}, REGION)) == [1.0]
    assert units(execute_batch({"Statements": [GUARDED], **CAPACITY}, REGION)) == []


def test_a_transaction_consumes_twice() -> None:
    assert units(transact(GET, **CAPACITY)) == [2.0]
    assert units(transact(COUNT, EXISTS, **CAPACITY)) == [2.0, 2.0]


def test_a_failed_condition_shows_its_item_on_request() -> None:
    shown = {name: value.to_json() for name, value in _error_of(GUARDED)["Item"].items()}

    assert shown == {"pk": {"S": "a"}, "sk": {"S": "b"}, "n": {"N": "1"}}
    with pytest.raises(RequestRefused) as cancelled:
        transact(GUARDED, EXISTS)
    first, second = cancelled.value.members["CancellationReasons"]
    assert (first["Code"], "Item" in first) == ("ConditionalCheckFailed", True)
    assert second == {"Code": "None"}


def _error_of(statement: dict[str, Any]) -> dict[str, Any]:
    [response] = execute_batch({"Statements": [statement]}, REGION)["Responses"]
    error: dict[str, Any] = response["Error"]
    return error


def test_a_failed_transaction_does_not_use_up_its_token() -> None:
    transactions = Transactions()
    guarded = {"TransactStatements": [GUARDED], "ClientRequestToken": "once"}

    for _ in range(2):
        with pytest.raises(RequestRefused) as cancelled:
            transactions.execute(guarded, REGION)
        assert cancelled.value.code == "TransactionCanceledException"


def test_a_transaction_that_is_done_is_not_checked_again(execute: Execute) -> None:
    transactions = Transactions()
    request = {"TransactStatements": [COUNT], "ClientRequestToken": "once"}
    transactions.execute(request, REGION)
    execute("DELETE FROM orders WHERE pk = 'a' AND sk = 'b'")

    assert transactions.execute(request, REGION) == {"Responses": []}


@pytest.mark.parametrize("members", [{"Statements": []}, {"Statements": [GET] * 26}])
def test_a_batch_has_1_to_25_statements(members: dict[str, Any]) -> None:
    with pytest.raises(RequestRefused, match="Member must have length"):
        execute_batch(members, REGION)
