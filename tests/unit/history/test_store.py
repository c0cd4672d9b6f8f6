"""A history keeps what it has, and takes no half files."""

from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest
from moto import mock_aws

from perf.history.place import HistoryPlace, parse_place
from perf.history.store import FolderStore, HistoryStore


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


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[HistoryStore]:
    """A history in S3, as moto plays it."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    with mock_aws():
        boto3.client("s3").create_bucket(Bucket="nights")
        yield HistoryPlace(place="s3://nights/main").open()


def test_bucket_keeps_what_it_has(bucket: HistoryStore) -> None:
    bucket.check()
    assert bucket.names() == []

    bucket.add("a.json", "first")
    with pytest.raises(FileExistsError):
        bucket.add("a.json", "second")

    assert (bucket.names(), bucket.read("a.json")) == (["a.json"], b"first")
    with pytest.raises(FileNotFoundError):
        bucket.read("b.json")


@pytest.mark.parametrize("text", ["s3://", "s3:///prefix"])
def test_place_in_s3_has_a_bucket(text: str) -> None:
    with pytest.raises(ValueError, match="write it like 's3://bucket/prefix'"):
        parse_place(text)
