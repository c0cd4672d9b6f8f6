"""README and docs name what exists: options, make targets, files, headings, benchmarks."""

import ast
import re
from pathlib import Path

import pytest

from aqp_perf.core.verdict.thresholds import parse_threshold
from aqp_perf.plugin.settings.options import KEEP_TABLE_FLAG, OPTIONS, PROFILE_FLAG, THRESHOLD_FLAG
from aqp_perf.plugin.settings.profiles import SHIPPED

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
PAGES = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "benchmarks/README.md")]
PAGES += sorted((ROOT / "docs").glob("*.md"))
MOST_LINES = 150
"""README is read in the first ten minutes."""


def anchor_of(heading: str) -> str:
    """Return the anchor that GitHub gives a heading."""
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")


def anchors_in(page: Path) -> set[str]:
    text = re.sub(
        r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL
    )
    return {anchor_of(heading) for heading in re.findall(r"^#+ (.+)$", text, flags=re.MULTILINE)}


def test_readme_is_short() -> None:
    assert len(README.splitlines()) <= MOST_LINES


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_options_exist(page: Path) -> None:
    known = {option.flag for option in OPTIONS} | {PROFILE_FLAG, THRESHOLD_FLAG, KEEP_TABLE_FLAG}
    assert set(re.findall(r"--perf-[a-z-]+[a-z]", page.read_text(encoding="utf-8"))) <= known


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_make_targets_exist(page: Path) -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z-]+):", makefile, flags=re.MULTILINE))
    assert set(re.findall(r"`make ([a-z-]+)", page.read_text(encoding="utf-8"))) <= targets


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_to_files_and_headings(page: Path) -> None:
    for link in re.findall(r"\]\((?!http)([^)]+)\)", page.read_text(encoding="utf-8")):
        name, _, anchor = link.partition("#")
        linked = (page.parent / name).resolve() if name else page
        assert linked.exists(), link
        assert not anchor or anchor in anchors_in(linked), link


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_benchmarks_exist(page: Path) -> None:
    names = re.findall(r"python -m benchmarks\.([a-z]\w+)", page.read_text(encoding="utf-8"))
    assert all((ROOT / "benchmarks" / f"{name}.py").is_file() for name in names)


@pytest.mark.parametrize("profile", SHIPPED)
def test_profiles_that_ship_are_named(profile: str) -> None:
    assert f"`{profile}`" in README


def test_thresholds_in_readme_parse() -> None:
    trees = [
        ast.parse(code)
        for code in re.findall(r"^```python\n(.*?)^```", README, re.MULTILINE | re.DOTALL)
    ]
    lists = [node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.List)]
    rules = [ast.literal_eval(element) for node in lists for element in node.elts]
    assert rules
    assert all(parse_threshold(rule) for rule in rules)
