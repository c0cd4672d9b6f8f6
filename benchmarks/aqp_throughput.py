"""How many aggregates a second the embedded AQP answers, with 50 items in every partition.

Three set-ups, each with 8 kept-alive connections that ask at once and check every answer:

- over a DynamoDB double that answers at once, the AQP alone on one core;
- over that double, everything (client, AQP, double) on one core;
- over the suite's own moto server, everything on one core.

Run with ``python -m benchmarks.aqp_throughput``; it takes about half a minute, loopback only.
"""

import asyncio
import base64
import json
import os
import sys
import time
import zlib
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from itertools import cycle
from random import Random
from typing import Final
from urllib.parse import urlsplit

import simplejson

from aqp_perf.aqp.serving.dynamodb import DynamoDB
from aqp_perf.children import Child
from aqp_perf.core.aws.sigv4 import Credentials, Signer
from aqp_perf.core.data.statements import DEFAULT_TABLE, query_path, status_query, zipcode_query

ITEMS: Final = 50
PARTITIONS: Final = 20
CONNECTIONS: Final = 8
WARM_UP_S: Final = 1.0
MEASURED_S: Final = 5.0
_AUTHORIZATION: Final = base64.b64encode(b"small-query-app:secretEXAMPLE").decode()


def partition_key(number: int) -> str:
    """Return the key of one partition."""
    return f"ACCOUNT#ACCOUNT{number}#CUSTOMER#CUSTOMER{number}"


def partition(number: int) -> list[dict[str, dict[str, str]]]:
    """Return the items of one partition, the same ones on every run."""
    rng = Random(number)  # noqa: S311 - data, not secrets
    return [
        {
            "pk": {"S": partition_key(number)},
            "sk": {"S": f"STATUS#PAYED#ORDER#{order:08}"},
            "zipcode": {"N": str(rng.randint(10_000, 99_999))},
            "status": {"S": rng.choice(["CREATED", "PAYED", "SHIPPED"])},
            "amount": {"N": str(Decimal(rng.randint(1, 10**15) * 10 + 1).scaleb(-12))},
        }
        for order in range(ITEMS)
    ]


