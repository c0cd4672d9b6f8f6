"""Does the moto server's time per call depend on the size of the table? It must not.

Run: ``python -m benchmarks.moto_flat``. Two tables, of 500 and of 10,000 items in partitions of
50, in one server; calls to the one and to the other take turns, so both see the same machine.
Prints the median time of each operation at both sizes, their ratio, and the server's CPU time per
call at the larger size. Exits with 1 when a ratio is above 1.3.
"""

import http.client
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

SMALL, LARGE = 500, 10_000
PARTITION_ITEMS = 50
ROUNDS = {"INSERT": 1000, "Query": 150, "SELECT": 500}
LIMIT_RATIO = 1.3

# moto reads the service and the region from it and checks nothing.
SIGNATURE = "AWS4-HMAC-SHA256 Credential=x/20240229/us-east-1/dynamodb/aws4_request"

INSERT = (
    "INSERT INTO \"{table}\" VALUE {{'pk': ?, 'sk': ?, 'zipcode': ?, 'username': ?, "
    "'datetime': ?, 'status': ?, 'amount': ?}}"
)
SELECT = 'SELECT "zipcode", "pk", "amount" FROM "{table}" WHERE "pk" = ?'


class Server:
    """One connection to the server, and its CPU time."""

    def __init__(self, url: str, pid: int) -> None:
        self._connection = http.client.HTTPConnection(urlsplit(url).netloc)
        self._pid = pid

    def call(
        self,
        operation: str,
        **request: Any,  # noqa: ANN401  # what the API takes
    ) -> dict[str, Any]:
        """Send one request and return its answer."""
        headers = {
            "Content-Type": "application/x-amz-json-1.0",
            "X-Amz-Target": f"DynamoDB_20120810.{operation}",
            "Authorization": SIGNATURE,
        }
        self._connection.request("POST", "/", json.dumps(request), headers)
        response = self._connection.getresponse()
        answer: dict[str, Any] = json.loads(response.read())
        assert response.status == 200, answer
        return answer

    def cpu_s(self) -> float:
        """Return the CPU time the server has used so far."""
        with open(f"/proc/{self._pid}/stat", encoding="ascii") as stat:  # noqa: PTH123  # /proc is no file
            fields = stat.read().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def order(number: int) -> dict[str, Any]:
    """Return the item of this number; 50 following each other share a partition."""
    customer = number // PARTITION_ITEMS
    return {
        "pk": {"S": f"ACCOUNT#ACCOUNT{customer % 100}#CUSTOMER#CUSTOMER{customer}"},
        "sk": {"S": f"STATUS#CREATED#ORDER#{number:036}"},
        "zipcode": {"N": str(10_000 + number % 90_000)},
        "username": {"S": f"user-{number % 1000}"},
        "datetime": {"S": "2024-02-29 23:59:59"},
        "status": {"S": "CREATED"},
        "amount": {"N": f"{number % 1000}.{number % 100 + 1}"},
    }


def fill(server: Server, count: int) -> str:
    """Create a table with so many items and return its name."""
    table = f"orders-{count}"
    server.call(
        "CreateTable",
        TableName=table,
        KeySchema=[
            {"AttributeName": "pk", "KeyType": "HASH"},
            {"AttributeName": "sk", "KeyType": "RANGE"},
        ],
        AttributeDefinitions=[
            {"AttributeName": "pk", "AttributeType": "S"},
            {"AttributeName": "sk", "AttributeType": "S"},
        ],
        BillingMode="PAY_PER_REQUEST",
    )
    for first in range(0, count, 25):
        puts = [{"PutRequest": {"Item": order(n)}} for n in range(first, first + 25)]
        server.call("BatchWriteItem", RequestItems={table: puts})
    return table


def operations(server: Server) -> dict[str, Callable[[str, int], None]]:
    """Return what is timed: each takes a table and the number of the turn."""

    def insert(table: str, turn: int) -> None:
        item = order(10**6 + turn)
        server.call(
            "ExecuteStatement",
            Statement=INSERT.format(table=table),
            Parameters=list(item.values()),
        )

    def query(table: str, turn: int) -> None:
        answer = server.call(
            "Query",
            TableName=table,
            KeyConditionExpression="pk = :pk",
            ExpressionAttributeValues={":pk": order(turn * PARTITION_ITEMS % SMALL)["pk"]},
        )
        assert answer["Count"] == PARTITION_ITEMS

    def select(table: str, turn: int) -> None:
        answer = server.call(
            "ExecuteStatement",
            Statement=SELECT.format(table=table),
            Parameters=[order(turn * PARTITION_ITEMS % SMALL)["pk"]],
        )
        assert len(answer["Items"]) == PARTITION_ITEMS

    return {"INSERT": insert, "Query": query, "SELECT": select}


def undo(server: Server, table: str, turn: int) -> None:
    """Delete what INSERT added in this turn: the table keeps its size."""
    item = order(10**6 + turn)
    server.call("DeleteItem", TableName=table, Key={"pk": item["pk"], "sk": item["sk"]})


def measure(server: Server) -> bool:
    """Time and print each operation; return whether all are flat."""
    tables = {count: fill(server, count) for count in (SMALL, LARGE)}
    print(f"{'':8}{SMALL:>12,} items{LARGE:>12,} items{'ratio':>8}{'limit':>8}{'server CPU':>14}")
    is_flat = True
    for name, operation in operations(server).items():
        times_ms: dict[int, list[float]] = {count: [] for count in tables}
        for turn in range(ROUNDS[name]):
            for count, table in tables.items():
                started = time.perf_counter_ns()
                operation(table, turn)
                times_ms[count].append((time.perf_counter_ns() - started) / 1e6)
                if name == "INSERT":
                    undo(server, table, turn)
        before_s = server.cpu_s()
        for turn in range(ROUNDS[name]):
            operation(tables[LARGE], 10**5 + turn)
        cpu_ms = (server.cpu_s() - before_s) / ROUNDS[name] * 1000
        small, large = (statistics.median(times_ms[count]) for count in (SMALL, LARGE))
        ratio = large / small
        is_flat = is_flat and ratio <= LIMIT_RATIO
        print(
            f"{name:8}{small:>15.3f} ms{large:>15.3f} ms{ratio:>8.2f}{LIMIT_RATIO:>8}"
            f"{cpu_ms:>11.3f} ms"
        )
    return is_flat


def main() -> int:
    """Measure a server of our own; return the exit code."""
    command = [sys.executable, "-m", "aqp_perf.targets.moto", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            url = process.stdout.readline().removeprefix("ready ").strip()
            return 0 if measure(Server(url, process.pid)) else 1
        finally:
            process.terminate()


if __name__ == "__main__":
    sys.exit(main())
