# ruff: noqa: S608  # statements put together from parts are what is tested here
# statements put together from parts are what is tested here
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from aqp_perf.targets.moto.syntax.reserved_words import KEYWORDS, RESERVED_WORDS

if TYPE_CHECKING:
    from tests.contract.conftest import Answer, ContractTable

MakeTable = Callable[..., "ContractTable"]

BY_ZIPCODE: dict[str, Any] = {
    "attributes": {"zipcode": "N"},
    "GlobalSecondaryIndexes": [
        {
            "IndexName": "by_zipcode",
            "KeySchema": [
                {"AttributeName": "zipcode", "KeyType": "HASH"},
                {"AttributeName": "sk", "KeyType": "RANGE"},
            ],
            "Projection": {"ProjectionType": "ALL"},
        }
    ],
}


def texts(answer: "Answer", name: str = "sk") -> list[str]:
    return [item[name]["S"] for item in answer.items]


@pytest.fixture
def orders(make_table: MakeTable) -> "ContractTable":
    """Return a table with s0 … s4 and an odd item t in partition P, and s0, s1 in partition Q."""
    table = make_table(**BY_ZIPCODE)
    for partition, count in {"P": 5, "Q": 2}.items():
        for number in range(count):
            table.run(
                "INSERT INTO {t} VALUE {'pk': ?, 'sk': ?, 'status': 'NEW', 'datetime': '2020', "
                "'amount': ?, 'zipcode': 1, 'd-x': 'z', 'm': {'a': {'b': 1}, 'l': [1, 2]}}",
                {"S": partition},
                {"S": f"s{number}"},
                {"N": str(number * 10)},
            )
    table.run(
        "INSERT INTO {t} VALUE {'pk': 'P', 'sk': 't', 'u': 1, 'b': true, 'nul': null, "
        "'ss': <<'a', 'b'>>, 'ns': <<1, 2>>, 'lst': ['a', 1], 'str': 'hello', 'm': {'x': 1}}"
    )
    return table


EVERY = "s0 s1 s2 s3 s4 t"


