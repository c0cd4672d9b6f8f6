import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aqp_perf.core.records import from_json, to_json
from aqp_perf.core.results.run_fingerprint import PARTS, RunFingerprint, minor, parse_parts

PART = st.dictionaries(st.sampled_from("abc"), st.sampled_from("123"))
FINGERPRINTS = st.builds(RunFingerprint, **dict.fromkeys(PARTS, PART))


@settings(max_examples=30)
@given(FINGERPRINTS)
def test_nothing_differs_from_itself(one: RunFingerprint) -> None:
    assert one.differences(one) == []


@settings(max_examples=30)
@given(FINGERPRINTS, FINGERPRINTS)
def test_what_differs_is_named_by_part_both_ways(
    one: RunFingerprint, other: RunFingerprint
) -> None:
    there, back = one.differences(other), other.differences(one)
    assert [each.partition(":")[0] for each in there] == [each.partition(":")[0] for each in back]
    assert (there == []) == (one == other)


@settings(max_examples=30)
@given(FINGERPRINTS, FINGERPRINTS, st.sets(st.sampled_from(PARTS)))
def test_what_is_allowed_is_not_named(
    one: RunFingerprint, other: RunFingerprint, allowed: set[str]
) -> None:
    named = {each.partition(":")[0] for each in one.differences(other, allowed)}
    everything = {each.partition(":")[0] for each in one.differences(other)}
    assert named == everything - allowed


@settings(max_examples=30)
@given(FINGERPRINTS)
def test_a_fingerprint_survives_json(one: RunFingerprint) -> None:
    assert from_json(to_json(one), RunFingerprint, "fingerprint") == one


def test_a_difference_says_what_was_and_what_is() -> None:
    before = RunFingerprint(machine={"cores": "2", "architecture": "x86_64"})
    now = RunFingerprint(machine={"cores": "8", "architecture": "aarch64"})
    assert before.differences(now) == [
        "machine: cores 2 against 8, architecture x86_64 against aarch64"
    ]


def test_patches_are_alike() -> None:
    assert minor("2.47.3") == minor("2.47.0") == "2.47"


def test_parts_are_a_list_of_names() -> None:
    assert parse_parts("machine, versions") == {"machine", "versions"}


@pytest.mark.parametrize("text", ["", "machine,", "cores"])
def test_an_unknown_part_is_named_with_those_there_are(text: str) -> None:
    with pytest.raises(ValueError, match="use target, profile, data, versions, machine"):
        parse_parts(text)
