import heapq
import re
from itertools import accumulate, pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from perf.core.pacing import (
    PACING_HINT,
    ArrivalSchedule,
    OpenModel,
    Pacing,
    Think,
    Unpaced,
    parse_pacing,
)

law = settings(max_examples=100, deadline=None)

rates = st.floats(0.01, 1e6)


@st.composite
def shares(draw: st.DrawFn, rate: st.SearchStrategy[float] = rates) -> ArrivalSchedule:
    total = draw(st.integers(1, 8))
    first = draw(st.integers(0, total - 1))
    count = draw(st.integers(1, total - first))
    return ArrivalSchedule(rate_per_s=draw(rate), first=first, count=count, total=total)


@pytest.mark.parametrize(
    ("text", "pacing"),
    [
        ("think", Think()),
        ("none", Unpaced()),
        ("200/s", OpenModel(200)),
        ("0.5/s", OpenModel(0.5)),
        (" 7/s ", OpenModel(7)),
    ],
)
def test_a_pacing_is_a_word_or_a_rate(text: str, pacing: Pacing) -> None:
    assert parse_pacing(text) == pacing


@law
@given(st.one_of(st.just(Think()), st.just(Unpaced()), st.builds(OpenModel, st.floats(1e-9, 1e12))))
def test_the_text_of_a_pacing_means_the_pacing(pacing: Pacing) -> None:
    assert parse_pacing(str(pacing)) == pacing


@pytest.mark.parametrize("text", ["", "fast", "200", "200 /s", "-1/s", "1e3/s", "200/m", "/s"])
def test_anything_else_is_refused_with_what_is_right(text: str) -> None:
    with pytest.raises(ValueError, match=re.escape(PACING_HINT)):
        parse_pacing(text)


@pytest.mark.parametrize("text", ["0/s", "0.0/s", "1" * 400 + "/s"])
def test_a_rate_is_above_zero_and_finite(text: str) -> None:
    with pytest.raises(ValueError, match="the arrival rate must be above 0/s"):
        parse_pacing(text)


@pytest.mark.parametrize(
    ("share", "due_ms"),
    [
        (ArrivalSchedule(rate_per_s=100), [0, 10, 20, 30, 40]),
        (ArrivalSchedule(rate_per_s=100, first=1, count=2, total=4), [10, 20, 50, 60, 90]),
        (ArrivalSchedule(rate_per_s=0.5), [0, 2_000, 4_000, 6_000, 8_000]),
    ],
)
def test_arrivals_are_due_at_even_steps(share: ArrivalSchedule, due_ms: list[int]) -> None:
    assert [share.due_ns(index) for index in range(5)] == [ms * 1_000_000 for ms in due_ms]


@law
@given(rates, st.lists(st.integers(1, 4), min_size=1, max_size=5), st.integers(1, 20))
def test_shares_together_are_exactly_the_whole(
    rate_per_s: float, counts: list[int], stripes: int
) -> None:
    total = sum(counts)
    starts = accumulate(counts, initial=0)
    parts = [
        ArrivalSchedule(rate_per_s=rate_per_s, first=first, count=count, total=total)
        for first, count in zip(starts, counts, strict=False)
    ]
    merged = heapq.merge(
        *([part.due_ns(index) for index in range(stripes * part.count)] for part in parts)
    )
    whole = ArrivalSchedule(rate_per_s=rate_per_s)
    assert list(merged) == [whole.due_ns(index) for index in range(stripes * total)]


@law
@given(shares(), st.integers(0, 10**6))
def test_due_times_rise(share: ArrivalSchedule, index: int) -> None:
    due_ns = [share.due_ns(index + step) for step in range(10)]
    assert due_ns[0] >= 0
    assert all(a <= b for a, b in pairwise(due_ns))


@law
@given(shares(), st.floats(0, 100))
def test_due_count_counts_the_due_times(share: ArrivalSchedule, arrivals: float) -> None:
    """Counted one by one, for an instant anywhere in the first hundred arrivals of the whole."""
    elapsed_ns = int(arrivals * 1e9 / share.rate_per_s)
    expected = sum(share.due_ns(index) <= elapsed_ns for index in range(110))
    assert share.due_count(elapsed_ns) == expected


@law
@given(shares(st.floats(0.01, 1e5)), st.integers(0, 10**8))
def test_due_count_is_the_inverse_of_due_ns(share: ArrivalSchedule, index: int) -> None:
    """Up to 10**5 arrivals per second no two are due at one instant."""
    due_ns = share.due_ns(index)
    assert share.due_count(due_ns) == index + 1
    assert share.due_count(due_ns - 1) == index


def test_nothing_is_due_before_the_start() -> None:
    assert ArrivalSchedule(rate_per_s=1e9).due_count(-1) == 0


@pytest.mark.parametrize("rate_per_s", [0, -1, float("nan")])
def test_a_schedule_has_a_rate_above_zero(rate_per_s: float) -> None:
    with pytest.raises(ValueError, match="rate_per_s must be above 0"):
        ArrivalSchedule(rate_per_s=rate_per_s)


@pytest.mark.parametrize(
    ("first", "count", "total"), [(-1, 1, 1), (0, 0, 1), (1, 1, 1), (0, 2, 1), (3, 2, 4)]
)
def test_a_share_lies_within_its_stripe(first: int, count: int, total: int) -> None:
    with pytest.raises(ValueError, match=rf"no share: {first}\+{count} of {total}"):
        ArrivalSchedule(rate_per_s=1, first=first, count=count, total=total)
