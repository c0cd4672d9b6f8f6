"""DynamoDB values as text: nothing is lost, nothing is confused, order is DynamoDB's."""

import base64
from decimal import Decimal
from typing import Any

import pytest
import simplejson
from hypothesis import given
from hypothesis import strategies as st

from aqp_perf.aqp.sql.values import compare, encode, encode_number, to_json

# DynamoDB's numbers: up to 38 digits, magnitudes from 1E-130 to 9.9E+125.
numbers = st.builds(
    lambda digits, exponent: Decimal(digits).scaleb(exponent),
    st.integers(min_value=-(10**38) + 1, max_value=10**38 - 1),
    st.integers(min_value=-130, max_value=87),
)
scalars = st.one_of(
    st.builds(lambda text: {"S": text}, st.text()),
    st.builds(lambda number: {"N": str(number)}, numbers),
    st.builds(lambda flag: {"BOOL": flag}, st.booleans()),
    st.builds(lambda data: {"B": base64.b64encode(data).decode()}, st.binary()),
)
values = st.recursive(
    scalars | st.just({"NULL": True}),
    lambda inner: st.one_of(
        st.builds(lambda elements: {"L": elements}, st.lists(inner, max_size=3)),
        st.builds(lambda members: {"M": members}, st.dictionaries(st.text(), inner, max_size=3)),
    ),
    max_leaves=5,
)


def _text(value: dict[str, Any]) -> str:
    text = encode(value)
    assert text is not None
    return text


def _python(value: dict[str, Any]) -> object:
    """Return what a JSON reader should get, computed the other way round."""
    match value:
        case {"N": number}:
            return Decimal(number)
        case {"NULL": True}:
            return None
        case {"L": elements}:
            return [_python(element) for element in elements]
        case {"M": members}:
            return {name: _python(member) for name, member in members.items()}
        case _:
            (content,) = value.values()
            return content


@given(values)
def test_json_holds_the_value_with_every_digit(value: dict[str, Any]) -> None:
    text = to_json(encode(value))

    assert simplejson.loads(text, use_decimal=True, parse_int=Decimal) == _python(value)


@given(numbers, st.integers(min_value=0, max_value=5))
def test_equal_numbers_have_equal_texts_however_they_are_written(
    number: Decimal, zeros: int
) -> None:
    padded = f"{number:f}" + ("" if "." in f"{number:f}" else ".") + "0" * (zeros + 1)

    assert encode({"N": padded}) == encode({"N": f"{number:E}"}) == encode_number(number)


@given(scalars, scalars)
def test_different_values_have_different_texts(left: dict[str, Any], right: dict[str, Any]) -> None:
    are_equal = list(left) == list(right) and _python(left) == _python(right)

    assert (encode(left) == encode(right)) == are_equal


def test_null_and_missing_are_null() -> None:
    assert encode({"NULL": True}) is None
    assert encode(None) is None
    assert to_json(None) == "null"


@pytest.mark.parametrize(
    ("written", "text"),
    [("1.50", "N:1.5"), ("-0", "N:0"), ("0.0", "N:0"), ("1E+3", "N:1000"), ("100", "N:100")],
)
def test_a_number_is_written_plainly(written: str, text: str) -> None:
    assert encode({"N": written}) == text


@given(numbers, numbers)
def test_numbers_are_ordered_by_value(left: Decimal, right: Decimal) -> None:
    expected = (left > right) - (left < right)

    assert compare(encode_number(left), encode_number(right)) == expected


@given(st.binary(), st.binary())
def test_binary_is_ordered_by_bytes_not_by_base64(left: bytes, right: bytes) -> None:
    texts = [_text({"B": base64.b64encode(data).decode()}) for data in (left, right)]

    assert compare(*texts) == (left > right) - (left < right)


def test_types_are_ordered_before_values() -> None:
    values_in_order: list[dict[str, Any]] = [
        {"BOOL": False},
        {"BOOL": True},
        {"N": "-5"},
        {"N": "10"},
        {"S": ""},
        {"S": "10"},
        {"B": ""},
        {"L": []},
    ]
    ascending = [_text(value) for value in values_in_order]

    for position, lesser in enumerate(ascending):
        assert compare(lesser, lesser) == 0
        for greater in ascending[position + 1 :]:
            assert (compare(lesser, greater), compare(greater, lesser)) == (-1, 1)


@pytest.mark.parametrize(
    "value", [{"N": "x"}, {"N": "NaN"}, {"N": "1E+999999"}, {}, {"A": 1, "B": 2}]
)
def test_what_dynamodb_does_not_have_is_an_error(value: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"number|unpack"):
        encode(value)


def test_sets_are_lists() -> None:
    assert to_json(encode({"NS": ["1.0", "2"]})) == "[1,2]"
    assert to_json(encode({"SS": ["a"]})) == '["a"]'
