import re
import sqlite3
from collections import Counter
from contextlib import closing
from urllib.parse import unquote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aqp_perf.core.data import statements
from aqp_perf.core.data.statements import STATUSES
from aqp_perf.core.proof.selects import ATTRIBUTES
from tests.doubles.orders import order, orders

law = settings(max_examples=60)

texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1)
"""What SQLite takes as a name: any text but NUL and half of a surrogate pair."""

table_names = st.from_regex(re.compile(r"[A-Za-z0-9_.-]{3,20}", re.ASCII), fullmatch=True)


def test_the_operations_are_named_as_in_the_reports_they_are_compared_with() -> None:
    assert statements.WRITE_OPERATION == "write_to_ddb"
    assert statements.READ_OPERATION == "read_from_ddb"
    assert statements.ZIPCODE_OPERATION == (
        "select zipcode,pk,sum(amount) as total from performance_test_table where pk=? "
        "group by zipcode"
    )
    assert statements.STATUS_OPERATION == (
        "select status, pk, count(sk) as total from performance_test_table where pk=? "
        "group by status, pk"
    )


@law
@given(texts)
def test_a_quoted_name_means_the_name(name: str) -> None:
    with closing(sqlite3.connect(":memory:")) as database:
        cursor = database.execute(f"SELECT 1 AS {statements.quoted_name(name)}")
        assert cursor.description[0][0] == name


def test_the_insert_takes_an_item_s_parameters() -> None:
    statement = statements.insert_statement("orders", tuple(orders().seed_item(0)))
    assert statement == (
        "INSERT INTO \"orders\" VALUE {'pk': ?, 'sk': ?, 'zipcode': ?, 'username': ?, "
        "'datetime': ?, 'status': ?, 'amount': ?}"
    )
    assert statement.count("?") == len(orders().seed_item(0))


def test_the_select_takes_a_key_and_a_prefix() -> None:
    assert statements.select_statement("orders") == (
        'SELECT * FROM "orders" WHERE "pk" = ? AND begins_with("sk", ?)'
    )


@pytest.mark.parametrize("status", STATUSES)
def test_a_sort_key_prefix_finds_one_status_alone(status: str) -> None:
    items = list(map(order, orders().seed_items()))
    found = [item for item in items if item.sk.startswith(statements.sort_key_prefix(status))]
    assert found == [item for item in items if item.status == status]
    assert found


@law
@given(table_names, texts, st.lists(st.sampled_from(["10001", "10002", "10003"])))
def test_the_aggregates_mean_what_their_operations_are_called(
    table: str, pk: str, zipcodes: list[str]
) -> None:
    """SQLite answers both for one partition of two, whatever its key holds."""
    rows = [
        (key, f"{key}{n}", zipcode, f"status {zipcode}", 1)
        for key in (pk, f"not {pk}")
        for n, zipcode in enumerate(zipcodes)
    ]
    with closing(sqlite3.connect(":memory:")) as database:
        quoted = statements.quoted_name(table)
        database.execute(f"CREATE TABLE {quoted} (pk, sk, zipcode, status, amount)")
        database.executemany(f"INSERT INTO {quoted} VALUES (?, ?, ?, ?, ?)", rows)  # noqa: S608 - quoted
        by_zipcode = database.execute(statements.zipcode_query(table, pk)).fetchall()
        by_status = database.execute(statements.status_query(table, pk)).fetchall()
    expected = Counter(zipcodes)
    assert sorted(by_zipcode) == [(z, pk, n) for z, n in sorted(expected.items())]
    assert sorted(by_status) == [(f"status {z}", pk, n) for z, n in sorted(expected.items())]


@law
@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_a_query_path_is_one_segment_that_decodes_to_the_query(sql: str) -> None:
    prefix, segment = statements.query_path(sql).rsplit("/", 1)
    assert prefix == "/query-aggregation"
    assert re.fullmatch(r"[A-Za-z0-9_.~%-]*", segment)
    assert unquote(segment) == sql


def test_a_query_path_encodes_what_the_contract_names() -> None:
    path = statements.query_path("'# \"/?")
    assert path == "/query-aggregation/%27%23%20%22%2F%3F"


def test_every_attribute_of_an_aggregate_is_an_attribute_of_an_item() -> None:
    assert {"pk", "sk", "zipcode", "status", "amount"} < set(ATTRIBUTES)
