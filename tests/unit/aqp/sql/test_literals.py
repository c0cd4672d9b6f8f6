"""Literals leave the query before anything parses it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aqp_perf.aqp.problems import QueryRefused
from aqp_perf.aqp.sql.literals import check_template, lift_literals


@given(st.text())
def test_any_string_in_quotes_is_one_literal_and_leaves_no_trace(text: str) -> None:
    quoted = text.replace("'", "''")

    template, literals = lift_literals(f"pk='{quoted}'")

    assert template == "pk= :s0 "
    assert literals == ({"S": text},)


def test_literals_are_numbered_by_place_and_marked_by_type() -> None:
    lifted = lift_literals("x in ('a', 5, -1.5e3, '') limit 10")

    assert lifted.template == "x in ( :s0 ,  :n1 , - :n2 ,  :s3 ) limit  :n4 "
    assert lifted.literals == ({"S": "a"}, {"N": "5"}, {"N": "1.5e3"}, {"S": ""}, {"N": "10"})


@pytest.mark.parametrize("sql", ['"a?\'b:1"', "zip1", "_2", '"1"'])
def test_names_are_not_literals(sql: str) -> None:
    assert lift_literals(sql) == (sql, ())


@pytest.mark.parametrize("sql", ["pk = ?", "pk = :s0", "limit :n0", "pk = 'a' and sk = ?"])
def test_a_placeholder_of_the_callers_own_is_refused(sql: str) -> None:
    with pytest.raises(QueryRefused, match="outside quotes"):
        lift_literals(sql)


@pytest.mark.parametrize("number", ["1e400", "1e-400", "1E999999999"])
def test_a_number_that_dynamodb_does_not_have_is_refused(number: str) -> None:
    with pytest.raises(QueryRefused, match="not a number that DynamoDB has"):
        lift_literals(f"amount > {number}")


@pytest.mark.parametrize(
    "sql",
    [
        "a -- b",
        "a /* b */",
        "a; b",
        "a # b",
        "'open",
        '"open',
        "a\x00b",
        "{{ a }}",
        "{% a %}",
        "$$a$$",
        "`a`",
        "[a]",
        "@a",
        "a || b",
        "a + b",
        "a / b",
        "1a",
        "a\\b",
        "\u00e9",
        "\u2019a\u2019",
    ],
)
def test_a_template_has_only_the_characters_of_a_select(sql: str) -> None:
    template, _ = lift_literals(sql)

    with pytest.raises(QueryRefused, match="cannot read the query at"):
        check_template(template)
