"""Counts the commits between two sessions, with git."""

import re
import subprocess
from pathlib import Path
from typing import Final

from aqp_perf.core.results.trends import CountCommits

_COMMIT: Final = re.compile(r"[0-9a-f]{7,64}")
"""Checked, so that no text of a file is an option of git."""
_LONGEST_S: Final = 10.0


def commits_in(folder: Path) -> CountCommits:
    """Return a function that counts commits in the git checkout that ``folder`` is in."""

    def count(older: str, newer: str) -> int | None:
        if not (_COMMIT.fullmatch(older) and _COMMIT.fullmatch(newer)):
            return None
        try:
            done = subprocess.run(
                ["git", "rev-list", "--count", f"{older}..{newer}", "--"],  # noqa: S607 - whichever git the user has
                cwd=folder,
                capture_output=True,
                text=True,
                check=False,
                timeout=_LONGEST_S,
            )
        except (OSError, subprocess.TimeoutExpired):
            return None
        return int(done.stdout) if done.returncode == 0 else None  # else one is not in the clone

    return count
