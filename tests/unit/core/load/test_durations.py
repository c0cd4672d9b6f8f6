import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aqp_perf.core.load.durations import format_duration, parse_duration

law = settings(max_examples=60)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("30", 30.0),
        ("0.25", 0.25),
        ("30s", 30.0),
        ("5m", 300.0),
        ("1h30m", 5400.0),
        ("1h1m1s1ms", 3661.001),
        ("500ms", 0.5),
        ("5m500ms", 300.5),
        ("1.5s", 1.5),
        (" 2M ", 120.0),
    ],
)
def test_a_duration_is_a_number_of_seconds_or_numbers_with_units(text: str, seconds: float) -> None:
    assert parse_duration(text) == seconds


@pytest.mark.parametrize(
    "text",
    ["", " ", "s", "-1", "1e3", "5 m", "30s5m", "1d", "5m5", "nan", "inf", ".5s", "1_0", "٣"],
)
def test_anything_else_is_refused_with_a_hint(text: str) -> None:
    with pytest.raises(ValueError, match=re.escape(f"{text!r} is not a duration: write seconds")):
        parse_duration(text)


def test_zero_must_be_allowed() -> None:
    with pytest.raises(ValueError, match="'0s' must be more than 0"):
        parse_duration("0s")

    assert parse_duration("0s", allow_zero=True) == 0


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0s"),
        (0.0004, "0s"),
        (0.5, "500ms"),
        (90, "1m30s"),
        (5400, "1h30m"),
        (3661.001, "1h1m1s1ms"),
        (59.9996, "1m"),
    ],
)
def test_a_duration_is_written_without_empty_parts(seconds: float, text: str) -> None:
    assert format_duration(seconds) == text


@law
@given(st.integers(0, 10**9))
def test_parse_undoes_format(milliseconds: int) -> None:
    seconds = milliseconds / 1000

    assert parse_duration(format_duration(seconds), allow_zero=True) == seconds


@pytest.mark.parametrize("seconds", [-0.1, float("inf"), float("nan")])
def test_negative_and_infinite_durations_cannot_be_formatted(seconds: float) -> None:
    with pytest.raises(ValueError, match="finite and not negative"):
        format_duration(seconds)
