"""Files by name, in a folder or below a prefix in S3: where baselines and histories are kept."""

import re
from dataclasses import dataclass
from os.path import exists, isdir, isfile
from pathlib import Path
from typing import Final, Protocol

from aqp_perf.errors import TargetError
from aqp_perf.files import check_takes_file, read_file, write_new, write_whole
from aqp_perf.stores.s3_url import S3_SCHEME, parse_s3_url

STORE_ERRORS: Final = (OSError, TargetError)
"""What says that a store cannot be read or written."""
_URL: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:/")
"""How a URL begins, with one slash too few even."""


class FileStore(Protocol):
    """Small files by name; every method raises one of `STORE_ERRORS`."""

    def names(self) -> list[str]:
        """Return the names of all files, sorted."""

    def read(self, name: str, most_bytes: int) -> bytes | None:
        """Return what a file holds, at most so many bytes of it; None: there is none."""

    def write(self, name: str, text: str) -> None:
        """Write a file, whole or not at all, in place of one that is there."""

    def add(self, name: str, text: str) -> None:
        """Write a new file, whole or not at all.

        Raises:
            FileExistsError: another is there already, and is as it was.
        """

    def check_writable(self, name: str) -> None:
        """Raise what keeps a file of this name from being written, and write nothing."""


@dataclass(frozen=True, slots=True)
class FolderStore:
    """Files in a folder, which the first one makes."""

    folder: Path

    def names(self) -> list[str]:
        """See `FileStore`."""
        if not self.folder.exists():
            return []
        # A link into a folder that may not be looked into is an error to `Path.is_file`.
        files = (each for each in self.folder.iterdir() if isfile(each))  # noqa: PTH113 - as said
        return sorted(each.name for each in files if not each.name.startswith("."))  # no drafts

    def read(self, name: str, most_bytes: int) -> bytes | None:
        """See `FileStore`."""
        return read_file(self.folder / name, most_bytes)

    def write(self, name: str, text: str) -> None:
        """See `FileStore`."""
        write_whole(self.folder / name, text)

    def add(self, name: str, text: str) -> None:
        """See `FileStore`."""
        write_new(self.folder / name, text)

    def check_writable(self, name: str) -> None:
        """See `FileStore`; a folder that is not there yet can be made."""
        if (self.folder / name).is_dir():
            raise IsADirectoryError(f"{self.folder / name} is a folder")
        check_takes_file(self.folder / name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where files are, and how they are reached.

    Args:
        text: a folder, or ``s3://bucket/prefix``; see `parse_place`.
        region: AWS region of a bucket; None: boto3's own.
        profile: AWS profile to reach a bucket with; None: boto3's own.
    """

    text: str
    region: str | None = None
    profile: str | None = None

    def __str__(self) -> str:
        """Return the place as it was named."""
        return self.text

    def open(self, root: Path) -> FileStore:
        """Return what is there; nothing is made yet.

        Args:
            root: the folder that a relative path begins at; absolute.

        Raises:
            TargetError: boto3 cannot be configured for the bucket.
        """
        folder = self.folder(root)
        if folder is None:
            from aqp_perf.stores.object_store import ObjectStore  # noqa: PLC0415 - boto3 is slow

            return ObjectStore(self.text, region=self.region, profile=self.profile)
        return FolderStore(folder)

    def folder(self, root: Path) -> Path | None:
        """Return the folder that this is, None for one in S3; ``root`` as above."""
        return None if self.text.startswith(S3_SCHEME) else root / self.text


def parse_place(text: str) -> str:
    """Return the text of a `Place`.

    Raises:
        ValueError: it can be none; the message says what would be right.
    """
    if text.startswith(S3_SCHEME):
        parse_s3_url(text)
    elif not text.strip():
        raise ValueError("it is empty: give a folder, or s3://bucket/prefix")
    elif _URL.match(text):
        raise ValueError("it looks like a URL, and only s3://bucket/prefix is known")
    # Unlike those of `Path`, these take what cannot be looked at for what is not there.
    elif exists(text) and not isdir(text):  # noqa: PTH110, PTH112
        raise ValueError("it is a file: give a folder, or s3://bucket/prefix")
    return text
