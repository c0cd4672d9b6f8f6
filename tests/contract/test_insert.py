from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.contract.conftest import ContractTable

MakeTable = Callable[..., "ContractTable"]

WORKLOAD_INSERT = (
    "INSERT INTO {t} VALUE {'pk': ?, 'sk': ?, 'zipcode': ?, 'username': ?, 'datetime': ?, "
    "'status': ?, 'amount': ?}"
)
ORDER = {
    "pk": {"S": "ACCOUNT#ACCOUNT1#CUSTOMER#CUSTOMER61"},
    "sk": {"S": "STATUS#CREATED#ORDER#8d6d5d5c"},
    "zipcode": {"N": "74545"},
    "username": {"S": "user-7"},
    "datetime": {"S": "2024-02-29 23:59:59"},
    "status": {"S": "CREATED"},
    "amount": {"N": "4321.05"},
}


def test_the_workloads_insert_stores_its_item(table: "ContractTable") -> None:
    assert table.run(WORKLOAD_INSERT, *ORDER.values()).items == []

    assert table.run("SELECT * FROM {t} WHERE pk = ?", ORDER["pk"]).items == [ORDER]


def test_the_literal_insert_stores_the_same_item(table: "ContractTable") -> None:
    table.run(
        "INSERT INTO {t} VALUE {'pk': 'ACCOUNT#ACCOUNT1#CUSTOMER#CUSTOMER61', "
        "'sk': 'STATUS#CREATED#ORDER#8d6d5d5c', 'zipcode': 74545, 'username': 'user-7', "
        "'datetime': '2024-02-29 23:59:59', 'status': 'CREATED', 'amount': 4321.05}"
    )

    assert table.run("SELECT * FROM {t}").items == [ORDER]


@pytest.mark.parametrize(
    ("literal", "value"),
    [
        ("1e-05", {"N": "0.00001"}),
        ("1E2", {"N": "100"}),
        ("-3", {"N": "-3"}),
        ("+5", {"N": "5"}),
        (".5", {"N": "0.5"}),
        ("5.", {"N": "5"}),
        ("1.50", {"N": "1.5"}),
        ("00012", {"N": "12"}),
        ("12345678901234567890123456789012345678", {"N": "12345678901234567890123456789012345678"}),
        ("'it''s'", {"S": "it's"}),
        ("''", {"S": ""}),
        ("'\"ä\U0001f600'", {"S": '"ä\U0001f600'}),
        ("TRUE", {"BOOL": True}),
        ("false", {"BOOL": False}),
        ("Null", {"NULL": True}),
        ("[]", {"L": []}),
        ("[1, 'x', [2]]", {"L": [{"N": "1"}, {"S": "x"}, {"L": [{"N": "2"}]}]}),
        ("{'a': {'b': true}}", {"M": {"a": {"M": {"b": {"BOOL": True}}}}}),
        ("<<'a'>>", {"SS": ["a"]}),
        ("<<1.0>>", {"NS": ["1"]}),
    ],
)
def test_a_literal_is_stored_as_its_value(
    table: "ContractTable", literal: str, value: object
) -> None:
    table.run(f"INSERT INTO {{t}} VALUE {{'pk': 'a', 'sk': 'b', 'x': {literal}}}")

    assert table.run("SELECT x FROM {t} WHERE pk = 'a'").items == [{"x": value}]


@pytest.mark.parametrize(
    ("sent", "stored"),
    [
        ({"N": "1e+5"}, {"N": "100000"}),
        ({"N": "-0"}, {"N": "0"}),
        ({"B": b"\x00\xff"}, {"B": b"\x00\xff"}),
        ({"BS": [b"ab"]}, {"BS": [b"ab"]}),
        ({"NULL": True}, {"NULL": True}),
        ({"M": {"l": {"L": [{"SS": ["a"]}]}}}, {"M": {"l": {"L": [{"SS": ["a"]}]}}}),
    ],
)
def test_a_parameter_is_stored_as_its_value(
    table: "ContractTable", sent: dict[str, Any], stored: object
) -> None:
    table.run("INSERT INTO {t} VALUE {'pk': 'a', 'sk': 'b', 'x': ?}", sent)

    assert table.run("SELECT x FROM {t}").items == [{"x": stored}]


def test_an_existing_key_is_refused_and_kept(table: "ContractTable") -> None:
    table.run("INSERT INTO {t} VALUE {'pk': 'a', 'sk': 'b', 'x': 1}")

    code = table.refused("INSERT INTO {t} VALUE {'pk': 'a', 'sk': 'b', 'x': 2}")

    assert code == "DuplicateItemException"
    assert table.run("SELECT x FROM {t}").items == [{"x": {"N": "1"}}]


