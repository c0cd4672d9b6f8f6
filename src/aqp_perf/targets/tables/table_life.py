"""Tables that we create, seed and delete, and existing ones that we only use."""

import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from aqp_perf.clock import SYSTEM_CLOCK, Clock
from aqp_perf.core.aws.refusals import DENIED_CODES
from aqp_perf.core.data.data_fingerprint import data_fingerprint
from aqp_perf.core.data.dataset import Dataset
from aqp_perf.errors import (
    TableAlreadyExists,
    TableLeftBehind,
    TableNotFound,
    TableNotReady,
    TableUnusable,
    TargetError,
    TargetUnusable,
)
from aqp_perf.targets.access.backoff import Backoff
from aqp_perf.targets.access.client import errors_of
from aqp_perf.targets.kinds.target import Target, TargetKind
from aqp_perf.targets.tables.billing import Billing
from aqp_perf.targets.tables.definition import describe, key_of, key_text, table_definition
from aqp_perf.targets.tables.seeding import seed_table
from aqp_perf.targets.tables.table import Table, checked_name
from aqp_perf.targets.tables.tags import (
    CREATION_TAG,
    DATA_TAG,
    boto3_tags,
    creation_tags,
    read_tags,
)

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_READY_TIMEOUT_S = 180.0
_LIFETIME = timedelta(hours=12)
"""After this, a sweep may delete the table."""


@contextmanager
def open_table(  # noqa: PLR0913 - named, and most with a default
    target: Target,
    *,
    name: str,
    dataset: Dataset,
    run_id: str,
    billing: Billing | None = None,
    keep: bool = False,
    clock: Clock = SYSTEM_CLOCK,
) -> Iterator[Table]:
    """Create and seed table ``name``, yield it, and delete it when the block ends or fails.

    Args:
        target: where.
        name: see `table_name`.
        dataset: its seed items go into the table.
        run_id: goes into a tag.
        billing: on-demand under the default ceiling unless given.
        keep: do not delete it.
        clock: for the expiry tag and for waiting.

    Raises:
        TableAlreadyExists: it exists; it was not touched.
        TableNotReady: it did not become ACTIVE.
        SeedingFailed: it did not take the seed items.
        TableLeftBehind: it could not be deleted. After another error, that one is raised, with this
            one as a note.
        TargetUnavailable, TargetUnusable: the target does not answer, or refuses.
    """
    checked_name("table name", name)
    own = _OwnTable(target, name, clock)
    try:
        own.create(dataset.item.declaration.key_types, billing or Billing(), run_id)
        own.fill(dataset)
        yield Table(name=name, is_ours=True, is_seeded=True)
    except BaseException as first:
        if not keep:
            try:
                own.remove()
            except TargetError as second:
                first.add_note(str(second))
        raise
    if not keep:
        own.remove()


def existing_table(target: Target, name: str, dataset: Dataset) -> Table:
    """Return the existing table ``name``; it is never created, seeded or deleted.

    It counts as seeded when a tag proves that we seeded it with ``dataset``; without a permission
    to read tags it does not.

    Raises:
        TableNotFound: it does not exist.
        TableUnusable: it has another key than the items of ``dataset``.
        TableNotReady: it is being created or deleted.
        TargetUnavailable, TargetUnusable: the target does not answer, or refuses, or the table is
            in another account than the one that may be used.
    """
    checked_name("--perf-table", name)
    client = target.client()
    with errors_of(target.endpoint):
        description = describe(client, name)
        if description is None:
            raise TableNotFound(name, target.endpoint)
        needed = key_text(dataset.item.declaration.key_types)
        if (key := key_of(description)) != needed:
            item = dataset.item.__name__
            raise TableUnusable(name, f"its key is {key}, that of {item} is {needed}")
        if description["TableStatus"] not in {"ACTIVE", "UPDATING"}:
            raise TableNotReady(name, description["TableStatus"], 0)
        _check_account(target, description["TableArn"])
        tags = _tags_if_known(client, description["TableArn"]) or {}
    is_seeded = tags.get(DATA_TAG) == data_fingerprint(dataset)
    return Table(name=name, is_ours=False, is_seeded=is_seeded)


