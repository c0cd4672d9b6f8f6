# ruff: noqa: S608  # statements put together from parts are what is tested here
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.contract.conftest import ContractTable

MakeTable = Callable[..., "ContractTable"]

ITEM: dict[str, Any] = {
    "pk": {"S": "a"},
    "sk": {"S": "1"},
    "n": {"N": "1"},
    "s": {"S": "x"},
    "z": {"NULL": True},
    "l": {"L": [{"N": "1"}, {"N": "2"}, {"N": "3"}]},
    "m": {"M": {"x": {"N": "1"}, "y": {"S": "q"}}},
    "tags": {"SS": ["p", "q"]},
}
KEY = "pk = 'a' AND sk = '1'"
GONE = None
VALIDATION = "ValidationException"
FAILED = "ConditionalCheckFailedException"


@pytest.fixture
def held(table: "ContractTable") -> "ContractTable":
    """A table that holds the one item."""
    table.implementation.client.put_item(TableName=table.name, Item=ITEM)
    return table


def item_of(table: "ContractTable", key: str = "1") -> dict[str, Any] | None:
    found = table.implementation.client.get_item(
        TableName=table.name, Key={"pk": {"S": "a"}, "sk": {"S": key}}, ConsistentRead=True
    )
    return found.get("Item")


def numbers(*values: int) -> dict[str, Any]:
    return {"L": [{"N": str(value)} for value in values]}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ("SET n = 5", {"n": {"N": "5"}}),
        ("SET n = n + 1", {"n": {"N": "2"}}),
        ("SET n=n-3", {"n": {"N": "-2"}}),
        ("SET n = (n + 1) + n - 5", {"n": {"N": "-2"}}),
        ("SET n = n + 0.5", {"n": {"N": "1.5"}}),
        ("SET s = n", {"s": {"N": "1"}}),
        ("SET n = s SET s = n", {"n": {"S": "x"}, "s": {"N": "1"}}),
        ("SET n = 2, s = 'y'", {"n": {"N": "2"}, "s": {"S": "y"}}),
        ("SET n = NULL REMOVE s", {"n": {"NULL": True}, "s": GONE}),
        ("REMOVE s REMOVE z", {"s": GONE, "z": GONE}),
        ("REMOVE absent", {}),
        ("SET q = {'a': [1, TRUE]}", {"q": {"M": {"a": {"L": [{"N": "1"}, {"BOOL": True}]}}}}),
        ("SET m.x = m.x + 1", {"m": {"M": {"x": {"N": "2"}, "y": {"S": "q"}}}}),
        ("SET m['x'] = 3 REMOVE m.y", {"m": {"M": {"x": {"N": "3"}}}}),
        ("SET l[0] = 9", {"l": numbers(9, 2, 3)}),
        ("SET l[7] = 9", {"l": numbers(1, 2, 3, 9)}),
        ("REMOVE l[0] REMOVE l[1]", {"l": numbers(3)}),
        ("REMOVE l[9]", {}),
        ("SET l = list_append(l, [4])", {"l": numbers(1, 2, 3, 4)}),
        ("SET l = list_append([4], l)", {"l": numbers(4, 1, 2, 3)}),
        ("SET tags = set_add(tags, <<'q', 'r'>>)", {"tags": {"SS": ["p", "q", "r"]}}),
        ("SET more = set_add(more, <<1>>)", {"more": {"NS": ["1"]}}),
        ("SET tags = set_delete(tags, <<'q', 'r'>>)", {"tags": {"SS": ["p"]}}),
        ("SET tags = set_delete(tags, <<'p', 'q'>>)", {"tags": GONE}),
        ("SET q = if_not_exists(q, 3)", {"q": {"N": "3"}}),
    ],
)
def test_update_changes_the_item(
    held: "ContractTable", changes: str, expected: dict[str, Any]
) -> None:
    assert held.run(f"UPDATE {{t}} {changes} WHERE {KEY}").items == []

    found = item_of(held)
    assert found is not None
    for value in found.values():
        if "SS" in value:
            value["SS"].sort()  # sets have no order
    after = ITEM | expected
    assert found == {name: value for name, value in after.items() if value is not GONE}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ("SET n = s + 1", "An operand in the update expression has an incorrect data type"),
        ("SET n = n + 'a'", "Incorrect operand type for operator or function; "),
        ("SET n = q + 1", "The provided expression refers to an attribute that does not exist"),
        ("SET n = q", "The provided expression refers to an attribute that does not exist"),
        ("SET n = n * 2", ""),
        ("SET n = 1 SET n = 2", "Two document paths overlap with each other; "),
        ("SET m = 1 SET m.x = 2", "Two document paths overlap with each other; "),
        ("SET q.j = 1", "The document path provided in the update expression is invalid"),
        ("SET s[0] = 1", "The document path provided in the update expression is invalid"),
        ("REMOVE q.j", "The document path provided in the update expression is invalid"),
        ("SET l[-1] = 1", ""),
        ("SET l = list_append(l, 4)", "Incorrect operand type for operator or function; "),
        ("SET l = list_append(l)", "Incorrect number of operands for operator or function; "),
        ("SET l = list_append(s, [4])", "An operand in the update expression has an incorrect"),
        ("SET tags = set_add(tags, <<1>>)", "An operand in the update expression has an incorrect"),
        ("SET tags = set_add(tags, 'r')", ""),
        ("SET q = set_add(tags, <<'r'>>)", "The first argument to SET_ADD must equal"),
        ("SET n = strange(n)", "Unrecognized function: strange"),
        ("SET n = size(s)", "The function is not allowed in an update expression; function: size"),
        ("SET n = MISSING", ""),
        ("SET sk = '2'", "One or more parameter values were invalid: Cannot update attribute sk."),
        ("REMOVE pk", "One or more parameter values were invalid: Cannot update attribute pk."),
    ],
)
def test_update_refuses_what_cannot_be_done(
    held: "ContractTable", changes: str, message: str
) -> None:
    """Where no message is expected, the implementations word it differently."""
    code, text = held.refusal(f"UPDATE {{t}} {changes} WHERE {KEY}")

    assert (code, text[: len(message)]) == (VALIDATION, message)
    assert item_of(held) == ITEM


