"""Atomic writes: readers see the old file or the new one, never a partial one."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from secrets import token_hex
from stat import S_ISREG


def check_takes_file(path: Path) -> None:
    """Raise the error that would keep `write_whole` from writing a file, and leave nothing behind.

    Raises:
        OSError: its name is too long, links form a circle, or its folder takes no files.
    """
    if _is_special(path):
        return  # whether a pipe or a device can be written to, only writing tells
    path = path.resolve()
    folder = next(parent for parent in path.parents if parent.exists())
    for name in path.relative_to(folder).parts:  # below a missing folder, the kernel reads no name
        with suppress(FileNotFoundError):
            (folder / name).lstat()
    try:
        with _draft(folder / path.name, ""):
            pass
    except OSError as error:  # it names the draft
        raise OSError(error.errno, error.strerror, str(folder)) from error


def read_file(path: Path, most_bytes: int) -> bytes | None:
    """Return the first ``most_bytes`` of a file; None: there is no such file.

    Raises:
        OSError: it cannot be read, or is no regular file, which might have no end.
    """
    if _is_special(path):
        raise OSError(f"{path} is not a regular file")
    try:
        with path.open("rb") as file:
            return file.read(most_bytes)
    except FileNotFoundError:
        return None


def write_whole(path: Path, text: str) -> None:
    """Write or replace a file in one step; missing folders are created.

    A link stays, and the file it points to is replaced. Pipes and devices, such as ``/dev/stdout``,
    are written to directly.

    Raises:
        OSError: the folder or the file cannot be written; an existing file is unchanged.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    if _is_special(path):
        path.write_text(text, encoding="utf-8")
        return
    path = path.resolve()
    with _draft(path, text) as draft:
        draft.replace(path)


def write_new(path: Path, text: str) -> None:
    """Create a file in one step; missing folders are created.

    Raises:
        FileExistsError: it exists; it is unchanged.
        OSError: the folder or the file cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except FileExistsError as error:  # about the folder, not about the file
        raise NotADirectoryError(errno.ENOTDIR, "not a folder", str(path.parent)) from error
    with _draft(path, text) as draft:
        try:
            path.hardlink_to(draft)  # unlike a rename, it replaces nothing
        except FileExistsError as error:  # it names the draft
            raise FileExistsError(errno.EEXIST, "it exists already", str(path)) from error


def _is_special(path: Path) -> bool:
    """Return whether something exists at ``path`` that is not a regular file.

    Raises:
        OSError: it cannot be known, because links form a circle or a name is too long.
    """
    try:
        return not S_ISREG(path.stat().st_mode)
    except FileNotFoundError:
        return False


@contextmanager
def _draft(path: Path, text: str) -> Iterator[Path]:
    """Yield a file with this text beside ``path``: a rename is atomic within one file system.

    Its name is not derived from the other's, which may be as long as a name can be.
    """
    draft = path.with_name(f".{token_hex(8)}.tmp")
    try:
        draft.write_text(text, encoding="utf-8")
        yield draft
    finally:
        draft.unlink(missing_ok=True)
