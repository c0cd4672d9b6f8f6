"""Whether broken or oversized queries can make the embedded AQP fail, hang, write or grow.

    python -m benchmarks.sql_fuzz [--requests 10000] [--seed 1]

Sends such SQL to the AQP, which runs over a moto server through a recorder of all its requests.
There must be no HTTP 500 and no broken connection, no answer may take over a second, the AQP may
send DynamoDB only parameterised SELECT statements, the table must stay as before, and memory must
not grow. Exits with 1 otherwise; takes about a minute.
"""

import argparse
import base64
import http.client
import os
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import islice
from operator import itemgetter
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from urllib.parse import urlsplit

import simplejson

from aqp_perf.targets.kinds.endpoint import open_moto
from tests.unit.aqp.sql.hostile_queries import (
    READ_STATEMENT,
    TABLE,
    HostileRequest,
    hostile_requests,
)

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

LIMIT_S: Final = 1.0
LIMIT_GROWTH_MB: Final = 64
WARM_REQUESTS: Final = 1_000
ITEMS: Final = 20
USER: Final = "fuzz"
PASSWORD: Final = "only-for-this"  # noqa: S105 - opens nothing
FINE: Final = {200, 400, 404, 413, 414, 431, 502}
"""Answers, refusals, and DynamoDB's own refusal of a value."""


class Reply(NamedTuple):
    """What came back."""

    status: int
    """0: the connection broke."""
    elapsed_s: float


class Recorder(ThreadingHTTPServer):
    """Passes requests on to DynamoDB, and keeps what was asked for."""

    daemon_threads = True

    def __init__(self, upstream: str) -> None:
        super().__init__(("127.0.0.1", 0), _PassOn)
        self.upstream = urlsplit(upstream).netloc
        self.operations: Counter[str] = Counter()
        self.foreign: list[str] = []
        """What was asked for beside reading."""


class _PassOn(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Recorder

    def do_POST(self) -> None:
        """Keep what is asked, ask it, and answer what comes."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        operation = self.headers["X-Amz-Target"].partition(".")[2]
        self.server.operations[operation] += 1
        statement = simplejson.loads(body).get("Statement", "")
        is_read = operation == "ExecuteStatement" and READ_STATEMENT.fullmatch(statement)
        if not is_read and operation != "DescribeTable":
            self.server.foreign.append(f"{operation} {statement}")
        connection = http.client.HTTPConnection(self.server.upstream)
        connection.request("POST", "/", body, dict(self.headers))
        answer = connection.getresponse()
        content = answer.read()
        connection.close()
        self.send_response(answer.status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def recorder(upstream: str) -> Iterator[Recorder]:
    """Yield a running recorder."""
    with Recorder(upstream) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


def fill(client: "DynamoDBClient") -> None:
    """Create the table that is to stay as it is."""
    client.create_table(
        TableName=TABLE,
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
    for number in range(ITEMS):
        item: Any = {
            "pk": {"S": "ab"[number % 2]},
            "sk": {"S": f"ORDER#{number}"},
            "amount": {"N": f"{number}.5"},
            "zipcode": {"N": f"{10_000 + number}"},
            "status": {"S": "PAYED"},
        }
        client.put_item(TableName=TABLE, Item=item)


def contents(client: "DynamoDBClient") -> list[str]:
    """Return everything there is: tables and items."""
    items = client.scan(TableName=TABLE)["Items"]
    shown = sorted(repr(sorted(each.items())) for each in items)
    return [*client.list_tables()["TableNames"], *shown]


def ask(port: int, request: HostileRequest) -> Reply:
    """Send a request as it is, which no HTTP library would, and return its answer's status."""
    authorization = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
    head = (
        f"GET /query-aggregation/{request.segment} HTTP/1.1\r\nHost: localhost\r\n"
        f"Authorization: Basic {authorization}\r\nConnection: close\r\n\r\n"
    )
    started = time.perf_counter()
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=60) as connection:
            connection.sendall(head.encode("latin-1"))
            response = http.client.HTTPResponse(connection)
            response.begin()
            response.read()
        status = response.status
    except (OSError, http.client.HTTPException):
        status = 0
    return Reply(status, time.perf_counter() - started)


@contextmanager
def aqp(endpoint_url: str) -> Iterator[tuple[int, int]]:
    """Yield the port and the process id of a running AQP."""
    argv = [sys.executable, "-m", "aqp_perf.aqp", "--endpoint-url", endpoint_url]
    argv += ["--table", TABLE, "--region", "us-east-1", "--port", "0", "--allow-scan"]
    environment = {**os.environ, "PERF_AQP_USER": USER, "PERF_AQP_PASSWORD": PASSWORD}
    with subprocess.Popen(argv, env=environment, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield int(process.stdout.readline().rpartition(":")[2]), process.pid
            assert process.poll() is None, "the AQP has ended"
        finally:
            process.terminate()


def resident_mb(pid: int) -> float:
    """Return the memory of a process."""
    _, _, value = Path(f"/proc/{pid}/status").read_text().partition("VmRSS:")
    return int(value.split()[0]) / 1024


def fuzz(port: int, pid: int, count: int, seed: int) -> list[str]:
    """Send the requests and print their answers by kind and status; return what went wrong."""
    problems: list[str] = []
    statuses: Counter[tuple[str, int]] = Counter()
    slowest = ("", 0.0)
    warm_mb = 0.0
    for number, request in enumerate(islice(hostile_requests(seed), count)):
        reply = ask(port, request)
        statuses[request.kind, reply.status] += 1
        slowest = max(slowest, (request.kind, reply.elapsed_s), key=itemgetter(1))
        if reply.status not in FINE or reply.elapsed_s > LIMIT_S:
            problems.append(f"{reply.status} in {reply.elapsed_s:.2f} s: {request.segment[:200]}")
        if number == WARM_REQUESTS:
            warm_mb = resident_mb(pid)
    found = sorted({status for _, status in statuses})
    print(f"{'':12}" + "".join(f"{status:>8}" for status in found))
    for kind in dict.fromkeys(kind for kind, _ in statuses):
        print(f"{kind:12}" + "".join(f"{statuses[kind, status]:>8,}" for status in found))
    print(f"slowest answer {slowest[1]:.3f} s ({slowest[0]}), limit {LIMIT_S:g} s")
    growth_mb = resident_mb(pid) - warm_mb
    print(f"memory {warm_mb:.0f} MB, growth {growth_mb:.0f} MB, limit {LIMIT_GROWTH_MB} MB")
    if growth_mb > LIMIT_GROWTH_MB:
        problems.append(f"memory grew by {growth_mb:.0f} MB")
    return problems


def main() -> int:
    """Fuzz; print what came; return the exit code."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--requests", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with open_moto() as moto:
        client = moto.client()
        fill(client)
        before = contents(client)
        with recorder(moto.endpoint) as upstream:
            with aqp(f"http://127.0.0.1:{upstream.server_port}") as (port, pid):
                problems = fuzz(port, pid, options.requests, options.seed)
            print("asked of DynamoDB:", dict(upstream.operations))
            problems += upstream.foreign
        if contents(client) != before:
            problems.append("the table is not as before")
    print(*problems[:20], f"{len(problems)} problems", sep="\n")
    return 1 if problems else 0


if __name__ == "__main__":
    raise SystemExit(main())