CONDITIONS = [
    (f"WHERE {KEY}", ""),
    ("WHERE '1' = sk AND (n = 1 AND pk = 'a')", ""),
    (f"WHERE {KEY} AND (n = 2 OR s = 'x')", ""),
    (f"WHERE {KEY} AND n IN [1, 2]", ""),
    (f"WHERE {KEY} AND n BETWEEN 0 AND 4", ""),
    (f"WHERE {KEY} AND begins_with(s, 'x')", ""),
    (f"WHERE {KEY} AND contains(tags, 'p')", ""),
    (f"WHERE {KEY} AND size(l) = 3", ""),
    (f"WHERE {KEY} AND attribute_type(s, 'S')", ""),
    (f"WHERE {KEY} AND z IS NULL", ""),
    (f"WHERE {KEY} AND q IS MISSING", ""),
    (f"WHERE {KEY} AND n = 2", FAILED),
    (f"WHERE {KEY} AND n IS MISSING", FAILED),
    (f"WHERE {KEY} AND NOT n = 1", FAILED),
    (f"WHERE {KEY} AND sk < '0'", FAILED),
    ("WHERE pk = 'a' AND sk = 'no' AND n = 1", FAILED),
    ("", VALIDATION),
    ("WHERE pk = 'a'", VALIDATION),
    ("WHERE sk = '1'", VALIDATION),
    ("WHERE pk = 'a' AND sk >= '1'", VALIDATION),
    ("WHERE pk IN ['a'] AND sk = '1'", VALIDATION),
    (f"WHERE {KEY} OR n = 1", VALIDATION),
    (f"WHERE {KEY} AND pk = 'b'", VALIDATION),
    ("WHERE pk = 1 AND sk = '1'", VALIDATION),
    ("WHERE pk = '' AND sk = '1'", VALIDATION),
]


@pytest.mark.parametrize(("where", "code"), CONDITIONS)
@pytest.mark.parametrize("statement", ["UPDATE {t} SET n = 7", "DELETE FROM {t}"])
def test_a_write_needs_the_whole_key_and_its_condition(
    held: "ContractTable", statement: str, where: str, code: str
) -> None:
    if code:
        assert held.refused(f"{statement} {where}") == code
        assert item_of(held) == ITEM
    else:
        held.run(f"{statement} {where}")
        assert item_of(held) == (ITEM | {"n": {"N": "7"}} if "UPDATE" in statement else None)


