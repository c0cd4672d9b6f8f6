"""The embedded AQP as a process over moto and DynamoDB Local: answers, start and end."""

import os
import signal
import socket
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from random import Random
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
import simplejson

from aqp_perf.aqp.preflight import check_aqp, preflight_query
from aqp_perf.children import Child
from aqp_perf.core.data.statements import query_path, status_query, zipcode_query
from aqp_perf.errors import AqpUnauthorized, TargetMissing
from aqp_perf.targets.kinds.dynamodb_local import find_home, open_dynamodb_local
from aqp_perf.targets.kinds.endpoint import open_moto
from tests.doubles.missing import skip_or_fail

TABLE = "orders"
USER = "tester"
PASSWORD = "only-for-tests"
EVERYWHERE = "0.0.0.0"  # noqa: S104 - what the tests are about
NOBODY = "http://127.0.0.1:9"  # the discard port: closed

PLAIN = "ACCOUNT#ACCOUNT1#CUSTOMER#CUSTOMER1"
LARGE = "large"
HOSTILE = [
    "it's",
    "' OR '1'='1",
    "'; DROP TABLE orders; --",
    '" UNION SELECT 1 --',
    "a/b?c#d%2Fe+f",
    "\u0416\u00fcrich \U0001f600",
    "? :s0",
]


def _orders() -> list[dict[str, Any]]:
    """Return the items of every partition, the same ones on every run."""
    rng = Random(20_220_607)  # noqa: S311 - data, not secrets
    counts = {PLAIN: 60, LARGE: 150, **dict.fromkeys(HOSTILE, 3)}
    orders = []
    for pk, count in counts.items():
        for number in range(count):
            order = {
                "pk": pk,
                "sk": f"ORDER#{number:04}",
                "zipcode": rng.randint(10_000, 10_009),
                "status": rng.choice(["CREATED", "PAYED", "SHIPPED"]),
                "amount": Decimal(
                    rng.choice(["10", f"{rng.randint(1, 10**38 - 1)}E-{rng.randint(0, 37)}"])
                ),
            }
            if pk == LARGE:
                order["filler"] = "x" * 10_000  # 1.5 MB in all: more than one page
            orders.append(order)
    return orders


ORDERS = _orders()


def _attribute_value(value: str | int | Decimal) -> dict[str, str]:
    return {"S": value} if isinstance(value, str) else {"N": f"{value:f}"}


@contextmanager
def aqp(*arguments: str) -> Iterator[str]:
    environment = {**os.environ, "PERF_AQP_USER": USER, "PERF_AQP_PASSWORD": PASSWORD}
    argv = [sys.executable, "-m", "aqp_perf.aqp", "--port", "0", "--table", TABLE, *arguments]
    with Child("AQP", argv, environment=environment) as child:
        yield child.wait_for_line("ready ", 30)


@pytest.fixture(scope="module", params=["moto", "dynamodb-local"])
def endpoint_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """A DynamoDB that holds the orders."""
    if request.param == "dynamodb-local":
        try:
            find_home(os.environ, Path.cwd())
        except TargetMissing as exc:
            skip_or_fail(exc)
    with open_dynamodb_local() if request.param == "dynamodb-local" else open_moto() as target:
        client = target.client()
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
        for order in ORDERS:
            item: Any = {name: _attribute_value(value) for name, value in order.items()}
            client.put_item(TableName=TABLE, Item=item)
        yield target.endpoint


@pytest.fixture(scope="module")
def aqp_url(endpoint_url: str) -> Iterator[str]:
    with aqp("--endpoint-url", endpoint_url, "--region", "us-east-1") as url:
        yield url


def _get(url: str, sql: str) -> requests.Response:
    return requests.get(url + query_path(sql), auth=(USER, PASSWORD), timeout=30)


