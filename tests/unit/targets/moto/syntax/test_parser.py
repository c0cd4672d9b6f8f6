# ruff: noqa: S608  # statements put together from parts are what is tested here
# statements put together from parts are what is tested here
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aqp_perf.targets.moto.execution.values import canonical_number
from aqp_perf.targets.moto.moto_tables import DynamoType
from aqp_perf.targets.moto.refusal import RequestRefused
from aqp_perf.targets.moto.syntax import statement as s
from aqp_perf.targets.moto.syntax.parser import parse_statement
from aqp_perf.targets.moto.syntax.reserved_words import KEYWORDS, RESERVED_WORDS

TEXTS = st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=20)
NUMBERS = st.one_of(
    st.integers(min_value=-(10**37), max_value=10**37).map(str),
    st.floats(min_value=-1e15, max_value=1e15, allow_subnormal=False).map(repr),
    st.decimals(min_value=-(10**9), max_value=10**9, places=3).map(str),
).filter(lambda text: Decimal(text) != 0 and abs(Decimal(text)) > Decimal("1e-130"))


def number(text: str) -> s.Constant:
    return s.Constant(DynamoType({"N": text}))


def quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


SCALARS = st.one_of(
    TEXTS.map(lambda text: (quoted(text), {"S": text})),
    NUMBERS.map(lambda text: (text, {"N": canonical_number(text)})),
    st.sampled_from(
        [("true", {"BOOL": True}), ("FALSE", {"BOOL": False}), ("Null", {"NULL": True})]
    ),
    st.sets(TEXTS, min_size=1, max_size=3).map(
        lambda texts: (f"<<{','.join(map(quoted, sorted(texts)))}>>", {"SS": sorted(texts)})
    ),
)
"""Literals as text, each with the value it means, written down without the parser."""


