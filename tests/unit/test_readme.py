"""README names what is there: every option, make target, file and user class."""

import ast
import re
from pathlib import Path

import pytest

from aqp_perf.core.verdict.thresholds import parse_threshold
from aqp_perf.plugin.settings.options import KEEP_TABLE_FLAG, OPTIONS, PROFILE_FLAG, THRESHOLD_FLAG
from aqp_perf.plugin.settings.profiles import SHIPPED, read_profiles

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```", README, flags=re.DOTALL | re.MULTILINE)


def blocks(language: str) -> list[str]:
    return [text for kind, text in BLOCKS if kind == language]


def test_options_are_exactly_those_there_are() -> None:
    known = {option.flag for option in OPTIONS} | {PROFILE_FLAG, THRESHOLD_FLAG, KEEP_TABLE_FLAG}
    assert set(re.findall(r"--perf-[a-z-]+[a-z]", README)) == known


def test_make_targets_are_there() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z-]+):", makefile, flags=re.MULTILINE))
    named = set(re.findall(r"`?make ([a-z-]+)", README))
    assert {"perf", "test", "check"} <= named <= targets | {"nothing"}


@pytest.mark.parametrize("link", re.findall(r"\]\((?!http)([^)#]+)\)", README))
def test_linked_files_are_there(link: str) -> None:
    assert (ROOT / link).exists()


@pytest.mark.parametrize("name", re.findall(r"python -m benchmarks\.(\w+)", README))
def test_benchmarks_are_there(name: str) -> None:
    assert (ROOT / "benchmarks" / f"{name}.py").is_file()


@pytest.mark.parametrize("profile", SHIPPED)
def test_profiles_that_ship_are_named(profile: str) -> None:
    assert f"`{profile}`" in README


def test_python_is_python_with_thresholds_that_parse() -> None:
    trees = [ast.parse(code) for code in blocks("python")]
    lists = [node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.List)]
    rules = [ast.literal_eval(each) for node in lists for each in node.elts]
    assert rules
    assert all(parse_threshold(rule) for rule in rules)


@pytest.mark.parametrize("profile", SHIPPED)
def test_thresholds_of_profiles_that_ship_are_shown(profile: str) -> None:
    thresholds = SHIPPED[profile]["thresholds"]
    assert isinstance(thresholds, tuple)
    assert all(f"`{parse_threshold(each).rule}`" in README for each in thresholds)


def test_profile_of_the_readme_is_read(tmp_path: Path) -> None:
    (toml,) = blocks("toml")
    (tmp_path / "pyproject.toml").write_text(toml, encoding="utf-8")
    assert "lunch" in read_profiles(tmp_path / "pyproject.toml")
