# statements put together from parts are what is tested here
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest
from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from tests.contract.conftest import ContractTable

GET = "SELECT pk, n FROM {t} WHERE pk = 'a' AND sk = '%s'"
PUT = "INSERT INTO {t} VALUE {'pk': 'a', 'sk': '%s', 'n': 1}"
COUNT = "UPDATE {t} SET n = n + 1 WHERE pk = 'a' AND sk = '%s'"
DROP = "DELETE FROM {t} WHERE pk = 'a' AND sk = '%s'"
EXISTS = "EXISTS(SELECT * FROM {t} WHERE pk = 'a' AND sk = '%s' AND n = 1)"
FOUND = {"pk": {"S": "a"}, "n": {"N": "1"}}


@pytest.fixture
def held(table: "ContractTable") -> "ContractTable":
    """A table with the items 1 and 2."""
    for key in "12":
        table.run(PUT % key)
    return table


def texts(table: "ContractTable", statements: list[str]) -> list[Any]:
    return [{"Statement": text.replace("{t}", f'"{table.name}"')} for text in statements]


def batch(table: "ContractTable", *statements: str) -> list[Any]:
    answer = table.implementation.client.batch_execute_statement(
        Statements=texts(table, list(statements))
    )
    return answer["Responses"]


def transact(table: "ContractTable", *statements: str, token: str | None = None) -> list[Any]:
    answer = table.implementation.client.execute_transaction(
        TransactStatements=texts(table, list(statements)),
        ClientRequestToken=token or str(uuid4()),
    )
    return answer["Responses"]


def cancellation(table: "ContractTable", *statements: str) -> list[str]:
    canceled = table.implementation.client.exceptions.TransactionCanceledException
    with pytest.raises(canceled) as raised:
        transact(table, *statements)
    return [reason["Code"] for reason in raised.value.response["CancellationReasons"]]


def count_of(table: "ContractTable", key: str) -> str | None:
    [*found] = table.run(GET % key).items
    return found[0]["n"]["N"] if found else None


def test_a_batch_reads_items(held: "ContractTable") -> None:
    there, absent = batch(held, GET % "1", GET % "3")

    assert there == {"TableName": held.name, "Item": FOUND}
    assert absent == {"TableName": held.name}


def test_a_batch_writes_items(held: "ContractTable") -> None:
    responses = batch(
        held,
        COUNT % "1" + " RETURNING MODIFIED NEW *",
        DROP % "2" + " RETURNING ALL OLD *",
        PUT % "3",
    )

    assert [response.get("Item") for response in responses] == [
        {"n": {"N": "2"}},
        FOUND | {"sk": {"S": "2"}},
        None,
    ]
    assert [count_of(held, key) for key in "123"] == ["2", None, "1"]


@pytest.mark.parametrize(
    ("statement", "code"),
    [
        (COUNT % "1" + " AND n = 9", "ConditionalCheckFailed"),
        (COUNT % "3", "ConditionalCheckFailed"),
        (PUT % "1", "DuplicateItem"),
        ("UPDATE {t} SET n = 2 WHERE pk = 'a'", "ValidationError"),
        ("UPDATE {t} SET n = n + pk WHERE pk = 'a' AND sk = '1'", "ValidationError"),
        ("DELETE FROM {t} WHERE pk = 1 AND sk = '1'", "ValidationError"),
        ("DELETE FROM {t} WHERE pk = ? AND sk = '1'", "ValidationError"),
        ("DELETE FROM nowhere WHERE pk = 'a' AND sk = '1'", "ResourceNotFound"),
        (EXISTS % "1", "ValidationError"),
        ("DELETE {t}", "ValidationError"),
    ],
)
def test_a_statement_of_a_batch_fails_alone(
    held: "ContractTable", statement: str, code: str
) -> None:
    failed, done = batch(held, statement, COUNT % "2")

    assert failed["Error"]["Code"] == code
    assert "Error" not in done
    assert [count_of(held, key) for key in "12"] == ["1", "2"]


