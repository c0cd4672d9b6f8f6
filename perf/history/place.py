"""How the text that names a history is read, and the place that it names."""

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


def open_store(place: str) -> HistoryStore:
    """Return the history at a place; nothing is made yet.

    Raises:
        TargetError: boto3 cannot be configured for it.
    """
    if not place.startswith(S3_SCHEME):
        return FolderStore(Path(place))
    # boto3 takes a tenth of a second to import: only a history in S3 waits for it.
    from perf.targets.object_store import ObjectStore  # noqa: PLC0415

    return BucketStore(ObjectStore(place))
