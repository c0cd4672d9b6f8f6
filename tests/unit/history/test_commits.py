"""Commits between two sessions, as git of the checkout knows them."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from aqp_perf.history.commits import commit_in, commits_in


@pytest.fixture
def commit(tmp_path: Path) -> Callable[[], str]:
    """Make a commit in a new repository and return its name."""

    def git(*arguments: str) -> str:
        own = ["-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false"]
        done = subprocess.run(
            ["git", *own, *arguments],  # noqa: S607 - whichever git there is
            cwd=tmp_path,
            check=True,
            capture_output=True,
            text=True,
        )
        return done.stdout.strip()

    def make() -> str:
        git("commit", "--quiet", "--allow-empty", "-m", "one more")
        return git("rev-parse", "HEAD")

    git("init", "--quiet")
    return make


def test_commits_between_two_are_counted_with_the_newer(
    tmp_path: Path, commit: Callable[[], str]
) -> None:
    commits = [commit() for _ in range(4)]
    count = commits_in(tmp_path)

    assert count(commits[0], commits[3]) == 3
    assert count(commits[1], commits[1]) == 0


def test_commit_that_is_nowhere_has_no_count(tmp_path: Path, commit: Callable[[], str]) -> None:
    newest = commit()
    count = commits_in(tmp_path)

    assert count("0" * 40, newest) is None
    assert count("--output=/tmp/x", newest) is None
    (tmp_path / "file").write_text("")
    for no_folder in ("nowhere", "file"):
        assert commits_in(tmp_path / no_folder)(newest, newest) is None


def test_commit_is_the_one_that_is_checked_out(tmp_path: Path, commit: Callable[[], str]) -> None:
    assert commit_in(tmp_path) == "", "it has none yet"
    assert commit() == commit_in(tmp_path)


def test_folder_without_git_has_no_commit(tmp_path: Path) -> None:
    """A test may even have removed it, and what it measured is to be reported."""
    (tmp_path / "file").touch()

    assert [commit_in(path) for path in (tmp_path, tmp_path / "gone", tmp_path / "file")] == [
        ""
    ] * 3
