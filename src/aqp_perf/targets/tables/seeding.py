"""Filling a table: BatchWriteItem from several threads, whatever is refused sent again."""

import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from itertools import islice
from random import Random
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from aqp_perf.core.aws.refusals import THROTTLING_CODES
from aqp_perf.core.data.dataset import Item
from aqp_perf.errors import SeedingFailed

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import WriteRequestOutputTypeDef, WriteRequestTypeDef

BATCH_SIZE = 25
"""DynamoDB's limit for one BatchWriteItem."""

MAX_ATTEMPTS = 10
"""Attempts in a row that wrote nothing before we give up: about 10 s of waiting."""

_WORKERS = 8
"""DynamoDB Local takes twice as many items from eight threads as from one, moto no more; on AWS
a request waits for the network, which threads do side by side."""

_FIRST_PAUSE_S = 0.05
_LONGEST_PAUSE_S = 5.0


def seed_table(
    client: "DynamoDBClient",
    table: str,
    items: Iterable[Item],
    *,
    rng: Random,
    pause: Callable[[float], object] | None = None,
) -> int:
    """Put ``items`` into ``table`` and return how many there were.

    What is refused for lack of capacity is sent again after a pause, drawn by ``rng`` between 0
    and a bound that doubles (M. Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog,
    2015). Progress of one batch starts its bound and its count of attempts anew.

    Args:
        client: used from several threads, as boto3 clients may be.
        table: its name.
        items: read from one thread at a time, a batch ahead of what is being written.
        rng: draws the pauses.
        pause: waits so many seconds; by default it ends at once when another thread has failed.

    Raises:
        SeedingFailed: `MAX_ATTEMPTS` in a row wrote nothing.
    """
    stop = threading.Event()
    writer = _Writer(client, table, rng, pause or stop.wait)
    batches = _Batches(items)

    def work() -> int:
        written = 0
        while not stop.is_set() and (batch := batches.take()):
            writer.write(batch, stop)
            written += len(batch)
        return written

    with ThreadPoolExecutor(_WORKERS, thread_name_prefix="seeding") as pool:
        try:
            futures = [pool.submit(work) for _ in range(_WORKERS)]
            return sum(future.result() for future in as_completed(futures))
        finally:
            stop.set()


class _Batches:
    """Hands out batches of one iterable to many threads."""

    def __init__(self, items: Iterable[Item]) -> None:
        self._items: Iterator[Item] = iter(items)
        self._lock = threading.Lock()

    def take(self) -> list[Item]:
        with self._lock:
            return list(islice(self._items, BATCH_SIZE))


class _Writer:
    """Writes one batch at a time, until all of it is in the table."""

    def __init__(
        self,
        client: "DynamoDBClient",
        table: str,
        rng: Random,
        pause: Callable[[float], object],
    ) -> None:
        self._client, self._table, self._rng, self._pause = client, table, rng, pause

    def write(self, batch: list[Item], stop: threading.Event) -> None:
        left: list[WriteRequestTypeDef | WriteRequestOutputTypeDef] = [
            {"PutRequest": {"Item": item.attributes()}} for item in batch
        ]
        attempts = 0
        while not stop.is_set():
            count = len(left)
            left = self._send(left)
            if not left:
                return
            attempts = attempts + 1 if len(left) == count else 0
            if attempts == MAX_ATTEMPTS:
                raise SeedingFailed(self._table, len(left), attempts)
            bound_s = min(_FIRST_PAUSE_S * 2**attempts, _LONGEST_PAUSE_S)
            self._pause(self._rng.uniform(0, bound_s))

    def _send(
        self, requests: "list[WriteRequestTypeDef | WriteRequestOutputTypeDef]"
    ) -> "list[WriteRequestTypeDef | WriteRequestOutputTypeDef]":
        """Return what was not written."""
        try:
            answer = self._client.batch_write_item(RequestItems={self._table: requests})
        except ClientError as exc:
            if exc.response["Error"]["Code"] not in THROTTLING_CODES:
                raise
            return requests
        return list(answer.get("UnprocessedItems", {}).get(self._table, []))