@pytest.mark.parametrize(
    ("condition", "found"),
    [
        ("", EVERY),
        ("AND sk = 's1'", "s1"),
        ("AND sk > 's1'", "s2 s3 s4 t"),
        ("AND sk >= 's1' AND sk < 's3'", "s1 s2"),
        ("AND sk <= 's1'", "s0 s1"),
        ("AND sk <> 's1'", "s0 s2 s3 s4 t"),
        ("AND sk != 's1'", "s0 s2 s3 s4 t"),
        ("AND sk BETWEEN 's1' AND 's3'", "s1 s2 s3"),
        ("AND sk NOT BETWEEN 's1' AND 's3'", "s0 s4 t"),
        ("AND begins_with(sk, 's')", "s0 s1 s2 s3 s4"),
        ("AND contains(sk, '1')", "s1"),
        ("AND sk IN ('s3', 's1', 'nowhere')", "s1 s3"),
        ("AND sk IN ['s1']", "s1"),
        ("AND sk = 's1' AND sk = 's2'", ""),
        ("AND pk = 'Q'", ""),
        ("AND begins_with(pk, 'P')", EVERY),
        ("AND status = 'NEW'", "s0 s1 s2 s3 s4"),
        ("AND datetime = '2020'", "s0 s1 s2 s3 s4"),
        ("AND \"d-x\" = 'z'", "s0 s1 s2 s3 s4"),
        ("AND amount = 10.0", "s1"),
        ("AND amount = '10'", ""),
        ("AND amount > '10'", ""),
        ("AND amount >= 20 AND amount < 40", "s2 s3"),
        ("AND amount IN (10, 'x', 30)", "s1 s3"),
        ("AND amount NOT IN (10, 30)", "s0 s2 s4 t"),
        ("AND amount BETWEEN 10 AND 20", "s1 s2"),
        ("AND amount BETWEEN 'a' AND 'b'", ""),
        ("AND 15 BETWEEN amount AND 20", "s0 s1"),
        ("AND amount <> 10", "s0 s2 s3 s4 t"),
        ("AND NOT amount = 10", "s0 s2 s3 s4 t"),
        ("AND NOT NOT amount = 10", "s1"),
        ("AND (amount = 10 OR amount = 20)", "s1 s2"),
        ("AND NOT (amount = 10 OR amount = 20)", "s0 s3 s4 t"),
        ("AND amount = zipcode", ""),
        ("AND u IS MISSING", "s0 s1 s2 s3 s4"),
        ("AND u IS NOT MISSING", "t"),
        ("AND nul IS NULL", "t"),
        ("AND nul IS NOT NULL", "s0 s1 s2 s3 s4"),
        ("AND u IS NULL", ""),
        ("AND nul = null", "t"),
        ("AND b = true", "t"),
        ("AND b <> false", EVERY),
        ("AND ss = <<'b', 'a'>>", "t"),
        ("AND ns = <<2, 1.0>>", "t"),
        ("AND lst = ['a', 1]", "t"),
        ("AND m = {'x': 1.0}", "t"),
        ("AND m.a.b = 1", "s0 s1 s2 s3 s4"),
        ("AND m['a'].b = 1", "s0 s1 s2 s3 s4"),
        ("AND m.l[1] = 2", "s0 s1 s2 s3 s4"),
        ("AND m.l[2] IS MISSING", EVERY),
        ("AND contains(str, 'ell')", "t"),
        ("AND contains(ss, 'a')", "t"),
        ("AND contains(ns, 2)", "t"),
        ("AND contains(lst, 1)", "t"),
        ("AND contains(str, 1)", ""),
        ("AND contains(u, 1)", ""),
        ("AND contains('hello', str)", "t"),
        ("AND begins_with(str, 'he')", "t"),
        ("AND begins_with(amount, 'h')", ""),
        ("AND attribute_exists(u)", "t"),
        ("AND attribute_not_exists(u)", "s0 s1 s2 s3 s4"),
        ("AND attribute_type(u, 'N')", "t"),
        ("AND size(str) > 4", "t"),
        ("AND size(ss) = 2", "t"),
        ("AND size(u) = 1", ""),
        ("AND 1 = 1", EVERY),
    ],
)
def test_a_condition_finds_its_items_in_sort_key_order(
    orders: "ContractTable", condition: str, found: str
) -> None:
    answer = orders.run(f"SELECT sk FROM {{t}} WHERE pk = 'P' {condition}")

    assert texts(answer) == found.split()


def test_a_literal_may_stand_before_the_sort_key(orders: "ContractTable") -> None:
    if orders.implementation.is_local:
        pytest.skip("this DynamoDB Local reads 's2' < sk as sk < 's2', on a sort key only")

    assert texts(orders.run("SELECT sk FROM {t} WHERE pk = 'P' AND 's2' < sk")) == ["s3", "s4", "t"]


@pytest.mark.parametrize(
    ("where", "found"),
    [
        ("'P' = pk", "Ps0 Ps1 Ps2 Ps3 Ps4 Pt"),
        ("pk IN ('Q', 'nowhere', 'P')", "Ps0 Ps1 Ps2 Ps3 Ps4 Pt Qs0 Qs1"),
        ("pk IN ('P', 'Q') AND sk IN ('s1', 't')", "Ps1 Pt Qs1"),
        # One query for each value named; DynamoDB's documentation does not speak of repeated ones.
        ("pk IN ('Q', 'Q')", "Qs0 Qs0 Qs1 Qs1"),
        ("pk = 'Q' OR pk = 'P' AND sk = 't'", "Pt Qs0 Qs1"),
        ("(pk = 'Q' OR pk = 'P') AND amount = 0", "Ps0 Qs0"),
        ("pk > 'P'", "Qs0 Qs1"),
        ("begins_with(pk, 'Q')", "Qs0 Qs1"),
        ("amount = 40", "Ps4"),
        ("pk = 'nowhere'", ""),
        ("PK = 'P'", ""),
    ],
)
def test_a_condition_finds_its_items_in_any_partition(
    orders: "ContractTable", where: str, found: str
) -> None:
    answer = orders.run(f"SELECT pk, sk FROM {{t}} WHERE {where}")

    assert sorted(item["pk"]["S"] + item["sk"]["S"] for item in answer.items) == found.split()


