"""Reading back what was written: all keys of a table, or those of some that are there."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from random import Random
from typing import Any, Final

from botocore.exceptions import ClientError
from botocore.parsers import ResponseParserError

from aqp_perf.core.aws.refusals import THROTTLING_CODES
from aqp_perf.errors import TargetUnusable
from aqp_perf.targets.access.client import errors_of
from aqp_perf.targets.kinds.target import Target
from aqp_perf.targets.tables.clock import Clock, SystemClock

MOST_ATTEMPTS: Final = 30
"""Attempts in a row that read nothing before we give up: about a minute of waiting."""

_FIRST_PAUSE_S: Final = 0.05
_LONGEST_PAUSE_S: Final = 5.0
_MOST_EMPTY_PAGES: Final = 10
"""One after the other: without a filter, every page but the last has an item."""


class TableReader:
    """Reads the keys of one table; every read sees all writes before it.

    What is refused for lack of capacity is asked again, after a pause that grows: a load may have
    used up the capacity of its table, and an audit has time.

    Args:
        target: where the table is.
        table: its name.
        rng: draws the pauses.
        clock: waits them.
    """

    def __init__(
        self, target: Target, table: str, *, rng: Random, clock: Clock | None = None
    ) -> None:
        self._client: Any = target.client()
        self._endpoint = target.endpoint
        self._table, self._rng, self._clock = table, rng, clock or SystemClock()
        self.consumed_read_units: float | None = None
        """What all reads used so far; None: the endpoint does not say."""

    def keys(self) -> Iterator[tuple[str, str]]:
        """Yield partition and sort key of every item, page by page, in the table's own order.

        Raises:
            TargetUnavailable, TargetUnusable: the target does not answer, or says no.
        """
        request = {
            # As a Scan does; moto and DynamoDB Local take two to ten times as long for that.
            "Statement": f'SELECT "pk", "sk" FROM "{self._table}"',  # noqa: S608 - a checked name
            "ConsistentRead": True,
            "ReturnConsumedCapacity": "TOTAL",
        }
        token: dict[str, str] = {}
        empty_pages = 0
        while empty_pages <= _MOST_EMPTY_PAGES:
            with _answers_of(self._endpoint):
                page = self._ask(self._client.execute_statement, {**request, **token})
                self._count([page.get("ConsumedCapacity")])
                keys = [_key(item) for item in page["Items"]]
            yield from keys
            if "NextToken" not in page:
                return
            if page["NextToken"] == token.get("NextToken"):
                break
            token = {"NextToken": page["NextToken"]}
            empty_pages = 0 if keys else empty_pages + 1
        raise self.endless()

    def endless(self) -> TargetUnusable:
        """Return the error of a table that has more pages, or items, than it can have."""
        return TargetUnusable(self._endpoint, f"table {self._table!r} never ends")

    def present(self, keys: Sequence[tuple[str, str]]) -> set[tuple[str, str]]:
        """Return those of up to 100 different keys that are in the table.

        Raises:
            TargetUnavailable, TargetUnusable: the target does not answer, or says no.
        """
        found: set[tuple[str, str]] = set()
        left: Mapping[str, Any] = {
            self._table: {
                "Keys": [{"pk": {"S": pk}, "sk": {"S": sk}} for pk, sk in keys],
                "ProjectionExpression": "pk, sk",
                "ConsistentRead": True,
            }
        }
        pauses = self._pauses()
        while left:
            request = {"RequestItems": left, "ReturnConsumedCapacity": "TOTAL"}
            with _answers_of(self._endpoint):
                answer = self._ask(self._client.batch_get_item, request)
                self._count(answer.get("ConsumedCapacity", []))
                items = answer["Responses"].get(self._table, [])
                found.update(_key(item) for item in items)
                left = answer.get("UnprocessedKeys", {})
            if left:
                pauses = self._pauses() if items else pauses
                next(pauses)
        return found

    def _ask(
        self, call: Callable[..., Mapping[str, Any]], request: Mapping[str, Any]
    ) -> Mapping[str, Any]:
        pauses = self._pauses()
        while True:
            try:
                return call(**request)
            except ClientError as error:
                if error.response["Error"]["Code"] not in THROTTLING_CODES:
                    raise
            next(pauses)

    def _pauses(self) -> Iterator[None]:
        """Wait longer each time; raise when it has been tried often enough."""
        for attempt in range(MOST_ATTEMPTS):
            bound_s = min(_FIRST_PAUSE_S * 2**attempt, _LONGEST_PAUSE_S)
            self._clock.sleep(self._rng.uniform(0, bound_s))
            yield
        detail = f"it refused {MOST_ATTEMPTS} reads of table {self._table!r} in a row: no capacity"
        raise TargetUnusable(self._endpoint, detail)

    def _count(self, consumed: Iterable[Mapping[str, Any] | None]) -> None:
        for each in consumed:
            if each is not None:
                units = float(each["CapacityUnits"])
                self.consumed_read_units = (self.consumed_read_units or 0.0) + units


@contextmanager
def _answers_of(endpoint: str) -> Iterator[None]:
    """Raise what is wrong with an answer as an error of the target."""
    with errors_of(endpoint):
        try:
            yield
        except (ResponseParserError, LookupError, TypeError) as error:
            raise TargetUnusable(endpoint, "it answers, but not as DynamoDB does") from error


def _key(item: Mapping[str, Any]) -> tuple[str, str]:
    return item["pk"]["S"], item["sk"]["S"]
