"""How the text that names a history is read, and the place that it names."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from perf.history.store import BucketStore, FolderStore, HistoryStore
from perf.targets.s3_url import S3_SCHEME, parse_s3_url

OPTION: Final = "--perf-history"


def parse_place(text: str) -> str:
    """Return the place of a history: a folder's whole path, or ``s3://bucket/prefix``.

    Raises:
        ValueError: it can be no such place.
    """
    if text.startswith(S3_SCHEME):
        parse_s3_url(text)
        return text
    path = Path(text).absolute()
    if path.exists() and not path.is_dir():
        raise ValueError("it is a file: give a folder for result files, or s3://bucket/prefix")
    return str(path)


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryPlace:
    """Where a history is, and how it is reached.

    Args:
        place: as `parse_place` returns it.
        region: AWS region of a bucket; None: boto3's own.
        profile: AWS profile to reach a bucket with; None: boto3's own.
    """

    place: str
    region: str | None = None
    profile: str | None = None

    def __str__(self) -> str:
        """Return the place."""
        return self.place

    def open(self) -> HistoryStore:
        """Return what is there; nothing is made yet.

        Raises:
            TargetError: boto3 cannot be configured for it.
        """
        if not self.place.startswith(S3_SCHEME):
            return FolderStore(Path(self.place))
        # boto3 takes a tenth of a second to import: only a history in S3 waits for it.
        from perf.targets.object_store import ObjectStore  # noqa: PLC0415

        return BucketStore(ObjectStore(self.place, region=self.region, profile=self.profile))
