"""``s3://bucket/prefix``; parsing it needs no boto3."""

import re
from typing import Final

S3_SCHEME: Final = "s3://"
_BUCKET: Final = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
"""https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html: AWS checks the
rest."""


def parse_s3_url(url: str) -> tuple[str, str]:
    """Return bucket and prefix; a prefix ends in ``/``.

    Raises:
        ValueError: there is no bucket, or its name is not valid.
    """
    bucket, _, prefix = url.removeprefix(S3_SCHEME).partition("/")
    if not url.startswith(S3_SCHEME) or not bucket:
        raise ValueError("write it like 's3://bucket/prefix'")
    if not _BUCKET.fullmatch(bucket):
        raise ValueError(
            f"{bucket!r} is not a bucket name: 3 to 63 lower-case letters, digits, '-' and '.', "
            "with a letter or digit at both ends"
        )
    prefix = prefix.strip("/")
    return bucket, f"{prefix}/" if prefix else ""
