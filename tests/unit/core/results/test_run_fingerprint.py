import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aqp_perf.core.records import from_json, to_json
from aqp_perf.core.results.run_fingerprint import PARTS, RunFingerprint, minor, parse_parts

PART = st.dictionaries(st.sampled_from("abc"), st.sampled_from("123"))
FINGERPRINTS = st.builds(RunFingerprint, **dict.fromkeys(PARTS, PART))


@settings(max_examples=30)
@given(FINGERPRINTS)
def test_a_fingerprint_does_not_differ_from_itself(one: RunFingerprint) -> None:
    assert one.differences(one) == []


@settings(max_examples=30)
@given(FINGERPRINTS, FINGERPRINTS)
def test_differences_are_named_by_part_in_both_directions(
    one: RunFingerprint, other: RunFingerprint
) -> None:
    there, back = one.differences(other), other.differences(one)
    assert [each.partition(":")[0] for each in there] == [each.partition(":")[0] for each in back]
    assert (there == []) == (one == other)


@settings(max_examples=30)
@given(FINGERPRINTS, FINGERPRINTS, st.sets(st.sampled_from(PARTS)))
def test_allowed_parts_are_not_named(
    one: RunFingerprint, other: RunFingerprint, allowed: set[str]
) -> None:
    named = {each.partition(":")[0] for each in one.differences(other, allowed)}
    everything = {each.partition(":")[0] for each in one.differences(other)}
    assert named == everything - allowed


@settings(max_examples=30)
@given(FINGERPRINTS)
def test_a_fingerprint_survives_a_round_trip(one: RunFingerprint) -> None:
    assert from_json(to_json(one), RunFingerprint, "fingerprint") == one


def test_a_difference_names_both_values() -> None:
    before = RunFingerprint(machine={"cores": "2", "architecture": "x86_64"})
    now = RunFingerprint(machine={"cores": "8", "architecture": "aarch64"})
    assert before.differences(now) == [
        "machine: cores 2 against 8, architecture x86_64 against aarch64"
    ]


def test_patch_versions_are_ignored() -> None:
    assert minor("2.47.3") == minor("2.47.0") == "2.47"


def test_parts_are_a_list_of_names() -> None:
    assert parse_parts("machine, versions") == {"machine", "versions"}


@pytest.mark.parametrize("text", ["", "machine,", "cores"])
def test_an_unknown_part_is_refused_with_the_known_ones(text: str) -> None:
    with pytest.raises(ValueError, match="use target, profile, data, versions, machine"):
        parse_parts(text)
