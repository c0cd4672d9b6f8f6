"""Where baselines are kept, and how they are named and read; whoever wrote them."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

from perf import targets
from perf.core.comparison_rules import ComparisonRule
from perf.core.report import ReportFile
from perf.errors import BaselineUnusable, ResultError, TargetError
from perf.files import check_takes_files, write_whole
from perf.targets.s3_url import S3_SCHEME

DEFAULT_PLACE: Final = ".perf-baselines"
SUFFIX: Final = ".json"
MOST_BYTES: Final = 200_000_000
"""No session has results that large."""

_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}")


@dataclass(frozen=True, slots=True, kw_only=True)
class BaselineSettings:
    """What the session does with baselines."""

    place: str
    """A folder, or ``s3://bucket/prefix``."""
    save: str | None
    """Name to save the results under."""
    compare: str | None
    """Name of a baseline, or path of a result file."""
    rules: tuple[ComparisonRule, ...]
    allowed: frozenset[str]
    """Parts of a fingerprint that may differ."""
    aws_region: str | None
    aws_profile: str | None


class Place(Protocol):
    """Where baselines are, by file name."""

    def names(self) -> list[str]:
        """Return the names of all files."""

    def read(self, name: str, most_bytes: int) -> bytes | None:
        """Return what a file holds, at most so many bytes of it; None: there is none."""

    def write(self, name: str, text: str) -> None:
        """Write a file, whole or not at all, in place of one that is there."""

    def check_writable(self, name: str) -> None:
        """Raise what `write` would, and write nothing."""


@dataclass(frozen=True, slots=True)
class Folder:
    """Baselines in a folder, which the first one makes."""

    path: Path

    def names(self) -> list[str]:
        """See `Place`."""
        return sorted(each.name for each in self.path.glob(f"*{SUFFIX}"))

    def read(self, name: str, most_bytes: int) -> bytes | None:
        """See `Place`."""
        return read_file(self.path / name, most_bytes)

    def write(self, name: str, text: str) -> None:
        """See `Place`."""
        write_whole(self.path / name, text)

    def check_writable(self, name: str) -> None:
        """See `Place`."""
        if (self.path / name).is_dir():
            raise IsADirectoryError(f"{self.path / name} is a folder")
        check_takes_files(self.path)


def open_place(text: str, root: Path, *, region: str | None, profile: str | None) -> Place:
    """Return the place that a text names: a folder or ``s3://bucket/prefix``.

    Args:
        text: the name.
        root: folder that a relative path is of.
        region: AWS region; None: boto3's own.
        profile: AWS profile; None: boto3's own.

    Raises:
        TargetError: the bucket cannot be asked.
    """
    if text.startswith(S3_SCHEME):
        return targets.ObjectStore(text, region=region, profile=profile)
    return Folder(root / text)


def parse_baseline_name(text: str) -> str:
    """Return a name that is a file name everywhere.

    Raises:
        ValueError: it is none; the message says what would be right.
    """
    if not _NAME.fullmatch(text):
        raise ValueError(
            "write up to 100 letters, digits, '_', '.' or '-', a letter or digit first"
        )
    return text


def parse_baseline(text: str) -> str:
    """Return the name of a baseline or the path of a result file; raise as above."""
    return text if is_path(text) else parse_baseline_name(text)


def is_path(text: str) -> bool:
    """Tell whether a baseline is named by the path of its file."""
    return text.endswith(SUFFIX) or "/" in text


@contextmanager
def baseline_errors(name: str) -> Iterator[None]:
    """Raise what reading or writing raises as BaselineUnusable, with the name."""
    try:
        yield
    except (OSError, TargetError) as error:
        raise BaselineUnusable(name, str(error)) from error


def read_file(path: Path, most_bytes: int) -> bytes | None:
    """Return what a file holds, at most so many bytes of it; None: there is none."""
    if path.exists() and not path.is_file():
        raise OSError(f"{path} is no file")
    try:
        with path.open("rb") as file:
            return file.read(most_bytes)
    except FileNotFoundError:
        return None


def parse_baseline_file(name: str, held: bytes) -> ReportFile:
    """Return the report in a file.

    Raises:
        BaselineUnusable: it is too large, no JSON, or of another schema; with the name.
    """
    if len(held) > MOST_BYTES:
        raise BaselineUnusable(name, f"it is larger than {MOST_BYTES:,} bytes: no result file is")
    try:
        return ReportFile.from_json(json.loads(held))
    except ResultError as error:
        raise BaselineUnusable(name, str(error)) from error
    except (ValueError, RecursionError) as error:
        raise BaselineUnusable(name, f"it is no JSON, or cut short: {error}") from error
