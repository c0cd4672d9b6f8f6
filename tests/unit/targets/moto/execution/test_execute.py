# ruff: noqa: S608  # statements put together from parts are what is tested here
# statements put together from parts are what is tested here
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aqp_perf.targets.moto.moto_tables import Table
from aqp_perf.targets.moto.refusal import RequestRefused

MakeTable = Callable[..., Table]
Execute = Callable[..., dict[str, Any]]

BY_ZIPCODE = {
    "IndexName": "by_zipcode",
    "KeySchema": [
        {"AttributeName": "zipcode", "KeyType": "HASH"},
        {"AttributeName": "sk", "KeyType": "RANGE"},
    ],
    "Projection": {"ProjectionType": "KEYS_ONLY"},
}
PARTITION = 'SELECT "sk" FROM orders WHERE "pk" = ?'
IN_PROCESS = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])


def text(value: str) -> dict[str, str]:
    return {"S": value}


def fill(execute: Execute, partitions: dict[str, int], **attributes: dict[str, Any]) -> None:
    """Insert so many items, with sort keys 000, 001, …, into each partition of ``orders``."""
    names = "".join(f", '{name}': ?" for name in attributes)
    for partition, count in partitions.items():
        for number in range(count):
            execute(
                f"INSERT INTO orders VALUE {{'pk': ?, 'sk': ?{names}}}",
                text(partition),
                text(f"{number:03}"),
                *attributes.values(),
            )


def sort_keys(answer: dict[str, Any]) -> list[str]:
    return [item["sk"]["S"] for item in answer["Items"]]


def pages(
    execute: Execute,
    statement: str,
    *parameters: dict[str, Any],
    **options: Any,  # noqa: ANN401  # what the API takes
) -> Iterator[dict[str, Any]]:
    """Yield the pages of a SELECT, following NextToken to the end."""
    answer = execute(statement, *parameters, **options)
    yield answer
    while "NextToken" in answer:
        answer = execute(statement, *parameters, NextToken=answer["NextToken"], **options)
        yield answer


@pytest.fixture
def orders(make_table: MakeTable) -> Table:
    return make_table(name="orders")


@pytest.mark.usefixtures("orders")
def test_an_inserted_item_is_selected_as_it_was_sent(execute: Execute) -> None:
    item = {
        "pk": text("a"),
        "sk": text("b"),
        "amount": {"N": "12.3"},
        "tags": {"L": [{"SS": ["x"]}, {"M": {"deep": {"B": "AAE="}}}, {"NULL": True}]},
    }
    values = ", ".join(f"'{name}': ?" for name in item)

    execute(f"INSERT INTO orders VALUE {{{values}}}", *item.values())

    assert execute("SELECT * FROM orders WHERE pk = 'a'") == {"Items": [item]}


def test_insert_into_a_table_without_sort_key_works(
    make_table: MakeTable, execute: Execute
) -> None:
    make_table(name="orders", sort_key_type=None)

    execute("INSERT INTO orders VALUE {'pk': 'a', 'x': 1}")

    assert execute("SELECT x FROM orders WHERE pk = 'a'")["Items"] == [{"x": {"N": "1"}}]
    with pytest.raises(RequestRefused, match=r"^Duplicate primary key exists in table$"):
        execute("INSERT INTO orders VALUE {'pk': 'a', 'x': 2}")


def test_a_refused_duplicate_leaves_the_first_item(orders: Table, execute: Execute) -> None:
    fill(execute, {"a": 1}, username=text("first"))

    with pytest.raises(RequestRefused, match=r"^Duplicate primary key exists in table$") as refused:
        fill(execute, {"a": 1}, username=text("second"))

    assert refused.value.code == "DuplicateItemException"
    assert len(orders) == 1
    assert execute("SELECT username FROM orders")["Items"] == [{"username": text("first")}]


@pytest.mark.parametrize(
    ("item", "message"),
    [
        ("'pk': 'a'", "Key attribute should be present in the item: Key sk"),
        ("'sk': 'a'", "Key attribute should be present in the item: Key pk"),
        (
            "'pk': 1, 'sk': 'a'",
            "Key attribute's data type should match its data type in table's schema: Key pk",
        ),
        (
            "'pk': 'a', 'sk': ''",
            (
                "One or more parameter values are not valid. The AttributeValue for a key "
                "attribute cannot contain an empty string value. Key: sk"
            ),
        ),
        (
            f"'pk': '{'y' * 2049}', 'sk': 'a'",
            (
                "Hash primary key values must be under 2048 bytes, "
                "and range primary key values must be under 1024 bytes"
            ),
        ),
        (
            "'pk': 'a', 'sk': 'b', 'zipcode': 'x'",
            (
                "One or more parameter values were invalid: Type mismatch for Index Key zipcode "
                "Expected: N Actual: S IndexName: by_zipcode"
            ),
        ),
    ],
)
def test_an_item_with_wrong_keys_is_refused(
    make_table: MakeTable, execute: Execute, item: str, message: str
) -> None:
    table = make_table(name="orders", index=BY_ZIPCODE)

    with pytest.raises(RequestRefused) as refused:
        execute(f"INSERT INTO orders VALUE {{{item}}}")

    assert refused.value.message == message
    assert len(table) == 0


