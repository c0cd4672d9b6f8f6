"""The code of README and docs runs as it is printed, with a load of four seconds.

A Python block whose first line is a comment with a file name, such as ``# test_shop.py``, is that
file. Files belong together up to the test module that uses them. Blocks without a name, which only
docs have, are fragments: they must parse.
"""

import ast
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.doubles.scripted_server import ScriptedServer, answer

ROOT = Path(__file__).parents[2]
README = ROOT / "README.md"
PAGES = [README, *sorted((ROOT / "docs").glob("*.md"))]
SHORT = ["--perf-run-time=4s", "--perf-warmup=0", "--perf-users=20"]
SHORT += ["--perf-spawn-rate=100", "--perf-pacing=300/s"]
"""Enough requests for a failure ratio of 0.1%."""
OWN_SERVICE = "http://127.0.0.1:9000"


def python_blocks(page: Path) -> list[str]:
    text = page.read_text(encoding="utf-8")
    return re.findall(r"^```python\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


def name_of(block: str) -> str | None:
    found = re.match(r"# (\w+)\.py\n", block)
    return found and found[1]


def projects() -> Iterator[object]:
    """Yield the named blocks, by name, that belong to each test module."""
    for page in PAGES:
        files: dict[str, str] = {}
        for block in python_blocks(page):
            if name := name_of(block):
                files[name] = block
                if name.startswith("test_"):
                    yield pytest.param(files, id=f"{page.name}-{name}")
                    files = {}


@pytest.mark.parametrize("files", list(projects()))
def test_code_runs(
    files: dict[str, str],
    new_project: Callable[..., Path],
    run_pytest: Callable[..., pytest.RunResult],
) -> None:
    """Limits on latency are raised: they are for a machine that does nothing else."""
    with ScriptedServer(answer()) as service:
        own = {name: code.replace(OWN_SERVICE, service.url) for name, code in files.items()}
        is_own = own != files
        target = ["--perf-target=none"] if is_own else []
        own = {name: re.sub(r"< \d+ ms", "< 100 s", code) for name, code in own.items()}
        result = run_pytest(new_project(**own), *SHORT, *target, names_target=not is_own)

        result.assert_outcomes(passed=1)
        assert bool(service.requests) == is_own


def test_code_of_readme_has_file_names() -> None:
    names = [name_of(block) for block in python_blocks(README)]
    assert names
    assert all(names)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_code_parses(page: Path) -> None:
    for block in python_blocks(page):
        ast.parse(block)
