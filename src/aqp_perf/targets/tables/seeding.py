"""Filling a table: BatchWriteItem from several threads; what is refused is sent again."""

import threading
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor, as_completed
from itertools import islice
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from aqp_perf.clock import SYSTEM_CLOCK, Clock
from aqp_perf.core.aws.refusals import THROTTLING_CODES
from aqp_perf.core.data.compiled_item import Attributes
from aqp_perf.errors import SeedingFailed
from aqp_perf.targets.access.backoff import CAPACITY_LIMIT_S, Backoff
from aqp_perf.targets.access.client import error_code
from aqp_perf.targets.tables.boto3_items import boto3_item

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import WriteRequestOutputTypeDef, WriteRequestTypeDef

BATCH_SIZE = 25
"""DynamoDB's limit for one BatchWriteItem."""

_THREADS = 8
"""DynamoDB Local takes twice as many items from eight threads as from one, moto no more; on AWS
a request waits for the network, which threads do side by side."""


def seed_table(
    client: "DynamoDBClient",
    table: str,
    items: Iterable[Attributes],
    *,
    clock: Clock = SYSTEM_CLOCK,
) -> int:
    """Put ``items`` into ``table`` and return how many there were.

    Args:
        client: used from several threads, as boto3 clients may be.
        table: its name.
        items: read from one thread at a time, a batch ahead of what is being written.
        clock: for the pauses before a refused item is sent again.

    Raises:
        SeedingFailed: the table took no item of a batch for `CAPACITY_LIMIT_S`.
    """
    source, lock, stop = iter(items), threading.Lock(), threading.Event()

    def work() -> int:
        written = 0
        while not stop.is_set():
            with lock:
                batch = list(islice(source, BATCH_SIZE))
            if not batch:
                break
            _write(client, table, batch, clock=clock, stop=stop)
            written += len(batch)
        return written

    with ThreadPoolExecutor(_THREADS, thread_name_prefix="seeding") as pool:
        try:
            futures = [pool.submit(work) for _ in range(_THREADS)]
            return sum(future.result() for future in as_completed(futures))
        finally:
            stop.set()


def _write(
    client: "DynamoDBClient",
    table: str,
    batch: list[Attributes],
    *,
    clock: Clock,
    stop: threading.Event,
) -> None:
    """Send a batch until all of it is in the table, or until ``stop``."""
    left: list[WriteRequestTypeDef | WriteRequestOutputTypeDef] = [
        {"PutRequest": {"Item": boto3_item(item)}} for item in batch
    ]
    backoff = Backoff(CAPACITY_LIMIT_S, clock)
    while not stop.is_set():
        sent_count = len(left)
        try:
            answer = client.batch_write_item(RequestItems={table: left})
            left = list(answer.get("UnprocessedItems", {}).get(table, []))
        except ClientError as error:
            if error_code(error) not in THROTTLING_CODES:
                raise
        if not left:
            return
        if len(left) < sent_count:
            backoff = Backoff(CAPACITY_LIMIT_S, clock)
        if not backoff.pause():
            raise SeedingFailed(table, len(left), CAPACITY_LIMIT_S)
