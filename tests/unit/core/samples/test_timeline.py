import base64
import json
import zlib
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aqp_perf.core.samples.timeline import (
    FIRST_SLICE_NS,
    MOST_SLICES,
    Timeline,
    bounds_ns,
    step_of,
)
from aqp_perf.errors import ResultError

HOUR_NS = 3_600_000_000_000
requests = st.lists(
    st.tuples(st.integers(0, 12 * HOUR_NS), st.integers(0, 600_000_000_000), st.booleans())
)


def timeline_of(records: list[tuple[int, int, bool]]) -> Timeline:
    timeline = Timeline()
    for since_start_ns, latency_ns, failed in records:
        timeline.record(since_start_ns, latency_ns, failed=failed)
    return timeline


@given(st.integers(0, 10**12))
def test_a_step_holds_its_latencies_to_six_percent(latency_ns: int) -> None:
    low, high = bounds_ns(step_of(latency_ns))

    assert low <= latency_ns < high
    assert high - low <= max(1_000, low / 16)


@given(st.integers(0, 1_000))
def test_steps_follow_each_other(step: int) -> None:
    assert bounds_ns(step)[1] == bounds_ns(step + 1)[0]
    assert step_of(bounds_ns(step)[0]) == step


@given(requests)
def test_every_request_is_in_the_slice_that_it_was_due_in(
    records: list[tuple[int, int, bool]],
) -> None:
    timeline = timeline_of(records)
    points = list(timeline.points())

    width_ns = timeline.slice_ns
    due = Counter(since_start_ns // width_ns for since_start_ns, _, _ in records)
    failed = Counter(since_start_ns // width_ns for since_start_ns, _, fails in records if fails)
    steps = Counter(step_of(latency_ns) for _, latency_ns, _ in records)
    assert timeline.requests == len(records)
    assert len(points) <= MOST_SLICES
    assert [point.requests for point in points] == [due[number] for number in range(len(points))]
    assert [point.failures for point in points] == [failed[number] for number in range(len(points))]
    assert sum((Counter(point.steps) for point in points), Counter()) == steps
    assert [point.start_s for point in points] == [
        number * width_ns / 1e9 for number in range(len(points))
    ]


@given(requests)
def test_slices_are_no_wider_than_they_need_be(records: list[tuple[int, int, bool]]) -> None:
    last_ns = max((since_start_ns for since_start_ns, _, _ in records), default=0)

    width_ns = timeline_of(records).slice_ns

    assert last_ns < MOST_SLICES * width_ns
    assert width_ns == FIRST_SLICE_NS or last_ns >= MOST_SLICES * width_ns // 2


@given(st.lists(requests, max_size=4))
def test_merged_timelines_are_that_of_all_requests(
    parts: list[list[tuple[int, int, bool]]],
) -> None:
    whole = Timeline()
    for part in parts:
        whole.merge(timeline_of(part))

    assert list(whole.points()) == list(
        timeline_of([each for part in parts for each in part]).points()
    )


@given(requests)
def test_a_timeline_survives_a_round_trip_as_text(records: list[tuple[int, int, bool]]) -> None:
    timeline = timeline_of(records)

    read = Timeline.decode(timeline.encode())

    assert list(read.points()) == list(timeline.points())
    assert read.encode() == timeline.encode()


def test_any_latency_survives_a_round_trip_as_text() -> None:
    """The histogram leaves out what took over ten minutes; slices do not."""
    timeline = timeline_of([(0, (1 << 63) - 1, False)])

    assert Timeline.decode(timeline.encode()) == timeline


def packed(document: object) -> str:
    return base64.b64encode(zlib.compress(json.dumps(document).encode())).decode()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "?",
        "aGVsbG8=",
        packed(None),
        packed([FIRST_SLICE_NS]),
        packed([FIRST_SLICE_NS * 3, []]),
        packed([0, []]),
        packed([-FIRST_SLICE_NS, []]),
        packed([FIRST_SLICE_NS, [[MOST_SLICES, 0, 1, 1]]]),
        packed([FIRST_SLICE_NS, [[0, 2, 1, 1]]]),
        packed([FIRST_SLICE_NS, [[0, 0, 1]]]),
        packed([FIRST_SLICE_NS, [[0, 0, 1, -1]]]),
        packed([FIRST_SLICE_NS, [[0, 0, 1, True]]]),
        packed([FIRST_SLICE_NS, [["0", 0]]]),
        packed([FIRST_SLICE_NS, [[]]]),
        packed([FIRST_SLICE_NS, [[0, 0, 10**9, 1]]]),
        packed([FIRST_SLICE_NS << 2000, [[0, 0, 1, 1]]]),
    ],
)
def test_a_damaged_timeline_is_rejected(text: str) -> None:
    with pytest.raises(ResultError, match="a timeline cannot be read"):
        Timeline.decode(text)
