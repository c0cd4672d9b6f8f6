from datetime import UTC, datetime
from enum import StrEnum

import pytest

from aqp_perf.core.json_reader import JsonReader, parse_json
from aqp_perf.errors import ResultError


class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


GOOD: dict[str, object] = {
    "text": "a",
    "instant": "2025-01-02T03:04:05+01:00",
    "choice": "blue",
    "flag": True,
    "integer": -1,
    "count": 3,
    "number": 0.5,
    "texts": ["a", "b"],
    "counts": {"a": 1},
    "pair": [1, 2.5],
    "children": [{"x": 1}],
    "null": None,
}


def test_each_kind_of_field_is_read_as_its_type() -> None:
    reader = JsonReader.of(GOOD, "run")

    assert reader.text("text") == reader.optional_text("text") == "a"
    assert reader.instant("instant") == datetime(2025, 1, 2, 2, 4, 5, tzinfo=UTC)
    assert reader.choice("choice", Colour) is Colour.BLUE
    assert reader.flag("flag") is True
    assert reader.integer("integer") == -1
    assert reader.count("count") == reader.optional_count("count") == 3
    assert reader.number("number") == reader.optional_number("number") == 0.5
    assert reader.texts("texts") == ("a", "b")
    assert reader.counts("counts") == {"a": 1}
    assert reader.pair("pair") == (1, 2.5)
    assert [each.count("x") for each in reader.children("children")] == [1]
    assert reader.child("counts") == reader.optional_child("counts")


def test_optional_fields_may_be_null() -> None:
    reader = JsonReader.of(GOOD, "run")

    assert reader.optional_text("null") is None
    assert reader.optional_count("null") is None
    assert reader.optional_number("null") is None
    assert reader.optional_child("null") is None
    assert reader.pair("null") is None


@pytest.mark.parametrize(
    ("kind", "bad"),
    [
        ("text", 1),
        ("instant", "yesterday"),
        ("instant", "2025-01-02T03:04:05"),
        ("instant", "0001-01-01T00:00:00+14:00"),
        ("instant", "9999-12-31T23:59:59-14:00"),
        ("flag", 1),
        ("integer", True),
        ("integer", 1.0),
        ("integer", -(10**400)),
        ("count", -1),
        ("count", 10**400),
        ("number", "1"),
        ("number", True),
        ("number", -0.1),
        ("number", float("nan")),
        ("number", float("inf")),
        ("number", 10**400),
        ("number", 1e308),
        ("optional_signed", -1e308),
        ("optional_signed", 10**400),
        ("signed_pair", [0, 10**400]),
        ("texts", "ab"),
        ("texts", ["a", 1]),
        ("counts", []),
        ("children", {}),
        ("pair", [1]),
        ("pair", 1),
    ],
)
def test_a_field_of_another_kind_is_refused_by_its_path(kind: str, bad: object) -> None:
    reader = JsonReader.of({"field": bad}, "run.thresholds[2]")

    with pytest.raises(ResultError, match=r"^run\.thresholds\[2\]\.field: expected "):
        getattr(reader, kind)("field")


@pytest.mark.parametrize(
    ("data", "kind", "message"),
    [
        ({"counts": {"a": -1}}, "counts", "run.counts.a: expected an integer of 0 or more"),
        ({"pair": [1, "x"]}, "pair", "run.pair.[1]: expected a number of 0 or more, found 'x'"),
        ({"children": [{}, 7]}, "children", "run.children[1]: expected an object, found 7"),
        ({}, "text", "run.text is missing"),
    ],
)
def test_an_error_names_the_innermost_field(
    data: dict[str, object], kind: str, message: str
) -> None:
    with pytest.raises(ResultError) as caught:
        getattr(JsonReader.of(data, "run"), kind)(kind)

    assert str(caught.value).startswith(message)


def test_a_choice_lists_what_would_be_right() -> None:
    reader = JsonReader.of({"choice": "green"}, "run")

    with pytest.raises(ResultError, match=r"run\.choice: expected one of red, blue, found 'green'"):
        reader.choice("choice", Colour)


def test_what_is_no_object_is_refused_and_long_values_are_cut() -> None:
    with pytest.raises(ResultError) as caught:
        JsonReader.of("x" * 1000, "run")

    assert str(caught.value) == f"run: expected an object, found '{'x' * 39}…"


@pytest.mark.parametrize("text", ['{"a": 1, "b": 2, "a": 3}', '[{"b": {"a": 1, "a": 1}}]'])
def test_a_key_that_stands_twice_in_an_object_is_named(text: str) -> None:
    with pytest.raises(ResultError, match=r"^an object has the key 'a' more than once$"):
        parse_json(text)


def test_one_key_may_stand_in_several_objects() -> None:
    assert parse_json('{"a": {"a": [1.5, null]}}') == {"a": {"a": [1.5, None]}}
