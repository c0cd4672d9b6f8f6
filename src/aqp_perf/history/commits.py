"""What git knows: the commit of a session, and how many lie between two sessions."""

import re
import subprocess
from pathlib import Path
from typing import Final

from aqp_perf.core.results.trends import CountCommits

_COMMIT: Final = re.compile(r"[0-9a-f]{7,64}")
"""Checked, so that no text of a file is an option of git."""
_LONGEST_S: Final = 10.0


def commit_in(folder: Path) -> str:
    """Return the commit that is checked out in ``folder``; empty when there is none."""
    return _git(folder, "rev-parse", "--verify", "--quiet", "HEAD") or ""


def commits_in(folder: Path) -> CountCommits:
    """Return a function that counts commits in the git checkout that ``folder`` is in."""

    def count(older: str, newer: str) -> int | None:
        if not (_COMMIT.fullmatch(older) and _COMMIT.fullmatch(newer)):
            return None
        text = _git(folder, "rev-list", "--count", f"{older}..{newer}", "--")
        return None if text is None else int(text)  # None: one is not in the clone

    return count


def _git(folder: Path, *arguments: str) -> str | None:
    """Return what git prints; None: it fails, is missing or takes too long."""
    try:
        done = subprocess.run(
            ["git", *arguments],  # noqa: S607 - whichever git the user has
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
            timeout=_LONGEST_S,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() if done.returncode == 0 else None
