import base64
import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aqp_perf.targets.moto.execution.values import (
    canonical_number,
    comparable,
    item_bytes,
    parse_value,
)
from aqp_perf.targets.moto.moto_tables import DynamoType
from aqp_perf.targets.moto.refusal import RequestRefused

NUMBERS = st.decimals(
    min_value=-(10**30), max_value=10**30, allow_nan=False, allow_infinity=False, places=7
)
VALUES = st.recursive(
    st.one_of(
        st.text().map(lambda text: {"S": text}),
        NUMBERS.map(lambda number: {"N": canonical_number(str(number))}),
        st.binary().map(lambda content: {"B": base64.b64encode(content).decode()}),
        st.booleans().map(lambda truth: {"BOOL": truth}),
        st.just({"NULL": True}),
        st.sets(st.text(), min_size=1).map(lambda texts: {"SS": sorted(texts)}),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4).map(lambda elements: {"L": elements}),
        st.dictionaries(st.text(min_size=1), inner, max_size=4).map(lambda items: {"M": items}),
    ),
    max_leaves=8,
)


@given(NUMBERS)
def test_a_canonical_number_is_the_same_number(number: Decimal) -> None:
    assert Decimal(canonical_number(str(number))) == number


@given(NUMBERS)
def test_canonical_is_canonical_already(number: Decimal) -> None:
    once = canonical_number(str(number))

    assert canonical_number(once) == once


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("1e+5", "100000"),
        ("1.50", "1.5"),
        ("1e-05", "0.00001"),
        ("+5", "5"),
        (".5", "0.5"),
        ("5.", "5"),
        ("00012", "12"),
        ("-0", "0"),
        ("-5.0e-3", "-0.005"),
        ("1" + "0" * 125, "1" + "0" * 125),
    ],
)
def test_numbers_are_stored_as_dynamodb_local_stores_them(text: str, canonical: str) -> None:
    assert canonical_number(text) == canonical


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("abc", "A value provided cannot be converted into a number"),
        ("", "A value provided cannot be converted into a number"),
        (" 1 ", "A value provided cannot be converted into a number"),
        ("NaN", "A value provided cannot be converted into a number"),
        ("1" * 39, "DynamoDB only supports precision up to 38 digits"),
        ("1e126", "Number overflow. Attempting to store a number with magnitude larger"),
        ("1e-131", "Number underflow. Attempting to store a number with magnitude smaller"),
        ("1e99999999999999999999", "Number overflow."),
    ],
)
def test_a_number_dynamodb_cannot_hold_is_refused(text: str, message: str) -> None:
    with pytest.raises(RequestRefused, match=f"^{message}"):
        canonical_number(text)


@given(VALUES)
def test_a_value_comes_back_as_it_was_sent(value: dict[str, Any]) -> None:
    assert json.loads(json.dumps(parse_value(value), default=DynamoType.to_json)) == value


@given(VALUES, VALUES)
def test_values_are_equal_when_their_canonical_wire_forms_are(
    one: dict[str, Any], other: dict[str, Any]
) -> None:
    same = comparable(DynamoType(one)) == comparable(DynamoType(other))

    assert same == (one == other)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({}, "Supplied AttributeValue is empty"),
        ({"S": "a", "N": "1"}, "Supplied AttributeValue is empty"),
        ({"SS": []}, "One or more parameter values were invalid: An string set  may not be empty"),
        ({"NS": ["1", "1.0"]}, "Input collection contains duplicates"),
        ({"NULL": False}, "One or more parameter values were invalid: Null attribute value types"),
        ({"S": 1}, "Supplied AttributeValue is empty"),
        ({"L": [{"N": "x"}]}, "A value provided cannot be converted into a number"),
    ],
)
def test_a_value_dynamodb_would_not_store_is_refused(value: dict[str, Any], message: str) -> None:
    with pytest.raises(RequestRefused, match=f"^{message}"):
        parse_value(value)


@pytest.mark.parametrize(
    ("value", "size_bytes"),
    [
        ({"S": "häuser"}, 7),
        ({"N": "1234.5"}, 4),
        ({"N": "-100"}, 2),
        ({"B": base64.b64encode(b"12345").decode()}, 5),
        ({"BOOL": False}, 1),
        ({"NULL": True}, 1),
        ({"SS": ["ab", "c"]}, 3),
        ({"NS": ["1", "22"]}, 4),
        ({"L": [{"S": "ab"}, {"BOOL": True}]}, 3 + 3 + 2),
        ({"M": {"key": {"S": "ab"}}}, 3 + 1 + 3 + 2),
    ],
)
def test_an_item_has_the_size_dynamodb_documents(value: dict[str, Any], size_bytes: int) -> None:
    assert item_bytes({"name": DynamoType(value)}) == len("name") + size_bytes