def test_parameters_stand_for_any_value(orders: "ContractTable") -> None:
    answer = orders.run(
        "SELECT sk FROM {t} WHERE pk IN (?, ?) AND begins_with(sk, ?) AND amount BETWEEN ? AND ?",
        {"S": "nowhere"},
        {"S": "P"},
        {"S": "s"},
        {"N": "10"},
        {"N": "30"},
    )

    assert texts(answer) == ["s1", "s2", "s3"]


@pytest.mark.parametrize(
    ("columns", "item"),
    [
        ('"sk", "status"', {"sk": {"S": "s1"}, "status": {"S": "NEW"}}),
        ("status, datetime", {"status": {"S": "NEW"}, "datetime": {"S": "2020"}}),
        ("sk, nowhere", {"sk": {"S": "s1"}}),
        ("nowhere", {}),
        ('"d-x"', {"d-x": {"S": "z"}}),
        ("m.a.b", {"b": {"N": "1"}}),
        ("m.l[0], m.l[1]", {"l[0]": {"N": "1"}, "l[1]": {"N": "2"}}),
        ("m.a", {"a": {"M": {"b": {"N": "1"}}}}),
    ],
)
def test_columns_choose_what_is_answered(
    orders: "ContractTable", columns: str, item: object
) -> None:
    answer = orders.run(f"SELECT {columns} FROM {{t}} WHERE pk = 'P' AND sk = 's1'")

    assert answer.items == [item]


@pytest.mark.parametrize("order", ["ORDER BY sk", "ORDER BY sk ASC", "ORDER BY pk"])
def test_order_by_sorts_upwards(orders: "ContractTable", order: str) -> None:
    assert texts(orders.run(f"SELECT sk FROM {{t}} WHERE pk = 'P' {order}")) == EVERY.split()


def test_order_by_sorts_downwards(orders: "ContractTable") -> None:
    if orders.implementation.is_local:
        pytest.skip("this DynamoDB Local answers 500 to ORDER BY … DESC")

    answer = orders.run("SELECT sk FROM {t} WHERE pk = 'P' ORDER BY sk DESC", Limit=4)

    assert texts(answer) == EVERY.split()[::-1]


def test_numbers_are_sorted_as_numbers(make_table: MakeTable) -> None:
    table = make_table(sort_key_type="N")
    for number in ("10", "-1", "2", "1.5"):
        table.run("INSERT INTO {t} VALUE {'pk': 'a', 'sk': ?}", {"N": number})

    answer = table.run("SELECT sk FROM {t} WHERE pk = 'a' AND sk >= -1")

    assert [item["sk"]["N"] for item in answer.items] == ["-1", "1.5", "2", "10"]


def key_of(*names: str) -> list[dict[str, str]]:
    kinds = zip(names, ("HASH", "RANGE"), strict=False)
    return [{"AttributeName": name, "KeyType": kind} for name, kind in kinds]


@pytest.fixture
def sparse(make_table: MakeTable) -> "ContractTable":
    """Return a table with one item, and indexes that hold only some of its attributes."""
    include = {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["m"]}
    table = make_table(
        attributes={"zipcode": "N", "at": "S"},
        GlobalSecondaryIndexes=[
            {
                "IndexName": "keys",
                "KeySchema": key_of("zipcode"),
                "Projection": {"ProjectionType": "KEYS_ONLY"},
            },
            {"IndexName": "marked", "KeySchema": key_of("zipcode"), "Projection": include},
        ],
        LocalSecondaryIndexes=[
            {"IndexName": "local", "KeySchema": key_of("pk", "at"), "Projection": include}
        ],
    )
    table.run(
        "INSERT INTO {t} VALUE {'pk': 'P', 'sk': 's', 'zipcode': 1, 'at': 'a', 'note': 'x', "
        "'m': {'a': 'y'}, 'o': {'a': 'z'}}"
    )
    return table