@pytest.mark.parametrize(
    ("clause", "expected"),
    [
        ("ALL OLD", ITEM),
        ("ALL NEW", {k: v for k, v in ITEM.items() if k != "s"} | {"n": {"N": "2"}}),
        ("MODIFIED OLD", {"n": {"N": "1"}, "s": {"S": "x"}}),
        ("MODIFIED NEW", {"n": {"N": "2"}}),
    ],
)
def test_update_returns_what_it_is_asked_for(
    held: "ContractTable", clause: str, expected: dict[str, Any]
) -> None:
    answer = held.run(f"UPDATE {{t}} SET n = 2 REMOVE s WHERE {KEY} RETURNING {clause} *")

    assert answer.items == [expected]


def test_modified_shows_nothing_without_an_attribute(held: "ContractTable") -> None:
    assert held.run(f"UPDATE {{t}} REMOVE n WHERE {KEY} RETURNING MODIFIED NEW *").items == []


def test_parameters_stand_in_the_order_of_the_text(held: "ContractTable") -> None:
    held.run(
        "UPDATE {t} SET n = n + ? SET l = list_append(l, ?) WHERE pk = ? AND sk = ? AND s = ?",
        {"N": "6"},
        numbers(4),
        {"S": "a"},
        {"S": "1"},
        {"S": "x"},
    )

    assert item_of(held) == ITEM | {"n": {"N": "7"}, "l": numbers(1, 2, 3, 4)}


def test_an_update_makes_no_item(held: "ContractTable") -> None:
    assert held.refused("UPDATE {t} SET n = 2 WHERE pk = 'a' AND sk = 'no'") == FAILED
    assert item_of(held, "no") is None


def test_delete_returns_the_old_item(held: "ContractTable") -> None:
    assert held.run(f"DELETE FROM {{t}} WHERE {KEY} RETURNING ALL OLD *").items == [ITEM]
    assert held.run(f"DELETE FROM {{t}} WHERE {KEY} RETURNING ALL OLD *").items == []


@pytest.mark.parametrize("clause", ["ALL NEW *", "MODIFIED OLD *", "ALL OLD n", "OLD *"])
def test_delete_returns_nothing_else(held: "ContractTable", clause: str) -> None:
    assert held.refused(f"DELETE FROM {{t}} WHERE {KEY} RETURNING {clause}") == VALIDATION


def test_a_failed_condition_shows_the_item_on_request(held: "ContractTable") -> None:
    client = held.implementation.client
    with pytest.raises(client.exceptions.ConditionalCheckFailedException) as failed:
        held.page(
            f"UPDATE {{t}} SET n = 2 WHERE {KEY} AND n = 9",
            ReturnValuesOnConditionCheckFailure="ALL_OLD",
        )

    sent: dict[str, Any] = dict(failed.value.response)
    shown = sent["Item"]
    shown["tags"]["SS"].sort()
    assert shown == ITEM


@pytest.mark.parametrize(
    ("statement", "code"),
    [
        ("UPDATE nowhere SET n = 2 WHERE pk = 'a'", "ResourceNotFoundException"),
        ("DELETE FROM nowhere WHERE pk = 'a'", "ResourceNotFoundException"),
        ("UPDATE {t}.\"i\" SET n = 2 WHERE pk = 'a'", VALIDATION),
        ("DELETE FROM {t}.\"i\" WHERE pk = 'a'", VALIDATION),
        (f"EXISTS(SELECT * FROM {{t}} WHERE {KEY} AND n = 1)", VALIDATION),
    ],
)
def test_a_write_is_of_a_table(held: "ContractTable", statement: str, code: str) -> None:
    assert held.refused(statement) == code


def test_an_update_moves_the_entry_of_an_index(make_table: MakeTable) -> None:
    table = make_table(
        attributes={"state": "S"},
        GlobalSecondaryIndexes=[
            {
                "IndexName": "by-state",
                "KeySchema": [{"AttributeName": "state", "KeyType": "HASH"}],
                "Projection": {"ProjectionType": "KEYS_ONLY"},
            }
        ],
    )
    table.run("INSERT INTO {t} VALUE {'pk': 'a', 'sk': '1', 'state': 'NEW'}")
    table.run(f"UPDATE {{t}} SET state = 'DONE' WHERE {KEY}")

    by_state = 'SELECT sk FROM {t}."by-state" WHERE state = ?'
    assert table.run(by_state, {"S": "NEW"}).items == []
    assert table.run(by_state, {"S": "DONE"}).items == [{"sk": {"S": "1"}}]
    assert table.refused(f"UPDATE {{t}} SET state = '' WHERE {KEY}") == VALIDATION
    assert table.refused("SELECT n FROM {t}.\"by-state\" WHERE state = 'DONE'") == VALIDATION
