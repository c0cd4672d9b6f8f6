"""The commit that results are kept under."""

import subprocess
from pathlib import Path

from aqp_perf.plugin.results.collector import _commit


def git(folder: Path, *args: str) -> str:
    own = ("-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "commit.gpgsign=false")
    done = subprocess.run(
        ["git", *own, *args],  # noqa: S607 - whichever git the machine has
        cwd=folder,
        check=True,
        capture_output=True,
        text=True,
    )
    return done.stdout.strip()


def test_a_repository_without_a_commit_has_none(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")

    assert _commit(tmp_path) == ""

    git(tmp_path, "commit", "-q", "--allow-empty", "-m", "first")
    assert _commit(tmp_path) == git(tmp_path, "rev-parse", "HEAD")


def test_no_repository_has_no_commit(tmp_path: Path) -> None:
    assert _commit(tmp_path) == ""


def test_a_folder_that_is_gone_has_no_commit(tmp_path: Path) -> None:
    """A test may have removed it, and what it measured is to be reported."""
    (tmp_path / "file").touch()

    assert _commit(tmp_path / "gone") == ""
    assert _commit(tmp_path / "file") == ""
