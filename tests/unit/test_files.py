"""A file is whole or not there, and whether it can be written is known before there is anything."""

import errno
import os
import select
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from aqp_perf.files import check_takes_file, write_new, write_whole

Write = Callable[[Path, str], None]


@pytest.mark.parametrize("write", [write_whole, write_new])
def test_a_name_may_be_as_long_as_names_can_be(write: Write, tmp_path: Path) -> None:
    path = tmp_path / "new" / ("n" * os.pathconf(tmp_path, "PC_NAME_MAX"))

    check_takes_file(path)
    write(path, "text")

    assert path.read_text() == "text"
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("place", ["{}", "{}/file", "new/{}", "new/{}/file"])
def test_a_name_that_is_too_long_is_known_before_anything_is_made(
    place: str, tmp_path: Path
) -> None:
    path = tmp_path / place.format("n" * (os.pathconf(tmp_path, "PC_NAME_MAX") + 1))

    with pytest.raises(OSError, match="name too long"):
        check_takes_file(path)

    assert list(tmp_path.iterdir()) == []


def test_looking_leaves_the_file_that_is_there(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("old")

    check_takes_file(path)

    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_link_is_checked_where_it_leads(tmp_path: Path) -> None:
    """There the file would be written, and not beside the link."""
    (tmp_path / "taken").touch()
    (tmp_path / "link").symlink_to(tmp_path / "taken" / "file")

    with pytest.raises(NotADirectoryError):
        check_takes_file(tmp_path / "link")


def test_a_folder_that_takes_no_files_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And not the draft that it did not take."""

    def refuse(path: Path, *_: object, **__: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied", str(path))

    monkeypatch.setattr(Path, "write_text", refuse)
    with pytest.raises(PermissionError) as caught:
        check_takes_file(tmp_path / "new" / "file")

    assert caught.value.filename == str(tmp_path)


def test_a_pipe_is_accepted_in_a_folder_that_takes_no_files() -> None:
    """As the standard output of a session, whose folder is one of the kernel."""
    read, write = os.pipe()

    check_takes_file(Path(f"/dev/fd/{write}"))

    os.close(read)
    os.close(write)


@pytest.mark.parametrize(
    ("write", "place"),
    [
        (check_takes_file, "loop"),
        (check_takes_file, "loop/file"),
        (lambda path: write_whole(path, "text"), "loop"),
    ],
)
def test_links_that_form_a_circle_take_no_file(
    write: Callable[[Path], None], place: str, tmp_path: Path
) -> None:
    (tmp_path / "loop").symlink_to(tmp_path / "loop")

    with pytest.raises(OSError, match="Too many levels of symbolic links"):
        write(tmp_path / place)


def test_a_pipe_passes_more_than_its_buffer_to_a_slow_reader(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    text = "text" * 100_000
    writing = threading.Thread(target=write_whole, args=(pipe, text), daemon=True)
    with os.fdopen(os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)) as reader:
        writing.start()
        assert select.select([reader], [], [], 20)[0]  # the first of it is there
        os.set_blocking(reader.fileno(), True)

        assert reader.read() == text

    writing.join()


def test_a_file_that_is_there_is_named_and_its_draft_is_not(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("old")

    with pytest.raises(FileExistsError) as caught:
        write_new(path, "new")

    assert str(caught.value) == f"[Errno 17] it exists already: '{path}'"
    assert (path.read_text(), list(tmp_path.iterdir())) == ("old", [path])


def test_a_file_in_place_of_the_folder_is_not_taken_for_the_file(tmp_path: Path) -> None:
    (tmp_path / "folder").touch()

    with pytest.raises(NotADirectoryError, match="not a folder"):
        write_new(tmp_path / "folder" / "file", "new")


def test_an_old_file_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("old")

    write_whole(tmp_path / "file", "new")

    assert (tmp_path / "file").read_text() == "new"
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_a_failed_replacement_leaves_no_draft(tmp_path: Path) -> None:
    (tmp_path / "file").mkdir()

    with pytest.raises(IsADirectoryError):
        write_whole(tmp_path / "file", "new")

    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_a_link_stays_and_its_file_is_written(tmp_path: Path) -> None:
    (tmp_path / "real").write_text("old")
    (tmp_path / "link").symlink_to("real")

    write_whole(tmp_path / "link", "new")

    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_text() == "new"
