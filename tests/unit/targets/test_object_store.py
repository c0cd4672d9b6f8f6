from collections.abc import Iterator
from unittest.mock import patch

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from perf.errors import TargetUnusable
from perf.targets.object_store import ObjectStore
from perf.targets.s3_url import parse_s3_url

REGION = "us-east-1"


@pytest.fixture(autouse=True)
def _aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    with mock_aws():
        boto3.client("s3", region_name=REGION).create_bucket(Bucket="results")
        yield


def store(url: str = "s3://results/perf/main") -> ObjectStore:
    return ObjectStore(url, region=REGION)


def keys() -> list[str]:
    listed = boto3.client("s3", region_name=REGION).list_objects_v2(Bucket="results")
    return [each["Key"] for each in listed.get("Contents", ())]


def test_what_is_written_is_read_and_listed_below_the_prefix_alone() -> None:
    store("s3://results").write("other.json", "{}")
    store().write("b.json", "[1]")
    store().write("a.json", "[2]")
    store("s3://results/perf/main/deeper/").write("c.json", "[3]")
    assert store().names() == ["a.json", "b.json"]
    assert store().read("b.json", 100) == b"[1]"
    assert "perf/main/a.json" in keys()


def test_the_last_writer_wins() -> None:
    store().write("a.json", "[1]")
    store().write("a.json", "[2]")
    assert store().read("a.json", 100) == b"[2]"


def test_no_more_is_read_than_is_wanted() -> None:
    store().write("a.json", "x" * 1_000)
    assert store().read("a.json", 10) == b"x" * 10


def test_an_object_that_is_not_there_is_none() -> None:
    assert store().read("a.json", 100) is None


def test_finding_out_whether_writing_is_allowed_leaves_nothing() -> None:
    store().check_writable("a.json")
    client = boto3.client("s3", region_name=REGION)
    assert keys() == []
    assert "Uploads" not in client.list_multipart_uploads(Bucket="results")


@pytest.mark.parametrize("method", ["names", "check_writable"])
def test_a_bucket_that_is_not_there_is_named(method: str) -> None:
    missing = store("s3://nowhere/perf")
    with pytest.raises(TargetUnusable, match="there is no bucket 'nowhere': create it first"):
        getattr(missing, method)(*(["a"] if method == "check_writable" else []))


@pytest.mark.parametrize(
    ("operation", "action"),
    [("CreateMultipartUpload", "s3:PutObject"), ("ListObjectsV2", "s3:ListBucket")],
)
def test_a_missing_permission_is_named(operation: str, action: str) -> None:
    error = ClientError({"Error": {"Code": "AccessDenied", "Message": "Access Denied"}}, operation)
    denied = store()
    with (
        patch.object(denied._client, "_make_api_call", side_effect=error),
        pytest.raises(TargetUnusable, match=f"lack the permission {action}:"),
    ):
        denied.check_writable("a") if "Upload" in operation else denied.names()


@pytest.mark.parametrize(
    ("url", "parts"),
    [
        ("s3://b", ("b", "")),
        ("s3://b/", ("b", "")),
        ("s3://b/p", ("b", "p/")),
        ("s3://b/p/q/", ("b", "p/q/")),
    ],
)
def test_a_prefix_ends_in_a_slash(url: str, parts: tuple[str, str]) -> None:
    assert parse_s3_url(url) == parts


@pytest.mark.parametrize("url", ["s3://", "s3:///p", "b/p", ""])
def test_a_url_without_a_bucket_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="s3://bucket/prefix"):
        parse_s3_url(url)