@pytest.mark.usefixtures("orders")
def test_an_item_may_have_400_kb_and_not_a_byte_more(execute: Execute) -> None:
    largest = 400 * 1024 - len("pk" + "a" + "sk" + "b" + "x")
    insert = "INSERT INTO orders VALUE {'pk': 'a', 'sk': 'b', 'x': ?}"

    with pytest.raises(RequestRefused, match=r"^Item size has exceeded the maximum allowed size$"):
        execute(insert, text("y" * (largest + 1)))

    assert execute(insert, text("y" * largest)) == {"Items": []}


@pytest.mark.parametrize("count", [0, 2])
@pytest.mark.usefixtures("orders")
def test_each_question_mark_needs_its_parameter(execute: Execute, count: int) -> None:
    with pytest.raises(RequestRefused) as refused:
        execute(PARTITION, *[text("a")] * count)

    assert refused.value.message == "Number of parameters in request and statement don't match."


def test_an_unknown_table_has_its_own_code(execute: Execute) -> None:
    with pytest.raises(RequestRefused, match=r"^Cannot do operations on a non-existent") as refused:
        execute("SELECT * FROM nowhere")

    assert refused.value.code == "ResourceNotFoundException"


@pytest.mark.parametrize("token", ["abc", "", "WzEsMl0="])
@pytest.mark.usefixtures("orders")
def test_a_token_of_another_make_is_refused(execute: Execute, token: str) -> None:
    with pytest.raises(RequestRefused, match=r"^Invalid NextToken$"):
        execute(PARTITION, text("a"), NextToken=token)


@IN_PROCESS
@given(
    counts=st.dictionaries(st.sampled_from("abcd"), st.integers(min_value=0, max_value=9)),
    limit=st.integers(min_value=1, max_value=7),
    tail=st.sampled_from(
        [
            "",
            " WHERE pk = 'a'",
            " WHERE pk IN ('c', 'a', 'b')",
            " WHERE pk IN ('c', 'a', 'b') ORDER BY sk",
            " WHERE pk IN ('c', 'a') ORDER BY pk DESC, sk DESC",
            " WHERE pk = 'b' AND begins_with(sk, '00') ORDER BY sk DESC",
            " WHERE pk = 'a' AND sk <> '003'",
            " WHERE sk > '004'",
        ]
    ),
)
def test_pages_add_up_to_the_answer_without_limit(
    make_table: MakeTable, execute: Execute, counts: dict[str, int], limit: int, tail: str
) -> None:
    table = make_table()
    statement = f'SELECT * FROM "{table.name}"{tail}'
    for partition, count in counts.items():
        for number in range(count):
            execute(
                f"INSERT INTO \"{table.name}\" VALUE {{'pk': ?, 'sk': ?}}",
                text(partition),
                text(f"{number:03}"),
            )

    paged = list(pages(execute, statement, Limit=limit))

    assert all(len(page["Items"]) <= limit for page in paged)
    assert [item for page in paged for item in page["Items"]] == execute(statement)["Items"]


@pytest.mark.usefixtures("orders")
def test_a_limit_counts_items_read_not_items_that_pass_the_filter(execute: Execute) -> None:
    fill(execute, {"a": 4})

    answer = execute("SELECT sk FROM orders WHERE pk = 'a' AND x = 1", Limit=2)

    assert answer["Items"] == []
    assert "NextToken" in answer


@pytest.mark.usefixtures("orders")
def test_a_limit_reached_with_the_last_item_still_leaves_a_token(execute: Execute) -> None:
    fill(execute, {"a": 2})

    last = list(pages(execute, PARTITION, text("a"), Limit=2))[-1]

    assert last == {"Items": []}


@pytest.mark.parametrize("direction", ["ASC", "DESC"])
def test_an_item_deleted_between_pages_does_not_lose_the_others(
    orders: Table, execute: Execute, direction: str
) -> None:
    fill(execute, {"a": 6})
    statement = f"SELECT sk FROM orders WHERE pk = 'a' ORDER BY sk {direction}"
    first = execute(statement, Limit=2)

    [partition] = orders.items.values()
    for key in [key for key in partition if key.value in sort_keys(first)]:
        del partition[key]

    rest = execute(statement, NextToken=first["NextToken"])
    expected = [f"{number:03}" for number in range(6)]
    if direction == "DESC":
        expected.reverse()
    assert sort_keys(first) + sort_keys(rest) == expected


@pytest.mark.usefixtures("orders")
def test_a_page_ends_at_one_megabyte_read(execute: Execute) -> None:
    fill(execute, {"a": 8}, x=text("y" * 300_000))

    paged = list(pages(execute, "SELECT sk FROM orders WHERE pk = 'a'"))

    assert [len(page["Items"]) for page in paged] == [3, 3, 2]
    assert [key for page in paged for key in sort_keys(page)] == [f"{n:03}" for n in range(8)]