def _rows(url: str, sql: str) -> list[dict[str, Any]]:
    response = _get(url, sql)
    assert response.status_code == 200, response.text
    answer = simplejson.loads(response.text, use_decimal=True)
    rows: list[dict[str, Any]] = answer["response"][0]["resultSet"]
    return rows


@pytest.mark.parametrize("pk", [PLAIN, LARGE, *HOSTILE, "not there"])
def test_the_workload_queries_answer_what_a_loop_over_the_items_computes(
    aqp_url: str, pk: str
) -> None:
    amounts: dict[int, Fraction] = defaultdict(Fraction)
    statuses: dict[str, int] = defaultdict(int)
    for order in ORDERS:
        if order["pk"] == pk:
            amounts[order["zipcode"]] += Fraction(order["amount"])
            statuses[order["status"]] += 1

    by_zipcode = _rows(aqp_url, zipcode_query(TABLE, pk))
    by_status = _rows(aqp_url, status_query(TABLE, pk))

    assert {row["zipcode"]: Fraction(row["total"]) for row in by_zipcode} == amounts
    assert {row["status"]: row["total"] for row in by_status} == statuses
    assert {row["pk"] for row in by_zipcode + by_status} <= {pk}


def test_conditions_are_decided_by_dynamodb(aqp_url: str) -> None:
    rows = _rows(
        aqp_url,
        "select count(*) as n, min(amount) as low, max(sk) as last from orders "
        "where pk in ('large', 'it''s', 'large') and zipcode between 10002 and 10005 "
        "and status <> 'PAYED' and begins_with(sk, 'ORDER#00')",
    )

    expected = [
        order
        for order in ORDERS
        if order["pk"] in {"large", "it's"}
        and 10_002 <= order["zipcode"] <= 10_005
        and order["status"] != "PAYED"
        and order["sk"].startswith("ORDER#00")
    ]
    assert rows == [
        {
            "n": len(expected),
            "low": min(order["amount"] for order in expected),
            "last": max(order["sk"] for order in expected),
        }
    ]


def test_an_error_of_dynamodb_is_a_502_with_its_code(aqp_url: str) -> None:
    response = _get(aqp_url, "select pk from orders where pk = 5")

    assert response.status_code == 502
    assert response.json()["message"].startswith("DynamoDB answered ValidationException: ")


def test_a_scan_reads_the_whole_table_when_it_is_allowed(endpoint_url: str) -> None:
    with aqp("--endpoint-url", endpoint_url, "--region", "us-east-1", "--allow-scan") as url:
        rows = _rows(
            url, "select pk, count(*) as n from orders group by pk order by n desc limit 2"
        )

    assert rows == [{"pk": LARGE, "n": 150}, {"pk": PLAIN, "n": 60}]


def test_limits_are_settings(endpoint_url: str) -> None:
    with aqp("--endpoint-url", endpoint_url, "--region", "us-east-1", "--max-items", "100") as url:
        refused = _get(url, zipcode_query(TABLE, LARGE))
        answered = _get(url, zipcode_query(TABLE, PLAIN))

    assert (refused.status_code, answered.status_code) == (413, 200)
    assert refused.json()["message"] == "the query reads more than 100 items"


def test_the_preflight_passes_with_the_password_and_not_without(aqp_url: str) -> None:
    query = preflight_query(TABLE, {"pk": "S", "sk": "S"})
    check_aqp(aqp_url, user=USER, password=PASSWORD, query=query)

    with pytest.raises(AqpUnauthorized):
        check_aqp(aqp_url, user=USER, password="secretEXAMPLE", query=query)


