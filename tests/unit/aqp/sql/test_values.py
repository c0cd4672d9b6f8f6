"""Decoded DynamoDB values: no digit lost, equal values equal, ordered by type and value."""

import base64
from decimal import Decimal
from typing import Any

import simplejson
from hypothesis import given
from hypothesis import strategies as st

from aqp_perf.aqp.sql.values import Value, decode, to_json

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


def _decoded(value: dict[str, Any]) -> Value:
    decoded = decode(value)
    assert decoded is not None
    return decoded


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
    text = to_json(decode(value))

    assert simplejson.loads(text, use_decimal=True, parse_int=Decimal) == _python(value)


@given(numbers, st.integers(min_value=0, max_value=5))
def test_equal_numbers_are_one_group_however_they_are_written(number: Decimal, zeros: int) -> None:
    padded = f"{number:f}" + ("" if "." in f"{number:f}" else ".") + "0" * (zeros + 1)

    assert len({decode({"N": padded}), decode({"N": f"{number:E}"})}) == 1


@given(scalars, scalars)
def test_different_values_are_different_groups(left: dict[str, Any], right: dict[str, Any]) -> None:
    are_equal = list(left) == list(right) and _python(left) == _python(right)

    assert (len({decode(left), decode(right)}) == 1) == are_equal


def test_null_and_missing_are_null() -> None:
    assert decode({"NULL": True}) is None
    assert decode(None) is None
    assert to_json(None) == "null"


@given(st.binary(), st.binary())
def test_binary_is_ordered_by_bytes_not_by_base64(left: bytes, right: bytes) -> None:
    decoded = [_decoded({"B": base64.b64encode(data).decode()}) for data in (left, right)]

    assert (decoded[0] < decoded[1]) == (left < right)


def test_types_are_ordered_before_values() -> None:
    ascending: list[dict[str, Any]] = [
        {"BOOL": False},
        {"BOOL": True},
        {"N": "-5"},
        {"N": "10"},
        {"S": ""},
        {"S": "10"},
        {"B": ""},
        {"L": []},
    ]

    assert sorted(ascending[4:] + ascending[:4], key=_decoded) == ascending


def test_sets_are_lists() -> None:
    assert to_json(decode({"NS": ["1.5", "2"]})) == "[1.5,2]"
    assert to_json(decode({"SS": ["a"]})) == '["a"]'
