"""Records are read by the types of their fields; errors name the path and the value."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

import msgspec
import pytest

from aqp_perf.core.records import (
    Count,
    Figure,
    Instant,
    Nanoseconds,
    SignedFigure,
    from_builtins,
    from_json,
    parse_json,
    to_json,
)
from aqp_perf.errors import ResultError


class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    count: Count
    steps: dict[int, Count] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.count == 13:
            raise ValueError("13 is no count")


@dataclass(frozen=True, slots=True, kw_only=True)
class Whole:
    text: str = ""
    flag: bool = False
    instant: Instant | None = None
    colours: dict[Colour, Count] = field(default_factory=dict)
    figure: Figure | None = None
    signed: SignedFigure = 0.0
    nanoseconds: Nanoseconds = 0
    usd: Decimal = Decimal(0)
    interval: tuple[Figure, Figure] | None = None
    texts: tuple[str, ...] = ()
    parts: tuple[Part, ...] = ()


WHOLE = Whole(
    text="\ud800 alone, ß",
    instant=datetime(2025, 1, 2, 3, 4, 5, 678900, tzinfo=UTC),
    colours={Colour.BLUE: 2},
    figure=0.5,
    signed=-0.5,
    nanoseconds=-1,
    usd=Decimal("0.38"),
    interval=(1.0, 2.5),
    texts=("a", "b"),
    parts=(Part(count=1, steps={7: 2}),),
)


def test_a_record_survives_a_round_trip_in_ascii() -> None:
    text = to_json(WHOLE)

    assert text.isascii()
    assert from_json(text, Whole, "whole") == WHOLE


def test_builtins_are_what_json_has() -> None:
    data = msgspec.to_builtins(WHOLE)

    assert data["instant"] == "2025-01-02T03:04:05.678900Z"
    assert data["colours"] == {"blue": 2}
    assert from_builtins(data, Whole, "whole") == WHOLE


def test_a_number_that_is_not_finite_is_never_written() -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        to_json(Whole(figure=float("nan")))


def test_fields_with_a_default_may_be_missing_and_unknown_keys_are_ignored() -> None:
    assert from_builtins({"of a later version": 1}, Whole, "whole") == Whole()


def test_parts_may_be_records_already() -> None:
    assert from_builtins({"parts": WHOLE.parts}, Whole, "whole").parts == WHOLE.parts


@pytest.mark.parametrize(
    ("key", "bad"),
    [
        ("text", 1),
        ("flag", 1),
        ("instant", "yesterday"),
        ("instant", "2025-01-02T03:04:05"),
        ("colours", {"green": 1}),
        ("colours", []),
        ("figure", "1"),
        ("figure", True),
        ("figure", -0.1),
        ("figure", float("nan")),
        ("figure", float("inf")),
        ("figure", 10**400),
        ("signed", -1e308),
        ("nanoseconds", 1.5),
        ("interval", [1]),
        ("interval", 1),
        ("texts", "ab"),
        ("parts", {}),
        ("parts", [{"count": True}]),
        ("parts", [{"count": 1.0}]),
        ("parts", [{"count": -1}]),
        ("parts", [{"count": 10**400}]),
        ("parts", [{"count": 13}]),
        ("parts", [{}]),
    ],
)
def test_a_wrong_value_is_refused_with_its_path(key: str, bad: Any) -> None:  # noqa: ANN401 - any
    with pytest.raises(ResultError, match=rf"^runs\[2\]\.{key}\b"):
        from_builtins({key: bad}, Whole, "runs[2]")


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"figure": -1}, "run.figure: Expected `float` >= 0.0, found -1"),
        ({"parts": [{"count": 1}, {"count": "x"}]}, "run.parts[1].count: Expected `int`"),
        ({"parts": [{"count": 1}, 7]}, "run.parts[1]: Expected `object`, got `int`, found 7"),
        ({"parts": [{"count": 1, "steps": {"1": "x"}}]}, "run.parts[0].steps[...]: Expected `int`"),
        ({"parts": [{}]}, "run.parts[0].count is missing"),
        ({"parts": [{"count": 13}]}, "run.parts[0]: 13 is no count"),
        ({"colours": {"green": 1}}, "run.colours: Invalid enum value 'green'"),
        ({"figure": "\ud800"}, r"run: 'utf-8' codec can't encode character '\ud800'"),
        ("x" * 1000, f"run: Expected `object`, got `str`, found '{'x' * 39}…"),
    ],
)
def test_a_message_names_the_innermost_path_and_the_value(data: object, message: str) -> None:
    with pytest.raises(ResultError) as caught:
        from_builtins(data, Whole, "run")

    assert str(caught.value).startswith(message)


@pytest.mark.parametrize("text", ['{"a": 1, "b": 2, "a": 3}', '[{"b": {"a": 1, "a": 1}}]'])
def test_a_duplicate_key_is_refused_by_name(text: str) -> None:
    with pytest.raises(ResultError, match=r"^an object has the key 'a' more than once$"):
        parse_json(text)


def test_several_objects_may_have_the_same_key() -> None:
    assert parse_json('{"a": {"a": [1.5, null]}}') == {"a": {"a": [1.5, None]}}


@pytest.mark.parametrize("text", ["", '{"a": 1', '{"a": NaN}', "\x00", "[" * 100_000, b"\xff"])
def test_other_than_strict_json_is_refused(text: str | bytes) -> None:
    with pytest.raises(ResultError, match=r"^not JSON, or cut short: "):
        parse_json(text)
