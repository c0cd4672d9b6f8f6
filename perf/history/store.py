"""Where a history is: result files, one per session, written once and never changed."""

import errno
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

from perf.errors import TargetError
from perf.files import check_takes_files

if TYPE_CHECKING:
    from perf.targets.object_store import ObjectStore


STORE_ERRORS: Final = (OSError, TargetError)
"""What says that a place cannot be read or written."""

_MOST_BYTES: Final = 64 << 20
"""Of one result file; that of a long night has a few hundred kilobytes."""


class HistoryStore(Protocol):
    """A place for result files; every method raises one of `STORE_ERRORS`."""

    def check(self) -> None:
        """Raise an error when it takes no files."""

    def names(self) -> list[str]:
        """Return the names of all files, in no order."""

    def read(self, name: str) -> bytes:
        """Return what a file holds, at most so much that no result file is cut."""

    def add(self, name: str, text: str) -> None:
        """Write a new file, whole or not at all.

        Raises:
            FileExistsError: it is there already, and is as it was.
        """


@dataclass(frozen=True, slots=True)
class FolderStore:
    """A history in a folder, which the first file makes."""

    folder: Path

    def check(self) -> None:
        """See `HistoryStore`; a folder that is not there yet can be made."""
        check_takes_files(self.folder)

    def names(self) -> list[str]:
        """See `HistoryStore`."""
        return list(self._names()) if self.folder.exists() else []

    def read(self, name: str) -> bytes:
        """See `HistoryStore`."""
        with (self.folder / name).open("rb") as file:
            return file.read(_MOST_BYTES)

    def add(self, name: str, text: str) -> None:
        """See `HistoryStore`."""
        self.folder.mkdir(parents=True, exist_ok=True)
        draft = self.folder / f".{name}.{os.getpid()}.tmp"
        try:
            draft.write_text(text, encoding="utf-8")
            (self.folder / name).hardlink_to(draft)  # unlike a rename, it replaces nothing
        finally:
            draft.unlink(missing_ok=True)

    def _names(self) -> Iterator[str]:
        for each in self.folder.iterdir():
            if each.is_file() and not each.name.startswith("."):  # a draft is somebody's yet
                yield each.name


@dataclass(frozen=True, slots=True)
class BucketStore:
    """A history in a bucket of S3."""

    objects: "ObjectStore"

    def check(self) -> None:
        """See `HistoryStore`."""
        self.objects.check_writable("permission-check")

    def names(self) -> list[str]:
        """See `HistoryStore`."""
        return self.objects.names()

    def read(self, name: str) -> bytes:
        """See `HistoryStore`."""
        held = self.objects.read(name, _MOST_BYTES)
        if held is None:
            raise FileNotFoundError(errno.ENOENT, "it is gone", name)
        return held

    def add(self, name: str, text: str) -> None:
        """See `HistoryStore`."""
        if self.objects.read(name, 1) is not None:
            raise FileExistsError(errno.EEXIST, "it is there already", name)
        self.objects.write(name, text)
