"""Small files below a prefix of an S3 bucket."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from aqp_perf.errors import TargetUnusable
from aqp_perf.stores.s3_url import parse_s3_url
from aqp_perf.targets.access.client import CLIENT_CONFIG, errors_of

_CONFIG = CLIENT_CONFIG.merge(Config(connect_timeout=2, read_timeout=3))
"""Who waits for a load to begin is told within some ten seconds, attempts included, that S3 is not
to be had."""
_GONE = frozenset({"NoSuchKey", "404"})
_IS_THERE = "PreconditionFailed"


class ObjectStore:
    """Objects of a bucket whose keys begin with a prefix; nothing else of it is touched.

    It is a `file_store.FileStore`. Every method raises TargetUnavailable or TargetUnusable,
    which names a missing permission.

    Args:
        url: ``s3://bucket`` or ``s3://bucket/prefix``.
        region: of the bucket; None: boto3's own.
        profile: of the AWS configuration; None: boto3's own.

    Raises:
        ValueError: the URL is none of these.
    """

    def __init__(self, url: str, *, region: str | None = None, profile: str | None = None) -> None:
        self.bucket, self.prefix = parse_s3_url(url)
        self.url = url
        with self._errors():
            session = boto3.Session(region_name=region, profile_name=profile)
            self._client: Any = session.client("s3", config=_CONFIG)

    def __str__(self) -> str:
        """Return the URL."""
        return self.url

    def names(self) -> list[str]:
        """Return the names of all objects, sorted: their keys without the prefix."""
        with self._errors():
            pages = self._client.get_paginator("list_objects_v2").paginate(
                Bucket=self.bucket, Prefix=self.prefix, Delimiter="/"
            )
            keys = [each["Key"] for page in pages for each in page.get("Contents", ())]
        names = (each.removeprefix(self.prefix) for each in keys)
        return sorted(each for each in names if each)

    def read(self, name: str, most_bytes: int) -> bytes | None:
        """Return what an object holds, at most so many bytes of it; None: there is none."""
        with self._errors():
            try:
                answer = self._client.get_object(Bucket=self.bucket, Key=self.prefix + name)
            except ClientError as error:
                if _code(error) in _GONE:
                    return None
                raise
            held: bytes = answer["Body"].read(most_bytes)
            return held

    def write(self, name: str, text: str) -> None:
        """Write an object, in place of one that is there: S3 shows the old or the new one whole."""
        with self._errors():
            self._put(name, text.encode())

    def add(self, name: str, text: str) -> None:
        """Write a new object; S3 itself sees to it that of several writers one alone succeeds.

        Raises:
            FileExistsError: another is there already, and is as it was.
        """
        content = text.encode()
        with self._errors():
            try:
                self._put(name, content, IfNoneMatch="*")
            except ClientError as error:
                if _code(error) != _IS_THERE:
                    raise
                # Sent again because its answer was lost, a request meets what it wrote itself.
                if self.read(name, len(content) + 1) != content:
                    raise FileExistsError(errno.EEXIST, "it is there already", name) from error

    def check_writable(self, name: str) -> None:
        """Find out whether `write` will be allowed; nothing is written.

        An upload in parts takes the same permission, s3:PutObject, and leaves nothing when it is
        aborted.
        """
        with self._errors():
            place = {"Bucket": self.bucket, "Key": self.prefix + name}
            upload = self._client.create_multipart_upload(**place)
            self._client.abort_multipart_upload(**place, UploadId=upload["UploadId"])

    def _put(self, name: str, content: bytes, **condition: str) -> None:
        self._client.put_object(
            Bucket=self.bucket,
            Key=self.prefix + name,
            Body=content,
            ContentType="application/json",
            **condition,
        )

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            with errors_of(self.url):
                yield
        except TargetUnusable as error:
            cause = error.__cause__
            if isinstance(cause, ClientError) and _code(cause) == "NoSuchBucket":
                detail = f"there is no bucket {self.bucket!r}: create it first"
                raise TargetUnusable(self.url, detail) from cause
            raise


def _code(error: ClientError) -> str:
    return error.response.get("Error", {}).get("Code", "")
