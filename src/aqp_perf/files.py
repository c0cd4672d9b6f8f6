"""Atomic writes: readers see the old file or the new one, never a partial one."""

import errno
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from secrets import token_hex


def check_takes_file(path: Path) -> None:
    """Find out, by all but writing it, whether `write_whole` could write a file.

    Raises:
        OSError: it could not: a name is too long, links lead round in a circle, or a folder takes
            no files.
    """
    if _is_special(path):
        return  # of a pipe or a device only writing tells
    for each in path.parents:
        if each.is_symlink() and not each.exists():
            raise FileNotFoundError(errno.ENOENT, "it is a link to nowhere", str(each))
    path = path.resolve()
    there = next(each for each in path.parents if each.exists())
    for name in path.relative_to(there).parts:
        _is_special(there / name)  # raises when the name is too long
    with _draft(there / path.name, ""):
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
    if _is_special(path):
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
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except FileExistsError as error:  # it says nothing of the file itself
        raise NotADirectoryError(errno.ENOTDIR, "it is no folder", str(path.parent)) from error
    with _draft(path, text) as draft:
        try:
            path.hardlink_to(draft)  # unlike a rename, it replaces nothing
        except FileExistsError as error:  # it names the draft
            raise FileExistsError(errno.EEXIST, "it is there already", str(path)) from error


def _is_special(path: Path) -> bool:
    """Return whether something is there that is no regular file.

    Raises:
        OSError: it cannot be known, as of links that lead round in a circle.
    """
    try:
        return not stat.S_ISREG(path.stat().st_mode)
    except FileNotFoundError:
        return False


@contextmanager
def _draft(path: Path, text: str) -> Iterator[Path]:
    """Yield a file with this text beside ``path``: a rename is atomic within one file system.

    Its name has nothing of the other's, which may be as long as a name can be.
    """
    draft = path.with_name(f".{token_hex(8)}.tmp")
    try:
        draft.write_text(text, encoding="utf-8")
        yield draft
    finally:
        draft.unlink(missing_ok=True)
