"""Locustfiles as Locust's ``-f`` takes them: files, folders, several of them."""

import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from aqp_perf.errors import InvalidOption

_OPTION = "locustfile"
_HINT = "give a file, a folder, or several of them"


def parse_locustfiles(given: object) -> tuple[Path, ...]:
    """Return the paths in a text, with commas between them, or in a list.

    Raises:
        InvalidOption: there is none, or one is a URL or no path.
    """
    files = [given] if isinstance(given, str | Path) else given
    if not isinstance(files, Sequence) or not all(isinstance(each, str | Path) for each in files):
        raise InvalidOption(_OPTION, given, _HINT)
    texts = map(str, files)
    parts = [part.strip() for text in texts for part in text.split(",")]
    for part in parts:
        if part.startswith(("http:/", "https:/")):
            raise InvalidOption(_OPTION, part, "it is a URL: download it, and give the file")
    if not parts or not all(parts):
        raise InvalidOption(_OPTION, given, _HINT)
    return tuple(map(Path, parts))


def locustfiles_in(paths: Iterable[Path]) -> list[Path]:
    """Return the files that Locust imports, those of a folder and of all folders below it, too.

    Raises:
        InvalidOption: one is missing, or Locust would not take it.
    """
    by_module: dict[str, Path] = {}
    for path in paths:
        for file in _files(path):
            other = by_module.get(file.stem)
            if other is not None:
                # The second takes the place of the first, and of two user classes of one name
                # Locust leaves one out without a word.
                hint = f"Locust imports it as module {file.stem!r}, and {other}, too: rename one"
                raise InvalidOption(_OPTION, str(file), hint)
            by_module[file.stem] = file
    return list(by_module.values())


def _files(path: Path) -> Iterator[Path]:
    try:
        is_there = path.exists()
    except OSError as error:  # a name that is too long
        raise InvalidOption(_OPTION, str(path), str(error.strerror)) from error
    if not is_there:
        folder = "" if path.is_absolute() else f" in {Path.cwd()}"
        raise InvalidOption(_OPTION, str(path), f"there is no such file{folder}")
    if not path.is_dir():
        if path.suffix != ".py":
            raise InvalidOption(_OPTION, str(path), "Locust takes files that end with .py")
        if not path.is_file():  # Locust would wait for what comes out of a pipe
            raise InvalidOption(_OPTION, str(path), "it is no regular file")
        yield path
        return
    files = [
        Path(folder, name)
        for folder, _, names in os.walk(path)
        for name in names
        if name.endswith(".py") and not name.startswith("_")
    ]
    if not files:
        raise InvalidOption(_OPTION, str(path), "there is no locustfile in this folder")
    yield from files
