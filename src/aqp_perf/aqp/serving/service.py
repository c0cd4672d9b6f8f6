"""Answer one query: parse it, read every page of its items, aggregate them."""

import time
from collections.abc import Collection
from functools import lru_cache
from typing import Final

from aqp_perf.aqp.problems import DynamoDBFailed, QueryRefused, ReadTooLarge
from aqp_perf.aqp.serving.dynamodb import DynamoDB
from aqp_perf.aqp.sql.aggregation import Aggregation
from aqp_perf.aqp.sql.parse import parse_query
from aqp_perf.aqp.sql.query import Query

MAX_QUERY_BYTES: Final = 8_192
"""As UTF-8."""

MAX_ITEMS: Final = 1_000_000
_QUERIES_KEPT: Final = 4_096
"""Parsing takes as long as aggregating fifty items, and a load test repeats its queries."""


class QueryService:
    """Answers queries over some tables of one endpoint; threads may share it.

    Reads are eventually consistent and not retried, as a plain ExecuteStatement is.

    Args:
        dynamodb: where the items come from.
        tables: the tables that may be read.
        allow_scan: whether a query may leave the partition key open and so read a whole table.
        max_items: the most items that one query may read.
    """

    def __init__(
        self,
        dynamodb: DynamoDB,
        *,
        tables: Collection[str],
        allow_scan: bool,
        max_items: int = MAX_ITEMS,
    ) -> None:
        self._dynamodb = dynamodb
        self._tables = frozenset(tables)
        self._allow_scan = allow_scan
        self._max_items = max_items
        self._parse = lru_cache(maxsize=_QUERIES_KEPT)(parse_query)
        self._partition_key_of = lru_cache(maxsize=len(self._tables))(self._read_partition_key)

    def answer(self, sql: str) -> str:
        """Return the answer to a query, as JSON; its ``payloadSizeBytes`` is DynamoDB's.

        Raises:
            QueryRefused: the query is not one this service runs.
            ReadTooLarge: it reads more items than one query may.
            DynamoDBFailed: DynamoDB answered with an error, or could not be reached.
            DynamoDBTimedOut: DynamoDB did not answer in time.
        """
        if len(sql.encode()) > MAX_QUERY_BYTES:
            raise QueryRefused(f"the query is longer than {MAX_QUERY_BYTES} bytes")
        started_ns = time.perf_counter_ns()
        query = self._parse(sql)
        partition_key = self._partition_key(query)
        aggregation = Aggregation(query)
        read_ns, size_bytes = self._read(query.request(partition_key), aggregation)
        result_set = aggregation.result_set()
        elapsed_ns = time.perf_counter_ns() - started_ns
        return (
            f'{{"response":[{{"resultSet":{result_set}}}],"stats":{{'
            f'"elapsedTimeToRetrieveDataInMs":{read_ns // 1_000_000},'
            f'"elapsedTimeToAggregateDataInMs":{(elapsed_ns - read_ns) // 1_000_000},'
            f'"payloadSizeBytes":{size_bytes}}}}}'
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

    def _read(self, request: dict[str, object], aggregation: Aggregation) -> tuple[int, int]:
        """Read every page of a statement into the aggregation; return the ns it took, and bytes."""
        read_ns = size_bytes = items_read = 0
        while True:
            sent_ns = time.perf_counter_ns()
            page = self._dynamodb.call("ExecuteStatement", request)
            read_ns += time.perf_counter_ns() - sent_ns
            items = page.payload.get("Items")
            if not isinstance(items, list):
                raise DynamoDBFailed("ExecuteStatement was answered without items")
            size_bytes += page.size_bytes
            items_read += len(items)
            if items_read > self._max_items:
                raise ReadTooLarge(f"the query reads more than {self._max_items} items")
            aggregation.add(items)
            token = page.payload.get("NextToken")
            if token is None:
                return read_ns, size_bytes
            request["NextToken"] = token
