"""Files by name, in a folder or below a prefix in S3: where baselines and histories are kept."""

import re
from dataclasses import dataclass
from os.path import exists, isdir, isfile
from pathlib import Path
from typing import Final, Protocol

from aqp_perf.errors import TargetError
from aqp_perf.extras import Extra, require
from aqp_perf.files import check_takes_file, read_file, write_new, write_whole

STORE_ERRORS: Final = (OSError, TargetError)
"""What the methods of a store raise when it cannot be read or written."""
_S3_SCHEME: Final = "s3://"
_URL: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:/")
"""The beginning of a URL; one slash is enough, so that ``s3:/bucket`` is not taken for a folder."""


class FileStore(Protocol):
    """Small files by name; every method raises one of `STORE_ERRORS`."""

    def names(self) -> list[str]:
        """Return the names of all files, sorted."""

    def read(self, name: str, most_bytes: int) -> bytes | None:
        """Return the first ``most_bytes`` of a file; None: there is no such file."""

    def write(self, name: str, text: str) -> None:
        """Write or replace a file; readers never see a part of it."""

    def add(self, name: str, text: str) -> None:
        """Create a file; readers never see a part of it.

        Raises:
            FileExistsError: it exists; it is unchanged.
        """

    def check_writable(self, name: str) -> None:
        """Raise the error that would keep a file from being written; nothing is written."""


@dataclass(frozen=True, slots=True)
class FolderStore:
    """A `FileStore` in a folder, which the first file creates."""

    folder: Path

    def names(self) -> list[str]:
        """Return the names of all files, sorted; drafts begin with a dot and are left out."""
        if not self.folder.exists():
            return []
        # `Path.is_file` raises for a link into a folder that is not accessible.
        files = (path for path in self.folder.iterdir() if isfile(path))  # noqa: PTH113 - as said
        return sorted(path.name for path in files if not path.name.startswith("."))

    def read(self, name: str, most_bytes: int) -> bytes | None:
        """Return the first ``most_bytes`` of a file; None: there is no such file."""
        return read_file(self.folder / name, most_bytes)

    def write(self, name: str, text: str) -> None:
        """Write or replace a file."""
        write_whole(self.folder / name, text)

    def add(self, name: str, text: str) -> None:
        """Create a file."""
        write_new(self.folder / name, text)

    def check_writable(self, name: str) -> None:
        """Raise the error that would keep a file from being written."""
        if (self.folder / name).is_dir():
            raise IsADirectoryError(f"{self.folder / name} is a folder")
        check_takes_file(self.folder / name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a store is, and how to reach it.

    Args:
        text: a folder, or ``s3://bucket/prefix``; see `parse_place`.
        region: AWS region of a bucket; None: boto3's own.
        profile: AWS profile to reach a bucket with; None: boto3's own.
    """

    text: str
    region: str | None = None
    profile: str | None = None

    def __str__(self) -> str:
        """Return the place as the user wrote it."""
        return self.text

    def open(self, root: Path) -> FileStore:
        """Return the store; nothing is created yet.

        Args:
            root: the folder that a relative path begins at; absolute.

        Raises:
            TargetError: boto3 cannot be configured for the bucket.
        """
        folder = self.folder(root)
        if folder is not None:
            return FolderStore(folder)
        from aqp_perf.stores.object_store import ObjectStore  # noqa: PLC0415 - boto3 is slow

        return ObjectStore(self.text, region=self.region, profile=self.profile)

    def folder(self, root: Path) -> Path | None:
        """Return the folder, None for a place in S3; ``root`` as in `open`."""
        return None if self.text.startswith(_S3_SCHEME) else root / self.text


def parse_place(text: str) -> str:
    """Return the text of a `Place`.

    Raises:
        ValueError: it is not valid; the message says what would be.
        ExtraMissing: it is in S3, and boto3 is not installed.
    """
    if text.startswith(_S3_SCHEME):
        parse_s3_url(text)
        require(Extra.AWS, text)
    elif not text.strip():
        raise ValueError("it is empty: give a folder, or s3://bucket/prefix")
    elif _URL.match(text):
        raise ValueError("it looks like a URL, and only s3://bucket/prefix is known")
    # Unlike those of `Path`, these do not raise for a path that is not accessible.
    elif exists(text) and not isdir(text):  # noqa: PTH110, PTH112
        raise ValueError("it is a file: give a folder, or s3://bucket/prefix")
    return text


def parse_s3_url(url: str) -> tuple[str, str]:
    """Return bucket and prefix of ``s3://bucket/prefix``; a prefix ends in ``/``.

    Raises:
        ValueError: there is no bucket.
    """
    bucket, _, prefix = url.removeprefix(_S3_SCHEME).partition("/")
    if not url.startswith(_S3_SCHEME) or not bucket:
        raise ValueError("write it like 's3://bucket/prefix'")
    prefix = prefix.strip("/")
    return bucket, f"{prefix}/" if prefix else ""
