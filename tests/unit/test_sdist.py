"""The source distribution has the files that its Makefile needs and its documents link to."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from hatchling.builders.sdist import SdistBuilder

ROOT = Path(__file__).parents[2]
DOCUMENTS = (
    *ROOT.glob("*.md"),
    *ROOT.glob("docs/**/*.md"),
    *ROOT.glob("deploy/**/*.md"),
    ROOT / "benchmarks" / "README.md",
)


@pytest.fixture(scope="module")
def files() -> set[Path]:
    """Return the files of the source distribution and their folders."""
    builder = SdistBuilder(str(ROOT))
    paths = {ROOT / each.distribution_path for each in builder.recurse_included_files()}
    return {*paths, *(parent for path in paths for parent in path.parents)}


def linked() -> Iterator[Path]:
    for document in DOCUMENTS:
        for link in re.findall(r"\]\((?!http)([^)#]+)", document.read_text(encoding="utf-8")):
            yield (document.parent / link).resolve()


def test_linked_files_are_included(files: set[Path]) -> None:
    assert set(linked()) - files == set()


def test_prerequisites_of_the_environment_are_included(files: set[Path]) -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    (found,) = re.findall(r"^\$\(STAMP\): (.+)$", makefile, flags=re.MULTILINE)
    needed = {*found.split()} - {"pyproject.toml"}  # which every source distribution has
    assert needed
    assert {ROOT / each for each in needed} <= files


@pytest.mark.parametrize("name", [".ci/run", ".pre-commit-config.yaml", ".github/dependabot.yml"])
def test_files_of_contributors_and_ci_are_included(files: set[Path], name: str) -> None:
    assert ROOT / name in files
