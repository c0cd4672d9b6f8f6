import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aqp_perf.reports.lines import Line, Style, align, cut_middle, printable, wrapped

law = settings(max_examples=50)


@pytest.mark.parametrize(
    ("text", "width", "shown"),
    [
        ("abcdefgh", 8, "abcdefgh"),
        ("abcdefgh", 7, "abc…fgh"),
        ("abcdefgh", 4, "ab…h"),
        ("abcdefgh", 2, "a…"),
        ("abcdefgh", 1, "…"),
    ],
)
def test_a_long_text_keeps_both_ends(text: str, width: int, shown: str) -> None:
    assert cut_middle(text, width) == shown


@law
@given(st.text())
def test_nothing_printed_can_move_a_cursor(text: str) -> None:
    assert printable(text).isprintable()


@law
@given(st.text(st.characters(categories=["L", "N", "P", "Zs"])))
def test_printable_text_stays_as_it_is(text: str) -> None:
    plain = "".join(char for char in text if char.isprintable())

    assert printable(plain) == plain


def test_columns_are_as_wide_as_their_widest_cell() -> None:
    rows = [("name", "count"), ("a", "1"), ("longer", "10000000")]

    assert align(rows, "<>") == ["name       count", "a              1", "longer  10000000"]


def test_no_line_ends_in_blanks() -> None:
    assert align([("a", ""), ("b", "c")], "<<", gap=" ") == ["a", "b c"]


def test_no_rows_are_no_lines() -> None:
    assert align([], "<>") == []


def test_wrapped_text_hangs_under_its_indent() -> None:
    assert wrapped("one two three\nfour", 10, "- ") == ["- one two", r"  three\nf", "  our"]


def test_a_line_is_plain_by_default() -> None:
    assert Line("a") == ("a", Style.PLAIN)
