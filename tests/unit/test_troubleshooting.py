"""Every reason for INVALID, and every note, has a row on the page about troubleshooting."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "troubleshooting.md").read_text("utf-8")
SOURCES = (
    "core/verdict/validity.py",
    "core/verdict/verdicts.py",
    "loadgen/measure/soundness.py",
    "loadgen/measure/locust_workers.py",
    "loadgen/measure/measurement.py",
    "loadgen/measure/process_errors.py",
)
SHORTEST = 9
"""Words between two values that are shorter say nothing by themselves."""


def reasons() -> Iterator[str]:
    """Yield the texts of all functions that find reasons, with ``…`` for values."""
    for source in SOURCES:
        tree = ast.parse((ROOT / "src" / "aqp_perf" / source).read_text("utf-8"))
        for function in ast.walk(tree):
            if not isinstance(function, ast.FunctionDef):
                continue
            if re.search(r"_reasons?$|^impairments$", function.name):
                for node in ast.walk(function):
                    if isinstance(node, (ast.Yield, ast.Return)) and node.value is not None:
                        yield from _texts(node.value)


def _texts(value: ast.expr) -> Iterator[str]:
    if isinstance(value, ast.Constant) and isinstance(value.value, str):
        yield value.value
    elif isinstance(value, ast.JoinedStr):
        parts = (it.value if isinstance(it, ast.Constant) else "…" for it in value.values)
        yield "".join(map(str, parts))


def rows() -> list[str]:
    """Return the first cells of the tables about INVALID and notes."""
    section = PAGE.partition("## INVALID\n")[2].partition("## NO DATA\n")[0]
    return [line.split("|")[1].strip() for line in section.splitlines() if line.startswith("| ")]


def words(text: str) -> list[str]:
    """Return the parts of a text that say something, without values."""
    parts = (part.strip(" :,()") for part in re.split("[…;]", text))
    return [part for part in parts if len(part) >= SHORTEST]


@pytest.mark.parametrize("reason", sorted(filter(words, set(reasons()))))
def test_a_reason_has_a_row(reason: str) -> None:
    assert any(part in reason for row in rows() for part in words(row)), reason
