"""``python -m aqp_perf.targets.moto`` as a process, over real sockets."""

import http.client
import json
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import boto3
import pytest
from botocore.config import Config

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

ClientOf = Callable[..., Any]

COMMAND = [sys.executable, "-m", "aqp_perf.targets.moto"]
ENDS_WITHIN_S = 30
HEADERS = {
    "Content-Type": "application/x-amz-json-1.0",
    "Authorization": "AWS4-HMAC-SHA256 Credential=x/20240229/us-east-1/dynamodb/aws4_request",
}


@contextmanager
def moto_server(*arguments: str) -> Iterator[tuple["subprocess.Popen[str]", str]]:
    process = subprocess.Popen(
        [*COMMAND, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line.startswith("ready http://127.0.0.1:"), line
        yield process, line.removeprefix("ready ").rstrip("\n")
    finally:
        process.kill()
        process.communicate()


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with moto_server() as (_, url):
        yield url


@pytest.fixture
def client_of() -> Iterator[ClientOf]:
    """Make SDK clients, closed at the end."""
    with ExitStack() as clients:

        def make(service: str, url: str, region: str = "us-east-1") -> Any:  # noqa: ANN401  # what the API takes
            client = boto3.client(
                service,  # type: ignore[call-overload]
                endpoint_url=url,
                region_name=region,
                aws_access_key_id="nobody",
                aws_secret_access_key="nothing",
                config=Config(retries={"total_max_attempts": 1}, max_pool_connections=20),
            )
            clients.callback(client.close)
            return client

        yield make


def create_orders(client: "DynamoDBClient", table: str) -> None:
    client.create_table(
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


def post(connection: http.client.HTTPConnection, target: str, body: bytes) -> tuple[int, Any]:
    connection.request("POST", "/", body, {"X-Amz-Target": target, **HEADERS})
    response = connection.getresponse()
    return response.status, json.loads(response.read())


def test_a_connection_is_kept_over_statements_of_ours_and_motos(
    client_of: ClientOf, url: str
) -> None:
    create_orders(client_of("dynamodb", url), "kept")
    connection = http.client.HTTPConnection(urlsplit(url).netloc)
    statement = json.dumps({"Statement": "SELECT * FROM kept"}).encode()

    post(connection, "DynamoDB_20120810.ExecuteStatement", statement)
    first = connection.sock
    answers = [
        post(connection, "DynamoDB_20120810.ExecuteStatement", statement),
        post(connection, "DynamoDB_20120810.ListTables", b"{}"),
        post(connection, "DynamoDB_20120810.ExecuteStatement", b'{"Statement": "no"}'),
        post(connection, "DynamoDB_20120810.ExecuteStatement", statement),
    ]

    assert first is not None
    assert connection.sock is first
    assert [status for status, _ in answers] == [200, 200, 400, 200]
    connection.close()


def test_regions_have_tables_of_their_own(client_of: ClientOf, url: str) -> None:
    here, there = (client_of("dynamodb", url, region) for region in ("eu-west-1", "eu-west-3"))
    create_orders(here, "orders")

    assert here.execute_statement(Statement="SELECT * FROM orders")["Items"] == []
    with pytest.raises(there.exceptions.ResourceNotFoundException):
        there.execute_statement(Statement="SELECT * FROM orders")


def test_a_batch_and_a_transaction_are_answered(client_of: ClientOf, url: str) -> None:
    client = client_of("dynamodb", url, "eu-north-1")
    create_orders(client, "orders")
    insert = "INSERT INTO orders VALUE {'pk': ?, 'sk': '1'}"

    client.execute_transaction(
        TransactStatements=[{"Statement": insert, "Parameters": [{"S": "a"}]}]
    )
    with pytest.raises(client.exceptions.TransactionCanceledException) as cancelled:
        client.execute_transaction(
            TransactStatements=[
                {"Statement": insert, "Parameters": [{"S": name}]} for name in ("a", "b")
            ]
        )
    batch = client.batch_execute_statement(
        Statements=[
            {
                "Statement": "SELECT pk FROM orders WHERE pk = ? AND sk = '1'",
                "Parameters": [{"S": name}],
            }
            for name in ("a", "b")
        ]
    )

    reasons = cancelled.value.response["CancellationReasons"]
    assert [reason["Code"] for reason in reasons] == ["ValidationError", "None"]
    assert [response.get("Item") for response in batch["Responses"]] == [{"pk": {"S": "a"}}, None]


def test_sts_answers_too(client_of: ClientOf, url: str) -> None:
    assert client_of("sts", url).get_caller_identity()["Account"] == "123456789012"


def test_concurrent_inserts_are_all_there_and_each_key_is_written_once(
    client_of: ClientOf, url: str
) -> None:
    client = client_of("dynamodb", url)
    create_orders(client, "concurrent")

    def insert(number: int) -> str:
        try:
            client.execute_statement(
                Statement="INSERT INTO concurrent VALUE {'pk': ?, 'sk': ?}",
                Parameters=[{"S": f"partition {number % 5}"}, {"S": str(number // 2)}],
            )
        except client.exceptions.DuplicateItemException:
            return "duplicate"
        return "stored"

    with ThreadPoolExecutor(max_workers=16) as pool:
        outcomes = list(pool.map(insert, range(400)))

    # number and number + 10·k differ in number // 2, so no key is asked for twice …
    assert outcomes == ["stored"] * 400
    with ThreadPoolExecutor(max_workers=16) as pool:
        outcomes = list(pool.map(insert, range(400)))
    # … but for the second time each is a duplicate, and none is lost or doubled.
    assert outcomes == ["duplicate"] * 400
    assert client.scan(TableName="concurrent", Select="COUNT")["Count"] == 400


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_quietly_even_with_connections_open(
    client_of: ClientOf, number: signal.Signals
) -> None:
    with moto_server("--port", "0") as (process, url):
        create_orders(client_of("dynamodb", url), "orders")
        process.send_signal(number)

        stdout, stderr = process.communicate(timeout=ENDS_WITHIN_S)

    assert (process.returncode, stdout, stderr) == (0, "", "")


def test_a_taken_port_is_one_clear_line_and_exit_code_2() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = subprocess.run(
            [*COMMAND, "--port", str(port)],
            capture_output=True,
            text=True,
            timeout=ENDS_WITHIN_S,
            check=False,
        )

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (f"aqp_perf.targets.moto: 127.0.0.1:{port} is taken: name another port\n")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--port", "x"], "argument --port: 'x' is not a whole number from 0 to 65535\n"),
        (["--port", "65536"], "argument --port: '65536' is not a whole number from 0 to 65535\n"),
        (["--bind", "203.0.113.1"], "is not valid: name an address of this machine\n"),
        (["--unknown"], "unrecognized arguments: --unknown\n"),
    ],
)
def test_bad_arguments_are_exit_code_2(arguments: list[str], message: str) -> None:
    done = subprocess.run(
        [*COMMAND, *arguments], capture_output=True, text=True, timeout=ENDS_WITHIN_S, check=False
    )

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.endswith(message)
