"""Profiles in ``pyproject.toml``."""

from pathlib import Path

import pytest

from aqp_perf.core.load.pacing import OpenModel, parse_pacing
from aqp_perf.core.verdict.thresholds import parse_threshold
from aqp_perf.errors import InvalidOption, LoadWarning
from aqp_perf.plugin.settings.profiles import SHIPPED, Profile, read_profiles

SLOWEST_LIMIT_S = 0.4
"""The p99 that the shipped load tests allow an AQP."""


def test_without_a_file_the_shipped_profiles_remain(tmp_path: Path) -> None:
    assert read_profiles(tmp_path / "pyproject.toml") == SHIPPED
    assert set(SHIPPED) == {"smoke", "seed", "nightly"}


@pytest.mark.parametrize(
    "profile", [each for each in SHIPPED.values() if each["pacing"] != "think"]
)
def test_shipped_open_profile_has_the_users_that_its_limits_need(profile: Profile) -> None:
    """With fewer, a target as slow as its limit keeps all users busy; see Little's law."""
    pacing = parse_pacing(profile["pacing"])
    assert isinstance(pacing, OpenModel)

    assert int(profile["users"]) >= pacing.peak_per_s * SLOWEST_LIMIT_S


def test_file_of_another_project_changes_nothing(tmp_path: Path) -> None:
    assert read_profiles(_written(tmp_path, "[tool.other]\nx = 1")) == SHIPPED


def test_own_profile_is_added_to_the_shipped_ones(tmp_path: Path) -> None:
    text = '[tool.aqp-perf.profiles.big]\nusers = 500\nwarmup = 0.5\nthresholds = ["p99 < 1 s"]'

    profiles = read_profiles(_written(tmp_path, text))

    assert profiles.keys() == {*SHIPPED, "big"}
    assert profiles["big"] == {"users": 500, "warmup": 0.5, "thresholds": ["p99 < 1 s"]}


def test_own_profile_changes_single_values_of_a_shipped_one(tmp_path: Path) -> None:
    profiles = read_profiles(_written(tmp_path, "[tool.aqp-perf.profiles.smoke]\nusers = 3"))

    assert profiles["smoke"] == {**SHIPPED["smoke"], "users": 3}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[tool]\naqp-perf = 1", "[tool.aqp-perf]: 1 is not valid: "),
        ("[tool.aqp-perf]\nusers = 3", "[tool.aqp-perf]: {'users': 3} is not valid: it may have "),
        ("[tool.aqp-perf]\nprofiles = 3", "[tool.aqp-perf.profiles]: 3 is not valid: write "),
        (
            "[tool.aqp-perf.profiles]\na = 3",
            "[tool.aqp-perf.profiles]: {'a': 3} is not valid: write ",
        ),
    ],
)
def test_table_of_another_shape_is_refused(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(InvalidOption) as caught:
        read_profiles(_written(tmp_path, text))

    assert str(caught.value).startswith(message)


def test_the_table_of_earlier_versions_is_read_with_a_hint(tmp_path: Path) -> None:
    former = _written(tmp_path, "[tool.perf.profiles.big]\nusers = 500")

    with pytest.warns(LoadWarning, match=r"\[tool.perf\] is now \[tool.aqp-perf\]: rename it"):
        profiles = read_profiles(former)

    assert profiles["big"] == {"users": 500}


@pytest.mark.parametrize(
    "text",
    [
        "[tool]\nperf = 1",
        "[tool.perf]\nusers = 3",
        "[tool.perf.profiles.big]\nusers = 3\n[tool.aqp-perf]",
    ],
)
def test_a_table_of_another_tool_is_left_alone(tmp_path: Path, text: str) -> None:
    assert read_profiles(_written(tmp_path, text)) == SHIPPED


def test_thresholds_of_shipped_profiles_are_valid() -> None:
    lists = [profile.get("thresholds") for profile in SHIPPED.values()]
    rules = [rule for each in lists if isinstance(each, tuple) for rule in each]

    assert {parse_threshold(rule).metric for rule in rules} == {
        "failure_ratio",
        "median",
        "p99",
        "wrong_answer_ratio",
    }


def _written(folder: Path, text: str) -> Path:
    path = folder / "pyproject.toml"
    path.write_text(text)
    return path
