"""How a place in S3 is written; it needs no boto3."""

import re
from typing import Final

S3_SCHEME: Final = "s3://"
_BUCKET: Final = re.compile(
    r"""(?!.*\.\.)               # no two dots beside each other
    (?!\d+\.\d+\.\d+\.\d+\Z)    # no IP address
    [a-z0-9][a-z0-9.-]{1,61}[a-z0-9]""",
    re.VERBOSE,
)
"""https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html: the reserved
prefixes and suffixes are left to AWS, since aliases of access points, which have them, are valid.
"""


def parse_s3_url(url: str) -> tuple[str, str]:
    """Return bucket and prefix; a prefix ends in ``/``.

    Raises:
        ValueError: the URL has no bucket, or one that AWS would not have made.
    """
    bucket, _, prefix = url.removeprefix(S3_SCHEME).partition("/")
    if not url.startswith(S3_SCHEME) or not bucket:
        raise ValueError("write it like 's3://bucket/prefix'")
    if not _BUCKET.fullmatch(bucket):
        raise ValueError(
            f"{bucket!r} is no name of a bucket, which has 3 to 63 lower-case letters, digits, '-' "
            "and '.', begins and ends with a letter or digit, has no '..' and is no IP address"
        )
    prefix = prefix.strip("/")
    return bucket, f"{prefix}/" if prefix else ""
