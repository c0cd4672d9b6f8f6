"""A store gives back what it was given, whole, wherever it keeps it."""

import errno
import os
from collections.abc import Iterator
from pathlib import Path
from threading import Barrier, Thread

import boto3
import pytest
from moto import mock_aws

from aqp_perf.stores.file_store import FileStore, FolderStore, Place, parse_place

BUCKET = "s3://results/main"


@pytest.fixture(scope="module")
def bucket() -> Iterator[str]:
    """A place in S3, as moto plays it."""
    with mock_aws(), pytest.MonkeyPatch.context() as patched:
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            patched.setenv(name, "testing")
        boto3.client("s3", region_name="us-east-1").create_bucket(Bucket="results")
        yield BUCKET


@pytest.fixture(params=["folder", "bucket"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> FileStore:
    """An empty store of each kind."""
    text = "new/folder"
    if request.param == "bucket":
        text = f"{request.getfixturevalue('bucket')}/{request.node.name}"
    return Place(text=text, region="us-east-1").open(tmp_path)


def test_files_are_listed_by_name_and_read_back(store: FileStore) -> None:
    store.write("b.json", "[1]")
    store.add("a.json", "[µ]")

    assert store.names() == ["a.json", "b.json"]
    assert store.read("a.json", 100) == "[µ]".encode()
    assert store.read("b.json", 100) == b"[1]"


def test_looking_makes_nothing(store: FileStore, tmp_path: Path) -> None:
    store.check_writable("a.json")

    assert store.names() == []
    assert store.read("a.json", 100) is None
    assert list(tmp_path.iterdir()) == []


def test_no_more_is_read_than_is_wanted(store: FileStore) -> None:
    store.write("a.json", "x" * 1_000)

    assert store.read("a.json", 10) == b"x" * 10


def test_writing_replaces_an_existing_file(store: FileStore) -> None:
    store.write("a.json", "[1]")
    store.write("a.json", "[2]")

    assert (store.names(), store.read("a.json", 100)) == (["a.json"], b"[2]")


def test_adding_does_not_replace_an_existing_file(store: FileStore) -> None:
    store.add("a.json", "[1]")

    with pytest.raises(FileExistsError):
        store.add("a.json", "[2]")

    assert (store.names(), store.read("a.json", 100)) == (["a.json"], b"[1]")


def test_of_several_that_add_one_name_at_once_one_succeeds(tmp_path: Path) -> None:
    store = FolderStore(tmp_path)
    writers = 8
    ready = Barrier(writers)
    added: list[str] = []

    def add(text: str) -> None:
        ready.wait()
        try:
            store.add("a.json", text)
        except FileExistsError:
            return
        added.append(text)

    threads = [Thread(target=add, args=(str(number) * 10_000,)) for number in range(writers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    (text,) = added
    assert (store.names(), store.read("a.json", 100_000)) == (["a.json"], text.encode())


def test_concurrent_writers_of_one_name_leave_one_whole_file(tmp_path: Path) -> None:
    store = FolderStore(tmp_path)
    texts = [str(number) * 50_000 for number in range(4)]
    ready = Barrier(len(texts))
    seen: list[bytes | None] = []

    def write(text: str) -> None:
        ready.wait()
        for _ in range(10):
            store.write("a.json", text)
            seen.append(store.read("a.json", 100_000))

    threads = [Thread(target=write, args=(text,)) for text in texts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert (len(seen), set(seen) <= {text.encode() for text in texts}) == (40, True)
    assert [path.name for path in tmp_path.iterdir()] == ["a.json"]


def test_drafts_and_folders_are_no_files(tmp_path: Path) -> None:
    (tmp_path / ".a.json.7.7.tmp").write_text("half a fi")
    (tmp_path / "folder.json").mkdir()

    assert FolderStore(tmp_path).names() == []


def test_links_are_the_files_that_they_lead_to(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    (tmp_path / "real").write_text("[1]")
    targets = {"file": tmp_path / "real", "folder": tmp_path, "nowhere": tmp_path / "x"}
    targets |= {"itself": folder / "itself", "device": Path("/dev/zero")}
    for name, target in targets.items():
        (folder / name).symlink_to(target)

    store = FolderStore(folder)

    assert (store.names(), store.read("file", 100)) == (["file"], b"[1]")


def test_a_link_that_may_not_be_followed_hides_no_other_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is forbidden to the superuser, so that the system's answer is told here."""
    (tmp_path / "a.json").write_text("[1]")
    (tmp_path / "link").symlink_to("/elsewhere/b.json")
    stat = os.stat

    def refusing(path: str | os.PathLike[str], **options: bool) -> os.stat_result:
        if os.fspath(path) == str(tmp_path / "link"):
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return stat(path, **options)

    monkeypatch.setattr(os, "stat", refusing)

    assert FolderStore(tmp_path).names() == ["a.json"]


def test_a_device_is_not_read(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="/dev/zero is not a regular file"):
        FolderStore(tmp_path).read("/dev/zero", 10)


def test_folder_below_a_file_takes_no_files(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(NotADirectoryError):
        FolderStore(tmp_path / "file" / "folder").check_writable("a.json")


def test_folder_of_the_name_is_known_before_writing(tmp_path: Path) -> None:
    (tmp_path / "a.json").mkdir()

    with pytest.raises(IsADirectoryError, match=r"a\.json is a folder"):
        FolderStore(tmp_path).check_writable("a.json")


def test_relative_place_begins_at_the_root(tmp_path: Path) -> None:
    assert Place(text="kept").open(tmp_path) == FolderStore(tmp_path / "kept")
    assert Place(text="/kept").open(tmp_path) == FolderStore(Path("/kept"))


@pytest.mark.parametrize("text", ["kept", "./s3:/kept", "s3://bucket", "s3://bucket/prefix"])
def test_place_is_named_as_it_was_written(text: str) -> None:
    assert str(Place(text=parse_place(text))) == text


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("s3://", "write it like 's3://bucket/prefix'"),
        ("s3:///prefix", "write it like 's3://bucket/prefix'"),
        (__file__, "it is a file: give a folder, or s3://bucket/prefix"),
        ("/dev/null", "it is a file: give a folder, or s3://bucket/prefix"),
        ("", "it is empty: give a folder, or s3://bucket/prefix"),
        (" ", "it is empty: give a folder, or s3://bucket/prefix"),
        ("s3:/kept", "it looks like a URL, and only s3://bucket/prefix is known"),
        ("S3://kept", "it looks like a URL, and only s3://bucket/prefix is known"),
        ("file:///kept", "it looks like a URL, and only s3://bucket/prefix is known"),
    ],
)
def test_an_invalid_place_is_refused(text: str, hint: str) -> None:
    with pytest.raises(ValueError, match=hint):
        parse_place(text)
