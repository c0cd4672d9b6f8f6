"""How the text that names a history is read; nothing is opened or made."""

from pathlib import Path
from typing import Final

from perf.errors import InvalidOption
from perf.history.store import BucketStore, FolderStore, HistoryStore

OPTION: Final = "--perf-history"
_S3: Final = "s3://"


def open_store(text: str) -> HistoryStore:
    """Return the place that a text names: a folder or ``s3://bucket/prefix``.

    Raises:
        InvalidOption: it can be no such place.
        TargetError: boto3 cannot be configured for it.
    """
    if text.startswith(_S3):
        # boto3 takes a tenth of a second to import: only a history in S3 waits for it.
        from perf.targets.object_store import ObjectStore  # noqa: PLC0415

        try:
            return BucketStore(ObjectStore(text))
        except ValueError as error:
            raise InvalidOption(OPTION, text, str(error)) from error
    path = Path(text).absolute()
    if path.exists() and not path.is_dir():
        raise InvalidOption(OPTION, text, "it is a file: give a folder for result files")
    return FolderStore(path)