@pytest.mark.parametrize(
    ("columns", "index", "missing"),
    [
        ("note", "keys", "note"),
        ("pk, note", "keys", "note"),
        ("nowhere", "keys", "nowhere"),
        ("m.a", "keys", "m"),
        ("zipcode, m, o.a", "marked", "o"),
    ],
)
def test_a_global_index_gives_only_what_it_projects(
    sparse: "ContractTable", columns: str, index: str, missing: str
) -> None:
    for where in ("", " WHERE zipcode = 1"):
        _, message = sparse.refusal(f"SELECT {columns} FROM {{t}}.{index}{where}")

        assert message == (
            "One or more parameter values were invalid: "
            f"Global secondary index {index} does not project [{missing}]"
        )


def test_several_missing_columns_are_all_named(sparse: "ContractTable") -> None:
    _, message = sparse.refusal("SELECT note, pk, o FROM {t}.keys")

    assert message.endswith(("project [note, o]", "project [o, note]"))  # in no certain order


def test_an_index_gives_what_it_projects(sparse: "ContractTable") -> None:
    keys = sparse.run("SELECT pk, sk, zipcode FROM {t}.keys WHERE zipcode = 1").items

    assert keys == sparse.run("SELECT * FROM {t}.keys WHERE zipcode = 1").items
    assert sparse.run("SELECT m.a FROM {t}.marked WHERE zipcode = 1").items == [{"a": {"S": "y"}}]


def test_a_local_index_fetches_what_it_does_not_project(sparse: "ContractTable") -> None:
    found = sparse.run("SELECT note, o.a FROM {t}.\"local\" WHERE pk = 'P'").items
    entry = sparse.run("SELECT * FROM {t}.\"local\" WHERE pk = 'P'").items

    assert found == [{"note": {"S": "x"}, "a": {"S": "z"}}]
    assert [set(item) for item in entry] == [{"pk", "sk", "at", "m"}]


def test_an_index_is_a_table_of_its_own(orders: "ContractTable") -> None:
    answer = orders.run("SELECT pk, sk FROM {t}.\"by_zipcode\" WHERE zipcode = 1 AND sk = 's1'")

    assert sorted(texts(answer, "pk")) == ["P", "Q"]
    assert len(orders.run("SELECT * FROM {t}.by_zipcode").items) == 7


@pytest.mark.parametrize("limit", [1, 2, 6, 7])
@pytest.mark.parametrize(
    "where", ["pk = 'P'", "pk IN ('P', 'Q')", "pk = 'P' AND amount > 10", "amount > 10", "1 = 1"]
)
def test_pages_add_up_to_the_whole_answer(orders: "ContractTable", where: str, limit: int) -> None:
    statement = f"SELECT pk, sk FROM {{t}} WHERE {where}"

    def keys(answer: "Answer") -> list[tuple[str, str]]:
        return sorted((item["pk"]["S"], item["sk"]["S"]) for item in answer.items)

    assert keys(orders.run(statement, Limit=limit)) == keys(orders.run(statement))


def test_a_limit_counts_what_is_read_before_the_filter(orders: "ContractTable") -> None:
    page = orders.page("SELECT sk FROM {t} WHERE pk = 'P' AND amount = 30", Limit=2)

    assert page["Items"] == []
    assert page["NextToken"]


def test_more_than_one_megabyte_takes_more_than_one_page(table: "ContractTable") -> None:
    for number in range(8):
        table.run(
            "INSERT INTO {t} VALUE {'pk': 'a', 'sk': ?, 'x': ?}",
            {"S": str(number)},
            {"S": "y" * 300_000},
        )

    answer = table.run("SELECT sk FROM {t} WHERE pk = 'a'")

    assert texts(answer) == list("01234567")
    assert answer.page_count > 1