def _check_account(target: Target, arn: str) -> None:
    """Check the account in the table's own ARN: an STS endpoint could report a wrong one."""
    account = arn.split(":")[4:5]
    if target.account is not None and account != [target.account]:
        detail = f"{arn} is not in account {target.account}, the only one that may be used"
        raise TargetUnusable(target.endpoint, detail)


class _OwnTable:
    """A table that we create. It is deleted only when it is certain to be ours.

    Certain means: our CreateTable was confirmed, or, when its answer was lost (an interrupt, a
    timeout, a repeated request), the table has the random tag of this creation.
    """

    def __init__(self, target: Target, name: str, clock: Clock) -> None:
        self._target = target
        self._name, self._clock, self._endpoint = name, clock, target.endpoint
        self._client = target.client()
        self._creation_id = secrets.token_hex(16)
        self._arn = ""
        self._was_asked = self._is_confirmed = False

    def create(self, keys: Mapping[str, str], billing: Billing, run_id: str) -> None:
        tags = creation_tags(
            run_id=run_id,
            owner=self._target.owner,
            expires=self._clock.utc_now() + _LIFETIME,
            creation_id=self._creation_id,
        )
        with errors_of(self._endpoint):
            self._was_asked = True
            try:
                self._client.create_table(**table_definition(self._name, keys, billing, tags))
            except self._client.exceptions.ResourceInUseException as exc:
                if self._carries_our_tag() is not True:
                    self._was_asked = False
                    raise TableAlreadyExists(self._name) from exc
            except ClientError as exc:
                # Any other answer leaves open whether the table is there.
                self._was_asked = exc.response["Error"]["Code"] not in DENIED_CODES
                raise
            self._is_confirmed = True
            self._wait_until_active()

    def fill(self, dataset: Dataset) -> None:
        with errors_of(self._endpoint):
            seed_table(self._client, self._name, dataset.seed_items(), clock=self._clock)
            self._tag_as_seeded(data_fingerprint(dataset))

    def remove(self) -> None:
        if not self._was_asked:
            return
        try:
            with errors_of(self._endpoint):
                is_ours = self._is_confirmed or self._carries_our_tag()
                if is_ours:
                    self._delete()
        except TargetError as exc:
            raise TableLeftBehind(self._name, self._endpoint, str(exc)) from exc
        if is_ours is None:
            detail = "it exists, and it is unknown whether this run created it"
            raise TableLeftBehind(self._name, self._endpoint, detail)

    def _carries_our_tag(self) -> bool | None:
        """Return None when the tags are not known."""
        description = describe(self._client, self._name)
        if description is None:
            return False
        tags = _tags_if_known(self._client, description["TableArn"])
        return None if tags is None else tags.get(CREATION_TAG) == self._creation_id

    def _tag_as_seeded(self, fingerprint: str) -> None:
        """Set the tag last: a table whose seeding was interrupted does not have it."""
        tags = boto3_tags({DATA_TAG: fingerprint})
        try:
            self._client.tag_resource(ResourceArn=self._arn, Tags=tags)
        except ClientError:
            if self._target.kind is TargetKind.AWS:
                raise

    def _wait_until_active(self) -> None:
        backoff = Backoff(_READY_TIMEOUT_S, self._clock)
        while True:
            description = describe(self._client, self._name)
            # Right after CreateTable, AWS may not know the table yet.
            status = "CREATING" if description is None else description["TableStatus"]
            if description is not None and status == "ACTIVE":
                self._arn = description["TableArn"]
                _check_account(self._target, self._arn)
                return
            if not backoff.pause():
                raise TableNotReady(self._name, status, _READY_TIMEOUT_S)

    def _delete(self) -> None:
        backoff = Backoff(_READY_TIMEOUT_S, self._clock)
        while True:
            try:
                self._client.delete_table(TableName=self._name)
            except self._client.exceptions.ResourceNotFoundException:
                return
            except self._client.exceptions.ResourceInUseException:
                if not backoff.pause():
                    raise
                continue  # AWS refuses to delete a table while it is being created
            return


def _tags_if_known(client: "DynamoDBClient", arn: str) -> dict[str, str] | None:
    """Return None when the endpoint has no tags, or we may not read them."""
    try:
        return read_tags(client, arn)
    except ClientError:
        return None
