"""Search for tables of an account and region, with their tags, and deletion of one at a time."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Final, TypeVar

from botocore.exceptions import ClientError

from aqp_perf.clock import Clock
from aqp_perf.core.aws.refusals import THROTTLING_CODES
from aqp_perf.errors import TableUnusable
from aqp_perf.targets.access.backoff import unless_throttled
from aqp_perf.targets.access.client import error_code, errors_of
from aqp_perf.targets.kinds.target import Target
from aqp_perf.targets.sweep.leftover import FoundTable
from aqp_perf.targets.tables.definition import describe
from aqp_perf.targets.tables.table import NAME_PREFIX
from aqp_perf.targets.tables.tags import read_tags

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import ListTablesInputTypeDef

_NOT_YET: Final = THROTTLING_CODES | {"LimitExceededException"}
"""AWS also limits how many tags can be read per second, and how many tables deleted at a time."""

_WITHOUT_TAGS: Final = frozenset({"UnknownOperationException"})

_T = TypeVar("_T")


class FoundTables:
    """The tables at ``target``.

    Args:
        target: where to look.
        clock: for the pauses that AWS asks for.
    """

    def __init__(self, target: Target, clock: Clock) -> None:
        self._client, self._endpoint, self._clock = target.client(), target.endpoint, clock

    def find(self, *, has_any_name: bool) -> Iterator[FoundTable]:
        """Yield the tables with our prefix, or with any name; one that vanishes is left out.

        Raises:
            TargetUnavailable, TargetUnusable: the target does not answer, or refuses.
        """
        with errors_of(self._endpoint):
            for name in self._names():
                if has_any_name or name.startswith(NAME_PREFIX):
                    found = self._look_at(name)
                    if found is not None:
                        yield found

    def delete(self, table: FoundTable) -> None:
        """Delete ``table`` if it is still the one that was found; it may have vanished.

        Raises:
            TableUnusable: another table has its name by now.
            TargetUnavailable, TargetUnusable: the target does not answer, or refuses.
        """
        with errors_of(self._endpoint):
            now = self._look_at(table.name)
            if now is None:
                return
            if (now.arn, now.tags) != (table.arn, table.tags):
                raise TableUnusable(table.name, "its tags have changed: look at it again")
            try:
                self._patiently(lambda: self._client.delete_table(TableName=table.name))
            except self._client.exceptions.ResourceNotFoundException:
                return

    def _names(self) -> Iterator[str]:
        start: ListTablesInputTypeDef = {}
        while True:
            page = self._patiently(partial(self._client.list_tables, **start))
            yield from page["TableNames"]
            if not page.get("LastEvaluatedTableName"):
                return
            start = {"ExclusiveStartTableName": page["LastEvaluatedTableName"]}

    def _look_at(self, name: str) -> FoundTable | None:
        description = self._patiently(lambda: describe(self._client, name))
        if description is None:
            return None
        arn = description["TableArn"]
        try:
            tags = self._patiently(lambda: read_tags(self._client, arn))
        except self._client.exceptions.ResourceNotFoundException:
            return None
        except ClientError as exc:
            if error_code(exc) not in _WITHOUT_TAGS:
                raise
            tags = {}
        return FoundTable(
            name=name,
            arn=arn,
            status=description["TableStatus"],
            tags=tags,
            created=description.get("CreationDateTime"),
            size_bytes=description.get("TableSizeBytes", 0),
            item_count=description.get("ItemCount", 0),
        )

    def _patiently(self, ask: Callable[[], _T]) -> _T:
        return unless_throttled(ask, self._clock, _NOT_YET)