@pytest.mark.parametrize(
    "statement",
    [
        " ",
        "hello",
        "SELECT",
        "SELECT FROM {t}",
        "SELECT pk FROM {t} WHERE",
        "SELECT pk FROM {t} WHERE pk = 'P' AND",
        "SELECT pk FROM {t} WHERE pk == 'P'",
        "SELECT pk FROM {t} WHERE pk IN ()",
        "SELECT pk FROM {t} WHERE pk IN []",
        "SELECT pk FROM {t} WHERE pk = 1",
        "SELECT pk FROM {t} WHERE pk = ''",
        "SELECT pk FROM {t} WHERE pk = null",
        "SELECT pk FROM {t} WHERE pk = 'P' AND sk = 1",
        "SELECT pk FROM {t} WHERE pk = 'P' AND sk > 1",
        "SELECT pk FROM {t} WHERE pk = 'P' AND begins_with(sk, '')",
        "SELECT pk FROM {t} WHERE pk = 'P' AND begins_with(sk, 1)",
        "SELECT pk FROM {t} WHERE pk = 'P' AND begins_with(u)",
        "SELECT pk FROM {t} WHERE pk = 'P' AND foo(u)",
        "SELECT pk FROM {t} WHERE pk = 'P' AND attribute_type(u, 'FOO')",
        "SELECT pk FROM {t} WHERE pk = 'P' AND u > true",
        "SELECT pk FROM {t} WHERE pk = 'P' AND u > null",
        "SELECT pk FROM {t} WHERE pk = 'P' AND u > [1]",
        "SELECT pk FROM {t} WHERE pk = 'P' AND u BETWEEN 2 AND 1",
        "SELECT pk FROM {t} WHERE pk = 'P' AND u BETWEEN 1 AND 'b'",
        "SELECT pk FROM {t} WHERE pk = 'P' AND u LIKE 'x%'",
        "SELECT pk FROM {t} WHERE pk = 'P' AND u + 1 = 2",
        "SELECT pk FROM {t} WHERE pk = 'P' AND u",
        "SELECT pk FROM {t} WHERE pk = 'P' AND u = missing",
        f"SELECT pk FROM {{t}} WHERE pk = 'P' AND u IN ({','.join(map(str, range(101)))})",
        "SELECT pk, pk FROM {t}",
        "SELECT pk, * FROM {t}",
        "SELECT pk AS x FROM {t}",
        "SELECT DISTINCT pk FROM {t}",
        "SELECT VALUE pk FROM {t}",
        "SELECT 'pk' FROM {t}",
        "SELECT count(*) FROM {t} WHERE pk = 'P'",
        "SELECT sum(amount) FROM {t} WHERE pk = 'P' GROUP BY zipcode",
        "SELECT pk FROM {t} WHERE pk = 'P' LIMIT 1",
        "SELECT pk FROM {t} p WHERE p.pk = 'P'",
        "SELECT pk FROM {t}, {t}",
        "SELECT pk FROM {t}.nowhere",
        "SELECT pk FROM {t} ORDER BY sk",
        "SELECT pk FROM {t} WHERE sk = 's1' ORDER BY sk",
        "SELECT pk FROM {t} WHERE pk = 'P' ORDER BY amount",
        "SELECT pk FROM {t}; SELECT pk FROM {t}",
        "SELECT pk FROM 'text'",
        "CREATE TABLE x (a INT)",
        "DROP TABLE {t}",
    ],
)
def test_statements_that_are_not_dynamodb_partiql_are_refused(
    table: "ContractTable", statement: str
) -> None:
    assert table.refused(statement) == "ValidationException"


def test_a_made_up_token_is_refused(table: "ContractTable") -> None:
    assert table.refused("SELECT * FROM {t}", NextToken="abc") == "ValidationException"


def test_a_consistent_read_of_a_global_index_is_refused(orders: "ContractTable") -> None:
    statement = "SELECT * FROM {t}.by_zipcode WHERE zipcode = 1"

    assert orders.refused(statement, ConsistentRead=True) == "ValidationException"


def test_reserved_words_are_refused_unquoted_and_taken_in_quotes(table: "ContractTable") -> None:
    # true, false and null are values, so unquoted they compare; missing is refused as a value.
    for word in sorted((KEYWORDS | RESERVED_WORDS) - {"true", "false", "null"}):
        assert table.refused(f"SELECT pk FROM {{t}} WHERE pk = 'a' AND {word} = 1") == (
            "ValidationException"
        ), word
        assert table.run(f"SELECT pk FROM {{t}} WHERE pk = 'a' AND \"{word}\" = 1").items == []
