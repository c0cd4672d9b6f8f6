"""The locust command by itself: alone, with master and workers, and with its web UI."""

import json
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

import boto3
import pytest
import requests
from requests.adapters import HTTPAdapter
from urllib3.util import Retry

from aqp_perf.children import Child
from aqp_perf.core.data.statements import (
    READ_OPERATION,
    STATUS_OPERATION,
    WRITE_OPERATION,
    ZIPCODE_OPERATION,
)
from aqp_perf.loadgen.command.run_spec import LOCUSTFILE
from tests.doubles.counting_server import counting_server
from tests.doubles.processes import free_port

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

TABLE = "orders"
READY_WITHIN_S = 30.0
ENDS_WITHIN_S = 40.0
LOCUST = [sys.executable, "-m", "locust", "-f", str(LOCUSTFILE)]
REGION = {"AWS_REGION": "us-east-1"}
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "local", "AWS_SECRET_ACCESS_KEY": "local"}
ENVIRONMENT = os.environ | REGION | CREDENTIALS


@pytest.fixture(scope="module")
def endpoint_url() -> Iterator[str]:
    argv = [sys.executable, "-m", "aqp_perf.targets.moto", "--port", "0"]
    with Child("moto", argv, environment=ENVIRONMENT) as moto:
        yield moto.wait_for_line("ready ", READY_WITHIN_S)


@pytest.fixture(scope="module")
def dynamodb(endpoint_url: str) -> Iterator["DynamoDBClient"]:
    """A client of an endpoint that has the table."""
    client = boto3.client(
        "dynamodb",
        endpoint_url=endpoint_url,
        region_name="us-east-1",
        aws_access_key_id="local",
        aws_secret_access_key="local",
    )
    client.create_table(
        TableName=TABLE,
        AttributeDefinitions=[
            {"AttributeName": "pk", "AttributeType": "S"},
            {"AttributeName": "sk", "AttributeType": "S"},
        ],
        KeySchema=[
            {"AttributeName": "pk", "KeyType": "HASH"},
            {"AttributeName": "sk", "KeyType": "RANGE"},
        ],
        BillingMode="PAY_PER_REQUEST",
    )
    yield client
    client.close()


@pytest.fixture(scope="module")
def aqp_url(endpoint_url: str, dynamodb: "DynamoDBClient") -> Iterator[str]:
    del dynamodb  # the table is there
    argv = [sys.executable, "-m", "aqp_perf.aqp", "--port", "0"]
    argv += ["--endpoint-url", endpoint_url, "--table", TABLE]
    with Child("AQP", argv, environment=ENVIRONMENT) as aqp:
        yield aqp.wait_for_line("ready ", READY_WITHIN_S)


def items_in(dynamodb: "DynamoDBClient") -> int:
    pages = dynamodb.get_paginator("scan").paginate(TableName=TABLE, Select="COUNT")
    return sum(page["Count"] for page in pages)


def test_a_master_and_a_worker_run_every_workload(
    endpoint_url: str, dynamodb: "DynamoDBClient", aqp_url: str
) -> None:
    """The worker is told nothing but where its master is."""
    port = free_port()
    before = items_in(dynamodb)
    master_argv = [
        *(*LOCUST, "--master", "--master-bind-host=127.0.0.1", f"--master-bind-port={port}"),
        *("--headless", "-u", "10", "-r", "5", "--run-time", "6s", "--stop-timeout", "2"),
        *("--host", aqp_url, "--endpoint-url", endpoint_url, "--table", TABLE),
        *("--expect-workers", "1", "--json"),
    ]
    worker_argv = [*LOCUST, "--worker", "--master-host=127.0.0.1", f"--master-port={port}"]
    with (
        Child("master", master_argv, environment=ENVIRONMENT) as master,
        Child("worker", worker_argv, environment=ENVIRONMENT) as worker,
    ):
        master_code = master.wait(ENDS_WITHIN_S)
        worker_code = worker.wait(ENDS_WITHIN_S)
        master.stop()  # it has ended; this waits for the rest of its output
        output = master.output_tail
        print(output, worker.output_tail, sep="\n")  # noqa: T201 - shown when the test fails

    stats = json.loads(output[output.index("\n[\n") : output.rindex("]") + 1])
    sent = {each["name"]: each["num_requests"] for each in stats}
    assert (master_code, worker_code) == (0, 0)
    assert sent.keys() == {READ_OPERATION, STATUS_OPERATION, WRITE_OPERATION, ZIPCODE_OPERATION}
    assert sum(each["num_failures"] for each in stats) == 0
    assert items_in(dynamodb) - before == sent[WRITE_OPERATION] > 0


@contextmanager
def web_ui(*arguments: str) -> Iterator[tuple[requests.Session, str]]:
    """Start locust with its web UI; yield a client that tries until locust listens, and the URL."""
    url = f"http://127.0.0.1:{(port := free_port())}"
    argv = [*LOCUST, *arguments, "--web-host", "127.0.0.1", "--web-port", str(port)]
    with Child("locust", argv, environment=ENVIRONMENT), requests.Session() as client:
        retries = Retry(total=None, connect=50, backoff_factor=0.1, backoff_max=0.5)
        client.mount(url, HTTPAdapter(max_retries=retries))
        yield client, url


def test_the_web_ui_starts_shows_and_stops_a_run() -> None:
    with (
        counting_server() as server,
        web_ui("PartiqlWriteUser", "--endpoint-url", server.url) as (client, url),
    ):
        form = {"user_count": "2", "spawn_rate": "2", "perf_pacing": "50/s"}
        assert client.post(f"{url}/swarm", form, timeout=10).json()["success"]
        assert server.has_request.wait(READY_WITHIN_S)
        assert client.post(f"{url}/stop", timeout=10).json()["success"]
        shown = client.get(f"{url}/stats/requests", timeout=10).json()

    requests_by_name = {each["name"]: each["num_requests"] for each in shown["stats"]}
    assert shown["state"] == "stopped"
    assert shown["errors"] == []
    assert requests_by_name[WRITE_OPERATION] == server.counts["INSERT"] > 0


@pytest.mark.parametrize("processes", [1, 2])
@pytest.mark.parametrize(
    ("environment", "message"),
    [
        (os.environ | CREDENTIALS, "no AWS region: give --region or set AWS_REGION"),
        (os.environ | REGION, "no AWS credentials: botocore's chain found none"),
    ],
    ids=["region", "credentials"],
)
def test_missing_settings_are_reported_once_and_no_load_is_sent(
    environment: Mapping[str, str], message: str, processes: int
) -> None:
    with counting_server() as server:
        argv = [*LOCUST, "PartiqlWriteUser", "--endpoint-url", server.url, "--headless"]
        argv += ["-u", "5", "-r", "5", "-t", "30s"]
        if processes > 1:
            port = str(free_port())
            argv += ["--processes", str(processes), "--master-bind-host", "127.0.0.1"]
            argv += ["--master-bind-port", port, "--master-port", port]
        with Child("locust", argv, environment=environment) as child:
            assert child.wait(ENDS_WITHIN_S) == 2
            child.stop()
            output = child.output_tail

    assert message in output
    assert processes > 1 or output.count(message) == 1
    assert "Traceback" not in output
    assert not server.counts
