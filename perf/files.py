"""Files that whoever looks finds whole: the old one or the new one, nothing in between."""

import os
from pathlib import Path
from tempfile import TemporaryFile
from threading import get_ident


def check_takes_files(folder: Path) -> None:
    """Raise OSError when no file can be written into a folder, which need not be there yet."""
    there = next(each for each in (folder, *folder.parents) if each.exists())
    with TemporaryFile(dir=there):
        pass


def write_whole(path: Path, text: str) -> None:
    """Write a file in one step, and make the folders on the way.

    A link stays, and what it points to is replaced. What is no regular file, such as
    ``/dev/stdout`` or a pipe, is written to.

    Raises:
        OSError: the folder or the file cannot be written; a file that was there is as it was.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.exists() and not path.is_file():
        path.write_text(text, encoding="utf-8")
        return
    path = path.resolve()
    # Beside the target, since a rename is atomic only within one file system.
    draft = path.with_name(f".{path.name}.{os.getpid()}.{get_ident()}.tmp")
    try:
        draft.write_text(text, encoding="utf-8")
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
