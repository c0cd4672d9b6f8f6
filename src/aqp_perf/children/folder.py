"""Temporary folders; one whose owner was killed is removed when the next one is made."""

import fcntl
import os
import shutil
import tempfile
from pathlib import Path
from typing import Self

_PREFIX = "aqp-perf-"
_OWNER = ".owner"
"""A file that the owner keeps locked; the kernel unlocks it when the owner ends in any way."""


class TemporaryFolder:
    """A new temporary folder; making one removes those of this user whose owner is gone."""

    def __init__(self) -> None:
        parent = Path(tempfile.gettempdir())
        _remove_abandoned(parent)
        self.path = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=parent))
        draft = self.path / f"{_OWNER}.draft"
        self._owner = draft.open("wb")
        fcntl.flock(self._owner, fcntl.LOCK_EX)
        draft.rename(self.path / _OWNER)  # locked before it can be found

    def close(self) -> None:
        """Remove the folder; safe to repeat."""
        shutil.rmtree(self.path, ignore_errors=True)
        self._owner.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _remove_abandoned(parent: Path) -> None:
    for folder in parent.glob(f"{_PREFIX}*"):
        try:
            if folder.lstat().st_uid != os.getuid() or folder.is_symlink():
                continue
            with (folder / _OWNER).open("rb") as owner:
                fcntl.flock(owner, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(folder, ignore_errors=True)
        except OSError:
            continue  # its owner lives, or is another program; or it is gone already
