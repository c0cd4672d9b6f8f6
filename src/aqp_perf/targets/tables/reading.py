"""Reading back what was written: all keys of a table, or those of some that are there."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from aqp_perf.clock import SYSTEM_CLOCK, Clock
from aqp_perf.core.data.dataset import Dataset
from aqp_perf.core.data.keys import Key
from aqp_perf.core.data.statements import quoted_name
from aqp_perf.errors import TargetUnusable
from aqp_perf.targets.access.backoff import CAPACITY_LIMIT_S, Backoff, unless_throttled
from aqp_perf.targets.access.client import answers_of
from aqp_perf.targets.kinds.target import Target
from aqp_perf.targets.tables.boto3_items import boto3_item, json_item


class TableReader:
    """Reads the keys of one table; every read sees all writes before it.

    A read that is refused for lack of capacity is repeated: a load may have used up the capacity of
    its table, and an audit has time. Every method raises TargetUnavailable or TargetUnusable when
    the target does not answer, or refuses.

    Args:
        target: where the table is.
        table: its name.
        dataset: says what the key of an item is.
        clock: for the pauses before a repeated read.
    """

    def __init__(
        self, target: Target, table: str, dataset: Dataset, *, clock: Clock = SYSTEM_CLOCK
    ) -> None:
        self._client: Any = target.client()
        self._endpoint = target.endpoint
        self._table, self._clock, self._dataset = table, clock, dataset
        self._names = list(dataset.item.declaration.keys)
        self.consumed_read_units: float | None = None
        """Of all reads so far; None: the endpoint does not report it."""

    def keys(self) -> Iterator[Key]:
        """Yield the key of every item, page by page, in the table's own order."""
        names = ", ".join(map(quoted_name, self._names))
        request = {
            # As a Scan does; moto and DynamoDB Local take two to ten times as long for that.
            "Statement": f'SELECT {names} FROM "{self._table}"',  # noqa: S608 - checked names
            "ConsistentRead": True,
            "ReturnConsumedCapacity": "TOTAL",
        }
        while True:
            with answers_of(self._endpoint):
                ask = partial(self._client.execute_statement, **request)
                page = unless_throttled(ask, self._clock)
                self._count([page.get("ConsumedCapacity")])
                keys = [self._key(item) for item in page["Items"]]
            yield from keys
            if "NextToken" not in page:
                return
            request["NextToken"] = page["NextToken"]

    def present(self, keys: Sequence[Key]) -> set[Key]:
        """Return those of up to 100 different keys that are in the table."""
        found: set[Key] = set()
        left: Mapping[str, Any] = {
            self._table: {
                "Keys": [boto3_item(self._dataset.key_attributes(key)) for key in keys],
                "ProjectionExpression": ", ".join(f"#k{i}" for i in range(len(self._names))),
                "ExpressionAttributeNames": {f"#k{i}": name for i, name in enumerate(self._names)},
                "ConsistentRead": True,
            }
        }
        backoff = Backoff(CAPACITY_LIMIT_S, self._clock)
        while left:
            with answers_of(self._endpoint):
                ask = partial(
                    self._client.batch_get_item,
                    RequestItems=left,
                    ReturnConsumedCapacity="TOTAL",
                )
                answer = unless_throttled(ask, self._clock)
                self._count(answer.get("ConsumedCapacity", []))
                items = answer["Responses"].get(self._table, [])
                found.update(map(self._key, items))
            left = answer.get("UnprocessedKeys", {})
            if items:
                backoff = Backoff(CAPACITY_LIMIT_S, self._clock)
            if left and not backoff.pause():
                detail = f"it had no capacity for reads of table {self._table!r}"
                raise TargetUnusable(self._endpoint, f"{detail} for {CAPACITY_LIMIT_S:g} s")
        return found

    def _count(self, consumed: Iterable[Mapping[str, Any] | None]) -> None:
        for part in filter(None, consumed):
            units = float(part["CapacityUnits"])
            self.consumed_read_units = (self.consumed_read_units or 0.0) + units

    def _key(self, item: Mapping[str, Any]) -> Key:
        return self._dataset.key_of(json_item(item))
