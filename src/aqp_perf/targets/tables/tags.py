"""The tags of tables that we create: owner, run, expiry, data.

They prove that a table may be deleted, by its run or by a sweep, and that its data are known.
"""

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import TagTypeDef

_PREFIX = "aqp-perf:"

SUITE_TAG = f"{_PREFIX}suite"
SUITE = "aqp-perf"
"""The value of the tag `SUITE_TAG`."""

RUN_TAG = f"{_PREFIX}run"
OWNER_TAG = f"{_PREFIX}owner"
EXPIRES_TAG = f"{_PREFIX}expires"
"""A time in ISO 8601 with its offset; after it, a sweep may delete the table."""

CREATION_TAG = f"{_PREFIX}creation"
"""A random value that only the creator of the table knows."""

DATA_TAG = f"{_PREFIX}data"
"""The `data_fingerprint` of the seed items; set when all of them are in the table."""

_MAX_VALUE_LENGTH = 256
_NOT_IN_A_VALUE = re.compile(r"[^\w\s+\-=.:/@]")
"""Source: "Tagging restrictions in DynamoDB", Amazon DynamoDB Developer Guide."""


def creation_tags(
    *, run_id: str, owner: str, expires: datetime, creation_id: str
) -> dict[str, str]:
    """Return the tags that a table has from its creation on."""
    return {
        SUITE_TAG: SUITE,
        RUN_TAG: run_id,
        OWNER_TAG: tag_value(owner),
        EXPIRES_TAG: expires.isoformat(timespec="seconds"),
        CREATION_TAG: creation_id,
    }


def tag_value(text: str) -> str:
    """Return ``text`` as a valid value of a tag, with ``_`` for each character AWS rejects."""
    return _NOT_IN_A_VALUE.sub("_", text)[:_MAX_VALUE_LENGTH]


def has_our_tag(tags: Iterable[str]) -> bool:
    """Return whether one of these keys is ours."""
    return any(key.startswith(_PREFIX) for key in tags)


def boto3_tags(tags: Mapping[str, str]) -> "list[TagTypeDef]":
    """Return ``tags`` as boto3 takes them."""
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def read_tags(client: "DynamoDBClient", arn: str) -> dict[str, str]:
    """Ask for the tags of the table ``arn``; raise what boto3 raises."""
    pages = client.get_paginator("list_tags_of_resource").paginate(ResourceArn=arn)
    return {tag["Key"]: tag["Value"] for page in pages for tag in page["Tags"]}
