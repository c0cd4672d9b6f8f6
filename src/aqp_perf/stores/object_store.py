"""Small files below a prefix of an S3 bucket."""

import errno
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from aqp_perf.stores.file_store import parse_s3_url
from aqp_perf.targets.access.client import CLIENT_CONFIG, error_code, errors_of

_CONFIG = CLIENT_CONFIG.merge(Config(connect_timeout=2, read_timeout=3))
"""A load should not wait longer than some ten seconds, retries included, to find S3 unreachable."""


class ObjectStore:
    """A `FileStore` of the objects below a prefix; it touches nothing else of a bucket.

    Every method raises TargetUnavailable or TargetUnusable, also for a missing permission.

    Args:
        url: ``s3://bucket`` or ``s3://bucket/prefix``.
        region: of the bucket; None: boto3's own.
        profile: of the AWS configuration; None: boto3's own.

    Raises:
        ValueError: the URL is not valid.
    """

    def __init__(self, url: str, *, region: str | None = None, profile: str | None = None) -> None:
        self.bucket, self.prefix = parse_s3_url(url)
        self.url = url
        with errors_of(url):
            session = boto3.Session(region_name=region, profile_name=profile)
            self._client: Any = session.client("s3", config=_CONFIG)

    def names(self) -> list[str]:
        """Return the names of all objects, sorted: their keys without the prefix."""
        with errors_of(self.url):
            pages = self._client.get_paginator("list_objects_v2").paginate(
                Bucket=self.bucket, Prefix=self.prefix, Delimiter="/"
            )
            keys = [found["Key"] for page in pages for found in page.get("Contents", ())]
        return sorted(filter(None, [key.removeprefix(self.prefix) for key in keys]))

    def read(self, name: str, most_bytes: int) -> bytes | None:
        """Return the first ``most_bytes`` of an object; None: there is no such object."""
        with errors_of(self.url):
            try:
                answer = self._client.get_object(**self._place(name))
            except self._client.exceptions.NoSuchKey:
                return None
            content: bytes = answer["Body"].read(most_bytes)
            return content

    def write(self, name: str, text: str) -> None:
        """Write or replace an object: S3 shows the old or the new one whole."""
        with errors_of(self.url):
            self._put(name, text.encode())

    def add(self, name: str, text: str) -> None:
        """Create an object; S3 itself makes sure that of several writers only one succeeds.

        Raises:
            FileExistsError: it exists; it is unchanged.
        """
        content = text.encode()
        with errors_of(self.url):
            try:
                self._put(name, content, IfNoneMatch="*")
            except ClientError as error:
                if error_code(error) != "PreconditionFailed":
                    raise
                # A request that is repeated because its answer was lost finds its own object.
                if self.read(name, len(content) + 1) != content:
                    raise FileExistsError(errno.EEXIST, "it exists already", name) from error

    def check_writable(self, name: str) -> None:
        """Find out whether `write` will be allowed; nothing is written.

        An upload in parts needs the same permission, s3:PutObject; once aborted, nothing is left.
        """
        with errors_of(self.url):
            upload = self._client.create_multipart_upload(**self._place(name))
            self._client.abort_multipart_upload(**self._place(name), UploadId=upload["UploadId"])

    def _place(self, name: str) -> dict[str, str]:
        return {"Bucket": self.bucket, "Key": self.prefix + name}

    def _put(self, name: str, content: bytes, **condition: str) -> None:
        self._client.put_object(
            **self._place(name), Body=content, ContentType="application/json", **condition
        )
