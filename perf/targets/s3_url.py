"""How a place in S3 is written; it needs no boto3."""

S3_SCHEME = "s3://"


def parse_s3_url(url: str) -> tuple[str, str]:
    """Return bucket and prefix; a prefix ends in ``/``.

    Raises:
        ValueError: the URL has no bucket.
    """
    bucket, _, prefix = url.removeprefix(S3_SCHEME).partition("/")
    if not url.startswith(S3_SCHEME) or not bucket:
        raise ValueError("write it like 's3://bucket/prefix'")
    prefix = prefix.strip("/")
    return bucket, f"{prefix}/" if prefix else ""