def test_numeric_sort_keys_are_ordered_as_numbers(make_table: MakeTable, execute: Execute) -> None:
    make_table(name="orders", sort_key_type="N")
    for number in ("10", "-1", "2", "1.5"):
        execute("INSERT INTO orders VALUE {'pk': 'a', 'sk': ?}", {"N": number})

    answer = execute("SELECT sk FROM orders WHERE pk = 'a'")

    assert [item["sk"]["N"] for item in answer["Items"]] == ["-1", "1.5", "2", "10"]


def test_an_index_is_read_by_its_own_keys_and_projection(
    make_table: MakeTable, execute: Execute
) -> None:
    make_table(name="orders", index=BY_ZIPCODE)
    fill(execute, {"a": 2}, zipcode={"N": "1"}, username=text("u"))
    fill(execute, {"b": 2})

    answer = execute("SELECT * FROM orders.by_zipcode WHERE zipcode = 1 ORDER BY sk DESC")

    assert answer["Items"] == [
        {"pk": text("a"), "sk": text(sk), "zipcode": {"N": "1"}} for sk in ("001", "000")
    ]
    with pytest.raises(RequestRefused, match=r"^The table does not have the specified index: no$"):
        execute('SELECT * FROM orders."no"')


@pytest.mark.parametrize(
    ("tail", "message"),
    [
        (" ORDER BY sk", "Must have at least one non-optional hash key condition"),
        (" WHERE sk = 'a' ORDER BY sk", "Must have at least one non-optional hash key condition"),
        (
            " WHERE pk = 'a' ORDER BY amount",
            "Variable reference amount in ORDER BY clause must be part of the primary key",
        ),
        (" WHERE pk IN ('a', 'b') ORDER BY pk, sk DESC", "ORDER BY with both ASC and DESC"),
        (" WHERE pk = 1", "Key attribute's data type should match its data type in table's schema"),
        (" WHERE pk = ''", "One or more parameter values are not valid."),
        (" WHERE pk IN []", "IN operator must have at least one member"),
        (f" WHERE pk IN ({','.join(['?'] * 51)})", "The IN operator is provided with too many"),
        (f" WHERE a IN ({','.join(['?'] * 101)})", "The IN operator is provided with too many"),
        (
            " WHERE a > true",
            "Incorrect operand type for operator or function; operator or function",
        ),
        (" WHERE begins_with(a, 1)", "Incorrect operand type for operator or function; operator"),
        (" WHERE begins_with(a)", "Incorrect number of operands for operator or function;"),
        (" WHERE foo(a)", "Unrecognized function: foo"),
        (
            " WHERE attribute_type(a, 'X')",
            "Invalid attribute type name found; type: X, valid types",
        ),
        (
            " WHERE a BETWEEN 2 AND 1",
            "The BETWEEN operator requires upper bound to be greater than",
        ),
        (" WHERE a BETWEEN 1 AND 'b'", "The BETWEEN operator requires same data type"),
    ],
)
@pytest.mark.usefixtures("orders")
def test_a_select_that_cannot_be_is_refused(execute: Execute, tail: str, message: str) -> None:
    with pytest.raises(RequestRefused) as refused:
        execute(f"SELECT * FROM orders{tail}", *[text("x")] * tail.count("?"))

    assert refused.value.message.startswith(message)
    assert refused.value.code == "ValidationException"


def test_an_insert_consumes_for_the_item_and_for_its_index_entries(
    make_table: MakeTable, execute: Execute
) -> None:
    make_table(name="orders", index=BY_ZIPCODE)
    insert = "INSERT INTO orders VALUE {'pk': 'a', 'sk': ?, 'zipcode': ?, 'x': ?}"
    large = text("y" * 3000)

    with_entry = execute(insert, text("b"), {"N": "1"}, large, ReturnConsumedCapacity="TOTAL")
    without = execute(
        "INSERT INTO orders VALUE {'pk': 'a', 'sk': 'c', 'x': ?}",
        large,
        ReturnConsumedCapacity="TOTAL",
    )

    assert with_entry["ConsumedCapacity"] == {"TableName": "orders", "CapacityUnits": 4.0}
    assert without["ConsumedCapacity"] == {"TableName": "orders", "CapacityUnits": 3.0}


@pytest.mark.parametrize(("consistent", "units"), [(False, 1.5), (True, 3.0)])
@pytest.mark.usefixtures("orders")
def test_a_read_consumes_for_the_sum_of_what_it_read(
    execute: Execute,
    *,
    consistent: bool,
    units: float,  # a parameter of the test
) -> None:
    fill(execute, {"a": 20}, x=text("y" * 600))

    answer = execute(
        "SELECT sk FROM orders WHERE pk = 'a' AND begins_with(sk, '01') AND x = 'nothing'",
        ConsistentRead=consistent,
        ReturnConsumedCapacity="TOTAL",
    )

    assert answer["Items"] == []
    assert answer["ConsumedCapacity"]["CapacityUnits"] == units / 3 * 2  # 10 of the 20: 6,130 bytes