def test_an_endpoint_that_is_not_there_is_a_502_not_a_crash() -> None:
    with aqp("--endpoint-url", NOBODY) as url:
        first, second = (_get(url, status_query(TABLE, "a")) for _ in range(2))

    assert (first.status_code, second.status_code) == (502, 502)
    assert f"{NOBODY} is not reachable" in first.json()["message"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_quietly_with_success(number: signal.Signals) -> None:
    argv = [sys.executable, "-m", "aqp_perf.aqp", "--endpoint-url", NOBODY, "--table", TABLE]
    with subprocess.Popen(
        [*argv, "--port", "0"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        first_line = process.stdout.readline()
        process.send_signal(number)
        stdout, stderr = process.communicate(timeout=30)

    assert first_line.startswith("ready http://127.0.0.1:")
    assert (stdout, stderr, process.returncode) == ("", "", 0)


def _fails(*arguments: str, **environment: str) -> str:
    """Return the error output of a run that must end at once, with exit code 2."""
    done = subprocess.run(
        [sys.executable, "-m", "aqp_perf.aqp", "--table", TABLE, *arguments],
        check=False,
        capture_output=True,
        env={**os.environ, **environment},
        text=True,
        timeout=30,
    )
    assert (done.returncode, done.stdout) == (2, "")
    return done.stderr


def test_a_taken_port_is_one_clear_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        stderr = _fails("--endpoint-url", NOBODY, "--port", str(port))

    assert stderr == (f"aqp_perf.aqp: 127.0.0.1:{port} is taken: name another port\n")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--endpoint-url", "ftp://h"], "aqp_perf.aqp: --endpoint-url: 'ftp://h' is not valid"),
        (["--endpoint-url", NOBODY, "--bind", "192.0.2.1"], "aqp_perf.aqp: --bind: '192.0.2.1'"),
        (["--endpoint-url", NOBODY, "--port", "65536"], "'65536' is not a whole number"),
        (["--endpoint-url", NOBODY, "--max-items", "0"], "'0' is not a whole number from 1"),
        ([], "--endpoint-url"),
    ],
)
def test_a_mistake_in_the_options_is_named(arguments: list[str], message: str) -> None:
    assert message in _fails(*arguments)


def test_the_example_password_is_for_this_machine_only() -> None:
    stderr = _fails("--endpoint-url", NOBODY, "--bind", EVERYWHERE, "--port", "0")

    assert stderr.startswith(
        "aqp_perf.aqp: --bind: '0.0.0.0' is not valid: other machines could send queries"
    )


def test_with_its_own_password_it_may_bind_every_address() -> None:
    with aqp("--endpoint-url", NOBODY, "--bind", EVERYWHERE) as url:
        reply = _get(url, "select a")

    assert (url[:15], reply.status_code) == ("http://0.0.0.0:", 400)


def test_headers_have_a_limit(aqp_url: str) -> None:
    headers = {"X-Padding": "x" * 100_000}

    reply = requests.get(aqp_url, headers=headers, timeout=30)

    assert reply.status_code == 431


def test_connections_without_a_request_do_not_block_others() -> None:
    """More of them than this process may have files, each with half of a request."""
    limited = 'ulimit -n 256; exec "$0" "$@"'
    argv = [sys.executable, "-m", "aqp_perf.aqp", "--port", "0", "--table", TABLE]
    command = ["/bin/sh", "-c", limited, *argv, "--endpoint-url", NOBODY]
    with Child("AQP", command, environment=os.environ) as child, ExitStack() as held:
        url = child.wait_for_line("ready ", 30)
        address = ("127.0.0.1", urlsplit(url).port)
        half = [held.enter_context(socket.create_connection(address)) for _ in range(300)]
        for each in half:
            each.sendall(b"GET /query-aggregation/select HTTP/1.1\r\nHost: loc")
        for each in half[:200]:
            each.close()

        reply = _get(url, "select a")

        assert reply.status_code == 401  # the example password holds here
        assert "accept() threw" not in child.output_tail


def test_an_empty_password_is_a_mistake_not_the_example() -> None:
    stderr = _fails("--endpoint-url", NOBODY, PERF_AQP_PASSWORD="")

    assert stderr.startswith("aqp_perf.aqp: PERF_AQP_PASSWORD: ")