class Double(asyncio.Protocol):
    """Answers every ExecuteStatement at once, with the partition its first parameter names."""

    pages: Final = {
        partition_key(number): json.dumps({"Items": partition(number)}).encode()
        for number in range(PARTITIONS)
    }
    table = json.dumps(
        {"Table": {"KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}]}}
    ).encode()

    def __init__(self) -> None:
        self.received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Remember where answers go."""
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        """Answer once the request is complete."""
        self.received += data
        head, separator, body = self.received.partition(b"\r\n\r\n")
        if not separator or len(body) < int(header(head, b"content-length")):
            return
        self.received = b""
        answer = self.table
        if b"ExecuteStatement" in head:
            answer = self.pages[json.loads(body)["Parameters"][0]["S"]]
        self.transport.write(
            b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(answer), answer)
        )


def header(head: bytes, name: bytes) -> bytes:
    """Return one header of an HTTP head."""
    for line in head.split(b"\r\n")[1:]:
        key, _, value = line.partition(b":")
        if key.lower() == name:
            return value.strip()
    raise AssertionError(f"no {name!r} in {head!r}")


async def serve_double() -> None:
    """Serve the double on a free port, until killed."""
    server = await asyncio.get_running_loop().create_server(Double, "127.0.0.1", 0)
    print(f"ready http://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
    await server.serve_forever()


def expected_answers() -> dict[str, list[dict[str, object]]]:
    """Return every query's path and its rows, computed without the AQP."""
    answers: dict[str, list[dict[str, object]]] = {}
    for number in range(PARTITIONS):
        pk = partition_key(number)
        amounts: dict[int, Decimal] = {}
        statuses: Counter[str] = Counter()
        for item in partition(number):
            zipcode = int(item["zipcode"]["N"])
            amounts[zipcode] = amounts.get(zipcode, Decimal()) + Decimal(item["amount"]["N"])
            statuses[item["status"]["S"]] += 1
        answers[query_path(zipcode_query(DEFAULT_TABLE, pk))] = [
            {"zipcode": zipcode, "pk": pk, "total": total} for zipcode, total in amounts.items()
        ]
        answers[query_path(status_query(DEFAULT_TABLE, pk))] = [
            {"status": status, "pk": pk, "total": count} for status, count in statuses.items()
        ]
    return answers


def group_of(row: dict[str, object]) -> str:
    """Return what a row is grouped by."""
    return str(row.get("zipcode") or row["status"])


async def ask(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, path: str
) -> tuple[bytes, bytes]:
    """Return the JSON text of one answer, in two parts: the rows and the stats."""
    writer.write(
        f"GET {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Basic {_AUTHORIZATION}\r\n"
        "Accept-Encoding: gzip\r\n\r\n".encode()
    )
    head = await reader.readuntil(b"\r\n\r\n")
    body = await reader.readexactly(int(header(head, b"content-length")))
    if not head.startswith(b"HTTP/1.1 200 "):
        raise AssertionError((head + body).decode())
    if b"gzip" in head:
        body = zlib.decompress(body, wbits=31)
    rows, _, stats = body.partition(b',"stats":')
    return rows, stats


async def measure_per_s(url: str) -> float:
    """Ask over all connections at once, check every answer, and return the right answers a second.

    The first answer to each query is checked by value, every later one by its bytes.
    """
    address = urlsplit(url)
    streams = [
        await asyncio.open_connection(address.hostname, address.port) for _ in range(CONNECTIONS)
    ]
    right: dict[str, bytes] = {}
    for path, expected in expected_answers().items():
        right[path], stats = await ask(*streams[0], path)
        answer = simplejson.loads(right[path] + b',"stats":' + stats, use_decimal=True)
        rows = answer["response"][0]["resultSet"]
        assert sorted(rows, key=group_of) == sorted(expected, key=group_of), path
    paths = cycle(right)
    end_s = time.perf_counter() + WARM_UP_S + MEASURED_S
    count = 0

    async def keep_asking(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal count
        while (now_s := time.perf_counter()) < end_s:
            path = next(paths)
            rows, _ = await ask(reader, writer, path)
            assert rows == right[path], path
            count += now_s > end_s - MEASURED_S
        writer.close()

    await asyncio.gather(*(keep_asking(*stream) for stream in streams))
    return count / MEASURED_S


@contextmanager
def running(name: str, *arguments: str, core: int) -> Iterator[str]:
    """Run a command of this interpreter on one core, and yield the URL it is ready at."""
    ours = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})  # a child starts where its parent is
    try:
        child = Child(name, [sys.executable, *arguments], environment=os.environ)
    finally:
        os.sched_setaffinity(0, ours)
    with child:
        yield child.wait_for_line("ready ", 30)


def fill_table(endpoint_url: str) -> None:
    """Create the table and write every partition."""
    dummy = Credentials(access_key="local", secret_key="local")  # noqa: S106 - not a secret
    signer = Signer(dummy, "us-east-1")
    dynamodb = DynamoDB(endpoint_url, lambda: signer)
    keys = {"pk": "HASH", "sk": "RANGE"}
    dynamodb.call(
        "CreateTable",
        {
            "TableName": DEFAULT_TABLE,
            "KeySchema": [{"AttributeName": k, "KeyType": v} for k, v in keys.items()],
            "AttributeDefinitions": [{"AttributeName": k, "AttributeType": "S"} for k in keys],
            "BillingMode": "PAY_PER_REQUEST",
        },
    )
    for number in range(PARTITIONS):
        for item in partition(number):
            dynamodb.call("PutItem", {"TableName": DEFAULT_TABLE, "Item": item})


def main() -> None:
    """Measure the three set-ups and print what came out."""
    if sys.argv[1:] == ["double"]:
        asyncio.run(serve_double())
        return
    first, *others = sorted(os.sched_getaffinity(0))
    aqp = ("-m", "aqp_perf.aqp", "--table", DEFAULT_TABLE, "--region", "us-east-1", "--port", "0")
    for description, backend, aqp_core, is_moto in (
        ("double, AQP alone on one core", (__file__, "double"), (others or [first])[0], False),
        ("double, all on one core", (__file__, "double"), first, False),
        ("moto, all on one core", ("-m", "aqp_perf.targets.moto", "--port", "0"), first, True),
    ):
        os.sched_setaffinity(0, {first})
        with running("DynamoDB", *backend, core=first) as endpoint_url:
            if is_moto:
                fill_table(endpoint_url)
            with running("AQP", *aqp, "--endpoint-url", endpoint_url, core=aqp_core) as url:
                per_s = asyncio.run(measure_per_s(url))
        print(f"{description:<32} {per_s:8.0f} aggregates/s", flush=True)
        os.sched_setaffinity(0, {first, *others})


if __name__ == "__main__":
    main()
