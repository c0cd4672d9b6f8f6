from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aqp_perf.targets.sweep.leftover import FoundTable, TableState, state_of

NOW = datetime(2030, 1, 1, tzinfo=UTC)
TAGS = {
    "aqp-perf:suite": "aqp-perf",
    "aqp-perf:run": "r1",
    "aqp-perf:owner": "me",
    "aqp-perf:creation": "c0ffee",
    "aqp-perf:expires": "2029-12-31T23:59:59+00:00",
}
EXPIRED = FoundTable(
    name="aqp_perf_r1_abc",
    arn="arn:aws:dynamodb:eu-west-1:123456789012:table/aqp_perf_r1_abc",
    status="ACTIVE",
    tags=TAGS,
    created=NOW - timedelta(days=1),
    size_bytes=0,
    item_count=0,
)
NEEDED = ("suite", "run", "creation", "expires")


def tagged(**changes: str | None) -> FoundTable:
    changed = {**TAGS, **{f"aqp-perf:{key}": value for key, value in changes.items()}}
    kept = {key: value for key, value in changed.items() if value is not None}
    return replace(EXPIRED, tags=kept)


def state(table: FoundTable, run_id: str | None = None) -> TableState:
    return state_of(table, now=NOW, run_id=run_id)[0]


@given(st.timedeltas(timedelta(days=-3), timedelta(days=3)), st.integers(-12, 12))
def test_a_table_is_left_over_from_the_instant_it_names_on(left: timedelta, hours: int) -> None:
    """In whatever time zone it names it."""
    expires = (NOW + left).astimezone(timezone(timedelta(hours=hours))).isoformat()
    expected = TableState.LEFTOVER if left <= timedelta() else TableState.IN_USE
    assert state(tagged(expires=expires)) is expected


@given(
    st.text(max_size=30).filter(lambda name: not name.startswith("aqp_perf_")),
    st.sampled_from(["r1", None]),
)
def test_no_tag_makes_up_for_the_name(name: str, run_id: str | None) -> None:
    state, reason = state_of(replace(EXPIRED, name=name), now=NOW, run_id=run_id)
    assert state is TableState.NOT_OURS
    assert reason == "its name does not begin with aqp_perf_: left alone"


@given(
    st.dictionaries(st.sampled_from([*TAGS, "Name"]), st.text(max_size=40), max_size=6),
    st.sampled_from(["r1", None]),
)
def test_a_table_without_each_of_our_tags_is_never_left_over(
    tags: dict[str, str], run_id: str | None
) -> None:
    """Random values are no instants, and no suite of ours."""
    assert state(replace(EXPIRED, tags=tags), run_id) is TableState.NOT_OURS


@pytest.mark.parametrize("missing", NEEDED)
@pytest.mark.parametrize("value", [None, ""])
@pytest.mark.parametrize("run_id", ["r1", None])
def test_each_needed_tag_is_needed(missing: str, value: str | None, run_id: str | None) -> None:
    found, reason = state_of(tagged(**{missing: value}), now=NOW, run_id=run_id)
    assert found is TableState.NOT_OURS
    assert reason.startswith(f"no tag aqp-perf:{missing}")


@pytest.mark.parametrize("text", ["soon", "2029-12-31", "2029-12-31T23:59:59", "1893455999", "0"])
@pytest.mark.parametrize("run_id", ["r1", None])
def test_an_ambiguous_expiry_is_not_valid(text: str, run_id: str | None) -> None:
    """As one without a time zone can be, even when the run is named."""
    found, reason = state_of(tagged(expires=text), now=NOW, run_id=run_id)
    assert found is TableState.NOT_OURS
    assert reason == f"tag aqp-perf:expires is not a time with a zone: {text!r}: left alone"


def test_a_table_without_an_owner_is_left_over_all_the_same() -> None:
    assert state(tagged(owner=None)) is TableState.LEFTOVER


def test_a_named_run_has_its_tables_swept_before_their_time_and_no_other_has() -> None:
    fresh = tagged(expires=(NOW + timedelta(hours=1)).isoformat())
    assert state(fresh) is TableState.IN_USE
    assert state(fresh, "r1") is TableState.LEFTOVER
    assert state(EXPIRED, "r2") is TableState.IN_USE


@pytest.mark.parametrize("run_id", ["r1", None])
def test_a_table_that_is_being_deleted_is_not_left_over(run_id: str | None) -> None:
    found, reason = state_of(replace(EXPIRED, status="DELETING"), now=NOW, run_id=run_id)
    assert (found, reason) == (TableState.IN_USE, "is being deleted")


def test_a_table_without_our_name_and_tags_is_a_stranger() -> None:
    assert state(replace(EXPIRED, name="orders", tags={"Name": "x"})) is TableState.STRANGER
