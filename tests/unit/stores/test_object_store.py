from collections.abc import Callable, Iterator
from typing import Any, TypeAlias
from unittest.mock import patch

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from aqp_perf.errors import TargetUnusable
from aqp_perf.stores.file_store import parse_s3_url
from aqp_perf.stores.object_store import ObjectStore

REGION = "us-east-1"
S3Client: TypeAlias = Any
"""The stubs for S3 are not among the dependencies."""


@pytest.fixture(scope="module")
def client() -> Iterator[S3Client]:
    """A client of an S3 that is the same for all tests: making one takes half a second."""
    with mock_aws(), pytest.MonkeyPatch.context() as patched:
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            patched.setenv(name, "testing")
        client = boto3.client("s3", region_name=REGION)
        client.create_bucket(Bucket="results")
        with patch.object(boto3.Session, "client", return_value=client):
            yield client


@pytest.fixture
def store(client: S3Client, request: pytest.FixtureRequest) -> ObjectStore:  # noqa: ARG001 - it patches boto3
    """A store with a prefix of its own."""
    return ObjectStore(f"s3://results/{request.node.name}/main", region=REGION)


def test_objects_are_listed_below_the_prefix_only(store: ObjectStore, client: S3Client) -> None:
    client.put_object(Bucket="results", Key="other.json", Body=b"{}")
    client.put_object(Bucket="results", Key=f"{store.prefix}deeper/c.json", Body=b"[3]")
    store.write("b.json", "[1]")
    store.write("a.json", "[2]")
    assert store.names() == ["a.json", "b.json"]
    assert store.read("b.json", 100) == b"[1]"


def test_adding_is_repeatable_when_the_answer_was_lost(store: ObjectStore) -> None:
    """Botocore sends a request again that it has no answer to."""
    store.add("a.json", "[1]")
    store.add("a.json", "[1]")
    with pytest.raises(FileExistsError, match=r"it exists already: 'a\.json'"):
        store.add("a.json", "[1]\n")


def test_finding_out_whether_writing_is_allowed_leaves_nothing(
    store: ObjectStore, client: S3Client
) -> None:
    store.check_writable("a.json")
    assert store.names() == []
    assert "Uploads" not in client.list_multipart_uploads(Bucket="results")


def use(store: ObjectStore) -> None:
    """Ask for all that a history asks for before a load."""
    store.check_writable("a")
    store.names()
    store.read("a", 1)


@pytest.mark.usefixtures("client")
@pytest.mark.parametrize("action", [ObjectStore.names, lambda it: it.check_writable("a")])
def test_a_bucket_that_is_not_there_is_named(action: Callable[[ObjectStore], object]) -> None:
    with pytest.raises(TargetUnusable, match="NoSuchBucket"):
        action(ObjectStore("s3://nowhere/perf", region=REGION))


@pytest.mark.parametrize(
    "operation", ["CreateMultipartUpload", "AbortMultipartUpload", "ListObjectsV2", "GetObject"]
)
def test_a_missing_permission_is_named(store: ObjectStore, operation: str) -> None:
    error = ClientError({"Error": {"Code": "AccessDenied", "Message": "Access Denied"}}, operation)
    call = store._client._make_api_call

    def denying(name: str, parameters: dict[str, object]) -> object:
        if name == operation:
            raise error
        return call(name, parameters)

    with (
        patch.object(store._client, "_make_api_call", side_effect=denying),
        pytest.raises(TargetUnusable, match=f"lack the permission for {operation}:"),
    ):
        use(store)


@pytest.mark.parametrize(
    ("url", "parts"),
    [
        ("s3://kept", ("kept", "")),
        ("s3://kept/", ("kept", "")),
        ("s3://kept/p", ("kept", "p/")),
        ("s3://kept/p/q/", ("kept", "p/q/")),
    ],
)
def test_a_prefix_ends_in_a_slash(url: str, parts: tuple[str, str]) -> None:
    assert parse_s3_url(url) == parts


@pytest.mark.parametrize("url", ["s3://", "s3:///p", "b/p", ""])
def test_a_url_without_a_bucket_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="s3://bucket/prefix"):
        parse_s3_url(url)


def test_a_missing_permission_is_no_object_that_is_there(store: ObjectStore) -> None:
    error = ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "PutObject")
    with (
        patch.object(store._client, "_make_api_call", side_effect=error),
        pytest.raises(TargetUnusable, match="lack the permission for PutObject:"),
    ):
        store.add("a.json", "[1]")
