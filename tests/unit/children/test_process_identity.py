"""A process is known by its number and its start time."""

import os
from pathlib import Path

import pytest

from aqp_perf.children.process_identity import process_identity


def written(proc: Path, stat: str) -> Path:
    (proc / "7").mkdir()
    (proc / "7" / "stat").write_text(stat)
    return proc


def test_a_name_with_spaces_and_brackets_moves_no_field(tmp_path: Path) -> None:
    fields = " ".join(map(str, range(3, 53)))
    assert process_identity(7, written(tmp_path, f"7 (a) b (c) {fields}")) == "7:22"


@pytest.mark.parametrize("stat", ["", "7 (a) S 1 2", "7 (a) " + "x " * 40])
def test_what_is_no_stat_file_identifies_nothing(stat: str, tmp_path: Path) -> None:
    assert process_identity(7, written(tmp_path, stat)) is None


def test_a_process_that_is_not_there_has_no_identity(tmp_path: Path) -> None:
    assert process_identity(7, tmp_path) is None


def test_this_process_has_one() -> None:
    identity = process_identity(os.getpid())
    assert identity is not None
    assert identity.startswith(f"{os.getpid()}:")
