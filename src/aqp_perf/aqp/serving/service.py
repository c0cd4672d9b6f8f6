"""Answer one query: parse it, read every page of its items, aggregate them."""

import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, NamedTuple, Protocol

from aqp_perf.aqp.problems import DynamoDBFailed, DynamoDBTimedOut, QueryRefused, ReadTooLarge
from aqp_perf.aqp.serving.dynamodb import DynamoDBResponse
from aqp_perf.aqp.sql.aggregation import Aggregation
from aqp_perf.aqp.sql.parse import parse_query
from aqp_perf.aqp.sql.query import Query

_QUERIES_KEPT: Final = 4_096
"""Parsing takes as long as aggregating fifty items, and a load test asks the same questions."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one query may cost.

    Attributes:
        query_bytes: length of the SQL, as UTF-8.
        items: items read.
        read_bytes: size of DynamoDB's answers.
        query_s: time for reading.
    """

    query_bytes: int = 8_192
    items: int = 1_000_000
    read_bytes: int = 256 * 1024 * 1024
    query_s: int = 60


class _Read(NamedTuple):
    elapsed_ns: int
    size_bytes: int


class Caller(Protocol):
    """Calls DynamoDB; ``aqp_perf.aqp.serving.dynamodb.DynamoDB`` is one."""

    def call(
        self, operation: str, request: Mapping[str, object], *, timeout_s: float = ...
    ) -> DynamoDBResponse:
        """Return DynamoDB's answer to one request."""
        ...


class QueryService:
    """Answers queries over some tables of one endpoint; threads may share it.

    Requests share no data. Reads are eventually consistent and not retried, as a plain
    ExecuteStatement is; every page is read.

    Args:
        dynamodb: where the rows come from.
        tables: the tables that may be read.
        limits: what one query may cost.
        allow_scan: whether a query may leave the partition key open and so read a whole table.
    """

    def __init__(
        self, dynamodb: Caller, *, tables: Collection[str], limits: Limits, allow_scan: bool
    ) -> None:
        self._dynamodb = dynamodb
        self._tables = frozenset(tables)
        self._limits = limits
        self._allow_scan = allow_scan
        self._parse = lru_cache(maxsize=_QUERIES_KEPT)(parse_query)
        self._partition_key_of = lru_cache(maxsize=len(self._tables))(self._read_partition_key)

    def answer(self, sql: str) -> str:
        """Return the answer to a query, as JSON; the size in it is that of DynamoDB's answers.

        Raises:
            QueryRefused: the query is not one this service runs.
            ReadTooLarge: it reads more than the limits allow.
            DynamoDBFailed: DynamoDB answered with an error, or could not be reached.
            DynamoDBTimedOut: DynamoDB did not answer in time.
        """
        if len(sql.encode()) > self._limits.query_bytes:
            raise QueryRefused(f"the query is longer than {self._limits.query_bytes} bytes")
        started_ns = time.perf_counter_ns()
        query = self._parse(sql)
        partition_key = self._partition_key(query)
        aggregation = Aggregation(query)
        read = self._read(query.request(partition_key), aggregation)
        result_set = aggregation.result_set()
        elapsed_ns = time.perf_counter_ns() - started_ns
        return (
            f'{{"response":[{{"resultSet":{result_set}}}],"stats":{{'
            f'"elapsedTimeToRetrieveDataInMs":{read.elapsed_ns // 1_000_000},'
            f'"elapsedTimeToAggregateDataInMs":{(elapsed_ns - read.elapsed_ns) // 1_000_000},'
            f'"payloadSizeBytes":{read.size_bytes}}}}}'
        )

    def _partition_key(self, query: Query) -> str:
        if query.table not in self._tables:
            served = ", ".join(sorted(self._tables))
            raise QueryRefused(f"table {query.table!r} is not served here; served: {served}")
        key = self._partition_key_of(query.table)
        if not query.fixes(key) and not self._allow_scan:
            raise QueryRefused(
                f"WHERE must fix the partition key: {key} = '...' or "
                f"{key} IN ('...', '...'); full reads need --allow-scan"
            )
        return key

    def _read_partition_key(self, table: str) -> str:
        described = self._dynamodb.call("DescribeTable", {"TableName": table}).payload
        match described:
            case {"Table": {"KeySchema": [*elements]}}:
                for element in elements:
                    if element["KeyType"] == "HASH":
                        return str(element["AttributeName"])
        raise DynamoDBFailed(f"DescribeTable names no partition key for {table!r}")

    def _read(self, request: dict[str, object], aggregation: Aggregation) -> _Read:
        """Read every page of a statement into the aggregation."""
        limits = self._limits
        elapsed_ns = size_bytes = items_read = 0
        deadline = time.monotonic() + limits.query_s
        while True:
            left_s = deadline - time.monotonic()
            if left_s <= 0:
                raise DynamoDBTimedOut(f"not all pages were read within {limits.query_s} s")
            sent_ns = time.perf_counter_ns()
            page = self._dynamodb.call("ExecuteStatement", request, timeout_s=left_s)
            elapsed_ns += time.perf_counter_ns() - sent_ns
            items = page.payload.get("Items")
            if not isinstance(items, list):
                raise DynamoDBFailed("ExecuteStatement was answered without items")
            size_bytes += page.size_bytes
            items_read += len(items)
            if size_bytes > limits.read_bytes:
                raise ReadTooLarge(f"the query reads more than {limits.read_bytes} bytes")
            if items_read > limits.items:
                raise ReadTooLarge(f"the query reads more than {limits.items} items")
            aggregation.add(items)
            token = page.payload.get("NextToken")
            if token is None:
                return _Read(elapsed_ns, size_bytes)
            request["NextToken"] = token
