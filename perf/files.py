"""Files that whoever looks finds whole: the old one or the new one, nothing in between."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryFile
from threading import get_ident


def check_takes_files(folder: Path) -> None:
    """Raise OSError when no file can be written into a folder, which need not be there yet."""
    there = next(each for each in (folder, *folder.parents) if each.exists())
    with TemporaryFile(dir=there):
        pass


def read_file(path: Path, most_bytes: int) -> bytes | None:
    """Return what a file holds, at most so many bytes of it; None: there is none.

    Raises:
        OSError: it cannot be read, or is no regular file, which might have no end.
    """
    if path.exists() and not path.is_file():
        raise OSError(f"{path} is no file")
    try:
        with path.open("rb") as file:
            return file.read(most_bytes)
    except FileNotFoundError:
        return None


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
    with _draft(path, text) as draft:
        draft.replace(path)


def write_new(path: Path, text: str) -> None:
    """Write a file in one step where there is none, and make the folders on the way.

    Raises:
        FileExistsError: there is one already, and it is as it was.
        OSError: the folder or the file cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with _draft(path, text) as draft:
        path.hardlink_to(draft)  # unlike a rename, it replaces nothing


@contextmanager
def _draft(path: Path, text: str) -> Iterator[Path]:
    """Yield a file with this text beside ``path``: a rename is atomic within one file system."""
    draft = path.with_name(f".{path.name}.{os.getpid()}.{get_ident()}.tmp")
    try:
        draft.write_text(text, encoding="utf-8")
        yield draft
    finally:
        draft.unlink(missing_ok=True)