def lists_and_maps(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.one_of(
        st.lists(inner, max_size=3).map(
            lambda pairs: (
                f"[{', '.join(text for text, _ in pairs)}]",
                {"L": [v for _, v in pairs]},
            )
        ),
        st.dictionaries(TEXTS.filter(bool), inner, max_size=3).map(
            lambda members: (
                "{"
                + ",".join(f"{quoted(name)}: {text}" for name, (text, _) in members.items())
                + "}",
                {"M": {name: value for name, (_, value) in members.items()}},
            )
        ),
    )


LITERALS = st.recursive(SCALARS, lists_and_maps, max_leaves=6)


@given(LITERALS)
def test_a_literal_means_the_value_it_was_written_from(literal: tuple[str, dict[str, Any]]) -> None:
    text, value = literal

    statement = parse_statement(f"INSERT INTO t VALUE {{'a': {text}}}")

    assert statement == s.Insert(
        table="t", attributes=(("a", s.Constant(DynamoType(value))),), parameter_count=0
    )


@given(TEXTS.filter(bool))
def test_any_name_can_be_quoted(name: str) -> None:
    identifier = '"' + name.replace('"', '""') + '"'

    statement = parse_statement(f"SELECT {identifier} FROM {identifier}.{identifier}")

    assert statement == s.Select(
        table=name,
        index=name,
        columns=(s.Path(name),),
        where=None,
        order_by=(),
        parameter_count=0,
    )


@given(st.text(max_size=60))
def test_any_text_is_a_statement_or_is_refused(text: str) -> None:
    try:
        statement = parse_statement(text)
    except RequestRefused:
        return
    assert isinstance(statement, s.Insert | s.Select)


@given(word=st.sampled_from(sorted(KEYWORDS | RESERVED_WORDS)), capitals=st.booleans())
def test_a_reserved_word_is_a_name_only_in_quotes(word: str, *, capitals: bool) -> None:
    name = word.upper() if capitals else word

    parse_statement(f'SELECT "{name}" FROM t')

    with pytest.raises(RequestRefused, match=r"^Statement wasn't well formed"):
        parse_statement(f"SELECT {name} FROM t")


@pytest.mark.parametrize(
    "name", ["status", "datetime", "zipcode", "username", "amount", "_x", "a$1"]
)
def test_the_names_of_the_workload_need_no_quotes(name: str) -> None:
    statement = parse_statement(f"SELECT {name} FROM t WHERE {name} = 1")

    assert isinstance(statement, s.Select)
    assert statement.where == s.Predicate("=", (s.Path(name), number("1")))


def test_parameters_are_counted_from_left_to_right() -> None:
    statement = parse_statement("SELECT * FROM t WHERE a = ? AND (b IN (?, 1, ?) OR NOT c > ?)")

    assert isinstance(statement, s.Select)
    assert statement.parameter_count == 4
    assert statement.where == s.And(
        (
            s.Predicate("=", (s.Path("a"), s.Placeholder(0))),
            s.Or(
                (
                    s.Predicate(
                        "IN", (s.Path("b"), s.Placeholder(1), number("1"), s.Placeholder(2))
                    ),
                    s.Not(s.Predicate(">", (s.Path("c"), s.Placeholder(3)))),
                )
            ),
        )
    )


def test_and_binds_closer_than_or() -> None:
    statement = parse_statement("SELECT * FROM t WHERE a = 1 OR b = 2 AND c = 3")
    grouped = parse_statement("SELECT * FROM t WHERE a = 1 OR (b = 2 AND c = 3)")

    assert statement == grouped


def test_between_keeps_its_own_and() -> None:
    statement = parse_statement("SELECT * FROM t WHERE a BETWEEN 1 AND 2 AND b NOT BETWEEN 3 AND 4")

    one, two, three, four = (number(digit) for digit in "1234")
    assert isinstance(statement, s.Select)
    assert statement.where == s.And(
        (
            s.Predicate("BETWEEN", (s.Path("a"), one, two)),
            s.Not(s.Predicate("BETWEEN", (s.Path("b"), three, four))),
        )
    )


def test_a_path_leads_into_maps_and_lists() -> None:
    statement = parse_statement("""SELECT m.a."b c", m['d'].l[0][1] FROM t""")

    assert isinstance(statement, s.Select)
    assert [path.label for path in statement.columns] == ["b c", "l[0][1]"]
    assert statement.columns == (
        s.Path("m", ("a", "b c")),
        s.Path("m", ("d", "l", 0, 1)),
    )


@pytest.mark.parametrize(
    "text",
    [
        "select pk from t where pk='a' order by sk desc;",
        "SELECT\npk\tFROM t -- all of it\nWHERE pk='a' /* one */ ORDER BY sk DESC",
    ],
)
def test_case_spaces_comments_and_a_last_semicolon_mean_nothing(text: str) -> None:
    statement = parse_statement(text)

    assert statement == parse_statement("SELECT pk FROM t WHERE pk = 'a' ORDER BY sk DESC")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "Statement wasn't well formed, can't be processed: "),
        (
            "SELECT pk FROM t GROUP BY pk",
            (
                "Statement wasn't well formed, can't be processed: SELECT pk FROM t GROUP BY pk "
                "(unexpected 'GROUP' at 1:18)"
            ),
        ),
        ("SELECT pk FROM t WHERE", "Statement wasn't well formed, can't be processed: SELECT pk"),
        ("UPDATE t WHERE pk = 'a'", "Statement wasn't well formed, can't be processed: UPDATE t"),
        ("UPDATE t SET a = 1 SET a = 2", "Two document paths overlap with each other;"),
        ("UPDATE t SET m = 1 REMOVE m.x", "Two document paths overlap with each other;"),
        ("UPDATE t SET a = set_add(b, <<1>>)", "The first argument to SET_ADD must equal the"),
        ("UPDATE t.i SET a = 1", "This operation is not supported on an index"),
        ("DELETE FROM t.i", "This operation is not supported on an index"),
        ("DELETE FROM t RETURNING ALL NEW *", "Invalid returning clause: RETURNING ALL NEW *."),
        ("EXISTS(DELETE FROM t)", "Statement wasn't well formed, can't be processed: EXISTS("),
        ("SELECT * FROM " + "t" * 8192, "Member must have length less than or equal to 8192"),
        ("SELECT pk, pk FROM t", "Duplicate identifiers in select clause: pk"),
        ("SELECT l[-1] FROM t", "A list index must be 0 or more, not -1"),
        ("INSERT INTO t VALUE {'a': 1, 'a': 2}", "Duplicate keys in tuple. Key: a"),
        ("INSERT INTO t VALUE {'m': {'a': 1, 'a': 2}}", "Duplicate keys in tuple. Key: a"),
        ("INSERT INTO t VALUE {'': 1}", "Path component cannot be an empty string"),
        ("INSERT INTO t VALUE {'a': <<>>}", "Empty bags are not supported"),
        ("INSERT INTO t VALUE {'a': <<1, 'b'>>}", "Unsupported data type in Bag."),
        ("INSERT INTO t VALUE {'a': <<1, 1.0>>}", "Input collection contains duplicates"),
        ("INSERT INTO t VALUE {'a': -0.0}", "Negative zero decimal is not supported"),
        ("INSERT INTO t VALUE {'a': [?]}", "Statement wasn't well formed, can't be processed:"),
        ("INSERT INTO t VALUE {'a': missing}", "Statement wasn't well formed, can't be processed:"),
        ("INSERT INTO t VALUE {'a': 'b}", "Statement wasn't well formed, can't be processed:"),
        ("INSERT INTO t.i VALUE {'a': 1}", "FROM clause may only contain a single table name"),
    ],
)
def test_unsupported_statements_are_refused(text: str, message: str) -> None:
    with pytest.raises(RequestRefused) as refused:
        parse_statement(text)

    assert refused.value.message.startswith(message)
    assert refused.value.code == "ValidationException"


@pytest.mark.parametrize("sum_", ["n+1", "n +1", "n + 1", "(n + 1)"])
def test_a_sum_needs_no_spaces(sum_: str) -> None:
    statement = parse_statement(f"UPDATE t SET n = {sum_} WHERE pk = 'a'")

    assert statement == parse_statement("update t set n = n + 1 where pk = 'a'")


def test_differences_are_taken_from_left_to_right() -> None:
    assert parse_statement("UPDATE t SET n = a - b - c") == parse_statement(
        "UPDATE t SET n = (a - b) - c"
    )
