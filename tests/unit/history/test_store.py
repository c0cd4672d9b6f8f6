"""A history keeps what it has, and takes no half files."""

from pathlib import Path

import pytest

from perf.history.store import FolderStore


def test_folder_is_made_by_its_first_file(tmp_path: Path) -> None:
    store = FolderStore(tmp_path / "new" / "history")
    store.check()

    assert store.names() == []
    assert list(tmp_path.iterdir()) == [], "looking makes nothing"

    store.add("a.json", "{}")

    assert (store.names(), store.read("a.json")) == (["a.json"], b"{}")


def test_file_is_never_rewritten(tmp_path: Path) -> None:
    store = FolderStore(tmp_path)
    store.add("a.json", "first")

    with pytest.raises(FileExistsError):
        store.add("a.json", "second")

    assert store.read("a.json") == b"first"
    assert [each.name for each in tmp_path.iterdir()] == ["a.json"], "no draft is left"


def test_drafts_and_folders_are_no_sessions(tmp_path: Path) -> None:
    (tmp_path / ".a.json.7.tmp").write_text("half a fi")
    (tmp_path / "folder.json").mkdir()

    assert FolderStore(tmp_path).names() == []


def test_place_below_a_file_takes_no_files(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(NotADirectoryError):
        FolderStore(tmp_path / "file" / "history").check()
