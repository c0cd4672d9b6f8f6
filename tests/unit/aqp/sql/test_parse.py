"""Which queries are read, and that all others are refused with a sentence."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aqp_perf.aqp.problems import QueryRefused
from aqp_perf.aqp.sql.parse import parse_query
from aqp_perf.aqp.sql.query import Condition, Ordering, Query, Selected


def test_the_first_workload_query_is_understood() -> None:
    query = parse_query(
        "select zipcode,pk,sum(amount) as total from performance_test_table "
        "where pk='ACCOUNT#1' group by zipcode, pk"
    )

    assert query == Query(
        table="performance_test_table",
        names=("zipcode", "pk", "total"),
        selected=(
            Selected(attribute="zipcode"),
            Selected(attribute="pk"),
            Selected(function="sum", attribute="amount"),
        ),
        conditions=(Condition(attribute="pk", operator="=", operands=({"S": "ACCOUNT#1"},)),),
        group_by=("zipcode", "pk"),
        order_by=(),
        limit=None,
    )


def test_every_condition_is_read_in_its_order() -> None:
    query = parse_query(
        "SELECT COUNT(*) FROM t WHERE (pk IN ('a', 'b') AND x BETWEEN -1 AND 2) "
        "AND begins_with(sk, 'S') AND contains(tags, 'y') AND paid = TRUE AND z <> 5 "
        "AND y < 1 AND y <= 2 AND y > 3 AND y >= 4"
    )

    assert [(c.attribute, c.operator, c.operands) for c in query.conditions] == [
        ("pk", "IN", ({"S": "a"}, {"S": "b"})),
        ("x", "BETWEEN", ({"N": "-1"}, {"N": "2"})),
        ("sk", "begins_with", ({"S": "S"},)),
        ("tags", "contains", ({"S": "y"},)),
        ("paid", "=", ({"BOOL": True},)),
        ("z", "<>", ({"N": "5"},)),
        ("y", "<", ({"N": "1"},)),
        ("y", "<=", ({"N": "2"},)),
        ("y", ">", ({"N": "3"},)),
        ("y", ">=", ({"N": "4"},)),
    ]
    assert query.request("pk")["Statement"] == (
        'SELECT "pk" FROM "t" WHERE "pk" IN (?, ?) AND "x" BETWEEN ? AND ? '
        'AND begins_with("sk", ?) AND contains("tags", ?) AND "paid" = ? AND "z" <> ? '
        'AND "y" < ? AND "y" <= ? AND "y" > ? AND "y" >= ?'
    )


@given(st.text())
def test_any_string_in_quotes_is_one_operand(text: str) -> None:
    quoted = text.replace("'", "''")

    (condition,) = parse_query(f"select a from t where pk='{quoted}'").conditions  # noqa: S608

    assert condition.operands == ({"S": text},)


def test_a_name_is_quoted_in_the_statement_whatever_is_in_it() -> None:
    query = parse_query('select "a""b" from t where pk = \'x\'')

    assert query.request("pk") == {
        "Statement": 'SELECT "a""b" FROM "t" WHERE "pk" = ?',
        "Parameters": [{"S": "x"}],
    }


def test_names_keep_their_case_and_may_be_quoted() -> None:
    query = parse_query(
        'select "Zip Code", max("group") as "total due" from "my-table.1" '
        "where pk='a' group by \"Zip Code\""
    )

    assert query.table == "my-table.1"
    assert query.names == ("Zip Code", "total due")
    assert query.group_by == ("Zip Code",)


def test_words_that_other_sql_reserves_are_columns() -> None:
    query = parse_query(
        "select status, datetime, max(total) from t where pk='a' group by status, datetime"
    )

    assert query.group_by == ("status", "datetime")


def test_an_aggregate_without_alias_is_named_by_its_position() -> None:
    query = parse_query(
        "select pk, count(*), avg(a) as mean, count(distinct b) from t where pk = 'a'"
    )

    assert query.names == ("pk", "_2", "mean", "_4")
    assert query.selected[3] == Selected(function="count", attribute="b", is_distinct=True)


def test_a_column_fixed_by_where_needs_no_group_by() -> None:
    query = parse_query("select zipcode, pk, sum(a) as t from t where pk = 'a' group by zipcode")

    assert query.group_by == ("zipcode",)


def test_order_by_takes_aliases_columns_and_aggregates_that_are_selected() -> None:
    query = parse_query(
        "select a, sum(b) as total, count(*) from t where pk='a' group by a "
        "order by total desc, a, count(*) desc limit 3"
    )

    assert query.order_by == (
        Ordering(column=1, is_descending=True),
        Ordering(column=0, is_descending=False),
        Ordering(column=2, is_descending=True),
    )
    assert query.limit == 3


@pytest.mark.parametrize(
    ("sql", "reason"),
    [
        ("insert into t values (1)", "INSERT"),
        ("update t set a = 1 where pk = 'a'", "UPDATE"),
        ("delete from t where pk = 'a'", "DELETE"),
        ("drop table t", "DROP"),
        ("attach database 'x' as y", "not"),
        ("pragma table_info(t)", "PRAGMA"),
        ("create table x as select a from t", "CREATE"),
        ("select a from t where pk='a' union select a from t where pk='b'", "UNION"),
        ("with x as (select a from t) select a from x where pk='a'", "WITH"),
        ("select (select a from t) from t where pk='a'", "expression"),
        ("select a from (select a from t) where pk='a'", "FROM must name one table"),
        ("select a from t where pk in (select pk from t)", "QUERY in IN"),
        ("select a from t, u where pk='a'", "JOINS"),
        ("select a from t join u on t.x = u.x where pk='a'", "a join"),
        ("select a from t as u where pk='a'", "ALIAS in TABLE"),
        ("select a from d.t where pk='a'", "DB in TABLE"),
        ("select a", "FROM must name one table"),
        ("select t.a from t where pk='a'", "without their table"),
        ("select * from t where pk='a'", "SELECT \\*"),
        ("select distinct a from t where pk='a'", "DISTINCT in SELECT"),
        ("select a from t where pk='a' having a > 1", "HAVING in SELECT"),
        ("select a from t where pk='a' limit 1 offset 2", "OFFSET in SELECT"),
        ("select a from t where pk='a' limit 'x'", "LIMIT takes a whole number"),
        ("select a from t where pk='a' limit a", "LIMIT takes a whole number"),
        ("select a from t where pk='a' fetch first 5 rows only", "LIMIT takes a whole number"),
        ("select a from t where pk='a' for update", "LOCKS in SELECT"),
        ("select sum(sum(a)) from t where pk='a'", "where a column belongs"),
        ("select sum(distinct a) from t where pk='a'", "where a column belongs"),
        ("select count(distinct a, b) from t where pk='a'", "where a column belongs"),
        ("select sum(*) from t where pk='a'", "SELECT \\*"),
        ("select max(a, b) from t where pk='a'", "EXPRESSIONS in MAX"),
        ("select sum(a) over (partition by b) from t where pk='a'", "where a column belongs"),
        ("select sum(a) filter (where b = 1) from t where pk='a'", "where a column belongs"),
        ("select lower(a) from t where pk='a'", "where a column belongs"),
        ("select load_extension('x') from t where pk='a'", "where a column belongs"),
        ("select 'a' from t where pk='a'", "where a column belongs"),
        ("select current_date from t where pk='a'", "reserved word without double quotes"),
        ("select a from t where pk='a' group by 1", "where a column belongs"),
        ("select a, sum(b) from t where pk='a' group by rollup(a)", "where a column belongs"),
        ("select a, a from t where pk='a'", "two columns are named 'a'"),
        ("select b, sum(a) from t where pk='a'", "'b' must be in GROUP BY"),
        ("select pk, sum(a) from t where pk in ('a', 'b')", "'pk' must be in GROUP BY"),
        ("select b from t where pk='a' group by a", "'b' must be in GROUP BY"),
        ("select a from t where pk='a' order by b", "that are selected"),
        ("select a from t where pk='a' order by a nulls last", "NULLS FIRST"),
        ("select a from t where pk='a' order by 1", "where a column belongs"),
        ("select a from t where pk='a' or pk='b'", "OR in WHERE"),
        ("select a from t where not pk='a'", "NOT in WHERE"),
        ("select a from t where pk like 'a'", "LIKE in WHERE"),
        ("select a from t where pk is null", "IS in WHERE"),
        ("select a from t where 'a' = pk", "compared with a string"),
        ("select a from t where pk = sk", "compared with a string"),
        ("select a from t where pk = null", "compared with a string"),
        ("select a from t where pk = -'a'", "compared with a string"),
        ("select a from t where pk = N'a'", "compared with a string"),
        ("select a from t where exists (select 1)", "EXISTS in WHERE"),
        ("select a from t where begins_with(pk)", "begins_with takes"),
        ("", "one statement"),
        ("select a from t where pk='a'; drop table t", "one statement"),
        ("select a from t where pk = ?", "compared with a string"),
        ("select a from t where pk = 1e", "not a number"),
        ("select a from t where pk in ()", "at least one value"),
        ("select from t where pk='a'", "at least one column"),
        ("select", "at least one column"),
        ("select " + "(" * 3_000 + "a" + ")" * 3_000 + " from t where pk='a'", "nesting"),
        ("select a from t" + " join t" * 30, "a join"),
        ("select " + "decimal(" * 30 + "a" + ")" * 30 + " from t", "nesting"),
        ("select " + "struct(" * 30 + "a" + ")" * 30 + " from t", "nesting"),
        ("select a from t where " + "not " * 1_900 + "pk = 'a'", "parse"),
        ("select a from t where pk = " + "- " * 3_900 + "1", "parse"),
    ],
)
def test_everything_else_is_refused_with_a_reason(sql: str, reason: str) -> None:
    with pytest.raises(QueryRefused, match=reason):
        parse_query(sql)


@given(st.text())
def test_any_text_is_understood_or_refused(text: str) -> None:
    with suppress(QueryRefused):
        parse_query(text)