@pytest.mark.parametrize(
    "statement", ["SELECT * FROM {t} WHERE pk = 'a'", GET % "1" + " AND n = 1"]
)
def test_a_batch_reads_by_key_only(held: "ContractTable", statement: str) -> None:
    [failed] = batch(held, statement)

    assert failed == {
        "Error": {"Code": "ValidationError", "Message": "Only single item select is supported"}
    }


@pytest.mark.parametrize(
    "statements",
    [
        [GET % "1", COUNT % "2"],
        [GET % "1", GET % "1"],
        [PUT % "3", DROP % "3"],
        [GET % key for key in range(26)],
    ],
    ids=["read-and-write", "read-twice", "write-twice", "too-many"],
)
def test_a_batch_is_refused_as_a_whole(held: "ContractTable", statements: list[str]) -> None:
    with pytest.raises(ClientError) as raised:
        batch(held, *statements)

    assert raised.value.response["Error"]["Code"] == "ValidationException"
    assert count_of(held, "2") == "1"


def test_a_transaction_reads_items(held: "ContractTable") -> None:
    assert transact(held, GET % "1", GET % "3") == [{"Item": FOUND}, {}]


def test_a_transaction_writes_all(held: "ContractTable") -> None:
    assert transact(held, COUNT % "1", PUT % "3", DROP % "4") == []
    assert transact(held, EXISTS % "2", DROP % "3") == []

    assert [count_of(held, key) for key in "123"] == ["2", "1", None]


@pytest.mark.parametrize(
    ("statement", "code"),
    [
        (COUNT % "1" + " AND n = 9", "ConditionalCheckFailed"),
        (COUNT % "4", "ConditionalCheckFailed"),
        (DROP % "1" + " AND n IS MISSING", "ConditionalCheckFailed"),
        (EXISTS % "4", "ConditionalCheckFailed"),
        (PUT % "1", "ValidationError"),
        ("DELETE FROM {t} WHERE pk = 1 AND sk = '1'", "ValidationError"),
    ],
)
def test_a_transaction_writes_all_or_nothing(
    held: "ContractTable", statement: str, code: str
) -> None:
    assert cancellation(held, COUNT % "2", statement, PUT % "3") == ["None", code, "None"]
    assert [count_of(held, key) for key in "123"] == ["1", "1", None]


@pytest.mark.parametrize(
    "statements",
    [
        [GET % "1", COUNT % "2"],
        [GET % "1", GET % "1"],
        [COUNT % "1", DROP % "1"],
        [EXISTS % "1", COUNT % "1"],
        ["EXISTS(SELECT * FROM {t} WHERE pk = 'a' AND sk = '1')", COUNT % "2"],
        ["SELECT * FROM {t} WHERE pk = 'a'"],
        [COUNT % "2" + " RETURNING ALL NEW *"],
        ["DELETE FROM {t} WHERE pk = ? AND sk = '2'"],
        ["DELETE {t}"],
        [GET % key for key in range(101)],
    ],
    ids=[
        "read-and-write",
        "read-twice",
        "write-twice",
        "condition-and-write",
        "exists-without-condition",
        "read-many",
        "returning",
        "parameters",
        "syntax",
        "too-many",
    ],
)
def test_what_is_no_transaction_is_refused(held: "ContractTable", statements: list[str]) -> None:
    with pytest.raises(ClientError) as raised:
        transact(held, *statements)

    assert raised.value.response["Error"]["Code"] == "ValidationException"
    assert [count_of(held, key) for key in "12"] == ["1", "1"]


def test_a_token_writes_once(held: "ContractTable") -> None:
    token = str(uuid4())
    for _ in range(2):
        assert transact(held, COUNT % "1", token=token) == []
    assert count_of(held, "1") == "2"

    client = held.implementation.client
    with pytest.raises(client.exceptions.IdempotentParameterMismatchException):
        transact(held, COUNT % "2", token=token)