@pytest.mark.parametrize(
    "item",
    [
        "{'pk': 'a'}",
        "{'sk': 'a'}",
        "{}",
        "{'pk': 1, 'sk': 'a'}",
        "{'pk': null, 'sk': 'a'}",
        "{'pk': 'a', 'sk': true}",
        "{'pk': '', 'sk': 'a'}",
        "{'pk': 'a', 'sk': ''}",
        f"{{'pk': '{'y' * 2049}', 'sk': 'a'}}",
        f"{{'pk': 'a', 'sk': '{'y' * 1025}'}}",
        "{'pk': 'a', 'sk': 'b', 'x': 1, 'x': 2}",
        "{'pk': 'a', 'sk': 'b', '': 1}",
        "{'pk': 'a', 'sk': 'b', 'x': missing}",
        "{'pk': 'a', 'sk': 'b', 'x': 123456789012345678901234567890123456789}",
        "{'pk': 'a', 'sk': 'b', 'x': 1e126}",
        "{'pk': 'a', 'sk': 'b', 'x': 1e-131}",
        "{'pk': 'a', 'sk': 'b', 'x': -0.0}",
        "{'pk': 'a', 'sk': 'b', 'x': 1+1}",
        "{'pk': 'a', 'sk': 'b', 'x': y}",
        "{'pk': 'a', 'sk': 'b', 'x': <<>>}",
        "{'pk': 'a', 'sk': 'b', 'x': <<1, 'a'>>}",
        "{'pk': 'a', 'sk': 'b', 'x': <<1, 1.0>>}",
        "{pk: 'a', 'sk': 'b'}",
        "{'pk': 'a', 'sk': 'b'}, {'pk': 'a', 'sk': 'c'}",
        "{'pk': 'a', 'sk': 'b', 'x': 'unterminated}",
    ],
)
def test_an_impossible_item_is_refused_and_nothing_is_stored(
    table: "ContractTable", item: str
) -> None:
    assert table.refused(f"INSERT INTO {{t}} VALUE {item}") == "ValidationException"

    assert table.run("SELECT * FROM {t}").items == []


@pytest.mark.parametrize(
    "parameter",
    [
        {"N": "abc"},
        {"N": ""},
        {"N": " 1 "},
        {"N": "1e126"},
        {"NULL": False},
        {"SS": []},
        {"SS": ["a", "a"]},
        {"NS": ["1", "1.0"]},
    ],
)
def test_an_impossible_parameter_is_refused(
    table: "ContractTable", parameter: dict[str, Any]
) -> None:
    code = table.refused("INSERT INTO {t} VALUE {'pk': 'a', 'sk': 'b', 'x': ?}", parameter)

    assert code == "ValidationException"


def test_a_parameter_inside_a_list_is_refused(table: "ContractTable") -> None:
    statement = "INSERT INTO {t} VALUE {'pk': 'a', 'sk': 'b', 'x': [?]}"

    assert table.refused(statement, {"N": "1"}) == "ValidationException"


def test_a_missing_parameter_is_refused(table: "ContractTable") -> None:
    # One too many is refused by us and ignored by DynamoDB Local; not checked on DynamoDB.
    assert table.refused("INSERT INTO {t} VALUE {'pk': ?, 'sk': ?}", {"S": "a"}) == (
        "ValidationException"
    )


def test_an_item_has_400_kb_at_most(table: "ContractTable") -> None:
    largest = 400 * 1024 - len("pk" + "a" + "sk" + "b" + "x")
    insert = "INSERT INTO {t} VALUE {'pk': 'a', 'sk': 'b', 'x': ?}"

    assert table.refused(insert, {"S": "y" * (largest + 1)}) == "ValidationException"
    assert table.run(insert, {"S": "y" * largest}).items == []


def test_a_statement_has_8192_characters_at_most(table: "ContractTable") -> None:
    statement = "INSERT INTO {t} VALUE {'pk': 'a', 'sk': 'b', 'x': '" + "y" * 8192 + "'}"

    assert table.refused(statement) == "ValidationException"


def test_an_unknown_table_is_not_found(table: "ContractTable") -> None:
    for statement in ("INSERT INTO nowhere VALUE {'pk': 'a', 'sk': 'b'}", "SELECT * FROM nowhere"):
        assert table.refused(statement) == "ResourceNotFoundException"


def test_a_table_without_sort_key_takes_one_item_for_each_partition_key(
    make_table: MakeTable,
) -> None:
    table = make_table(sort_key_type=None)
    table.run("INSERT INTO {t} VALUE {'pk': 'a', 'x': 1}")

    assert table.refused("INSERT INTO {t} VALUE {'pk': 'a', 'x': 2}") == "DuplicateItemException"
    assert table.run("SELECT x FROM {t} WHERE pk = 'a'").items == [{"x": {"N": "1"}}]


def test_the_other_operations_see_an_inserted_item(table: "ContractTable") -> None:
    table.run(WORKLOAD_INSERT, *ORDER.values())
    client = table.implementation.client

    got = client.get_item(TableName=table.name, Key={"pk": ORDER["pk"], "sk": ORDER["sk"]})
    queried = client.query(
        TableName=table.name,
        KeyConditionExpression="pk = :pk AND begins_with(sk, :prefix)",
        ExpressionAttributeValues={":pk": ORDER["pk"], ":prefix": {"S": "STATUS#"}},
    )
    scanned = client.scan(TableName=table.name)

    assert got["Item"] == ORDER
    assert queried["Items"] == scanned["Items"] == [ORDER]


def test_capacity_is_reported_by_dynamodbs_rounding(table: "ContractTable") -> None:
    # DynamoDB Local answers ExecuteStatement without ConsumedCapacity.
    if table.implementation.is_local:
        pytest.skip("DynamoDB Local reports no ConsumedCapacity for ExecuteStatement")
    insert = "INSERT INTO {t} VALUE {'pk': 'a', 'sk': ?, 'x': ?}"

    written = table.page(insert, {"S": "b"}, {"S": "y" * 3000}, ReturnConsumedCapacity="TOTAL")
    read = table.page("SELECT sk FROM {t} WHERE pk = 'a'", ReturnConsumedCapacity="TOTAL")

    assert written["ConsumedCapacity"] == {"TableName": table.name, "CapacityUnits": 3.0}
    assert read["ConsumedCapacity"] == {"TableName": table.name, "CapacityUnits": 0.5}
