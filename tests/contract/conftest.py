"""The implementations of DynamoDB that one suite of statements is held against."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn
from uuid import uuid4

import boto3
import pytest
from botocore.config import Config

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

READY_WITHIN_S = 60
ENDPOINT_VARIABLE = "PERF_CONTRACT_ENDPOINT"
LOCAL_HOME_VARIABLE = "DYNAMODB_LOCAL_HOME"
IMPLEMENTATIONS = ["moto", "dynamodb-local"]
if ENDPOINT_VARIABLE in os.environ:  # the one place that decides on a third
    IMPLEMENTATIONS.append("endpoint")
HOW_TO_GET_LOCAL = (
    f"set {LOCAL_HOME_VARIABLE} to a folder with DynamoDBLocal.jar; one way to get it: "
    "npm pack amplify-dynamodb-simulator, unpack, folder package/emulator"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Implementation:
    """One DynamoDB, under the name by which the suite knows it."""

    name: str
    client: "DynamoDBClient"
    is_local: bool
    """Whether it is DynamoDB Local, whoever started it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a statement was answered with, over all of its pages."""

    items: list[dict[str, Any]]
    page_count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ContractTable:
    """A table of the implementation under test, under a name nobody else uses."""

    name: str
    implementation: Implementation

    def page(
        self,
        statement: str,
        *parameters: dict[str, Any],
        **options: Any,  # noqa: ANN401  # what the API takes
    ) -> dict[str, Any]:
        """Run one statement, ``{t}`` in it standing for the table; return the answer as sent."""
        if parameters:
            options["Parameters"] = list(parameters)
        text = statement.replace("{t}", f'"{self.name}"')
        answer = self.implementation.client.execute_statement(Statement=text, **options)
        return dict(answer)

    def run(
        self,
        statement: str,
        *parameters: dict[str, Any],
        **options: Any,  # noqa: ANN401  # what the API takes
    ) -> Answer:
        """Run one statement and follow NextToken to the end."""
        answer = self.page(statement, *parameters, **options)
        items, page_count = list(answer["Items"]), 1
        while "NextToken" in answer:
            answer = self.page(statement, *parameters, NextToken=answer["NextToken"], **options)
            items += answer["Items"]
            page_count += 1
        return Answer(items=items, page_count=page_count)

    def refused(
        self,
        statement: str,
        *parameters: dict[str, Any],
        **options: Any,  # noqa: ANN401  # what the API takes
    ) -> str:
        """Run a statement that must end in an error with HTTP status 400; return its code."""
        error = self.implementation.client.exceptions.ClientError
        with pytest.raises(error) as raised:
            self.page(statement, *parameters, **options)
        assert raised.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400
        # DynamoDB Local says DuplicateItem where DynamoDB says DuplicateItemException:
        # https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_ExecuteStatement.html
        code = raised.value.response["Error"]["Code"]
        return "DuplicateItemException" if code == "DuplicateItem" else code


@pytest.fixture(scope="session", params=IMPLEMENTATIONS)
def implementation(request: pytest.FixtureRequest) -> Iterator[Implementation]:
    name: str = request.param
    with {"moto": moto, "dynamodb-local": dynamodb_local, "endpoint": endpoint}[name]() as url:
        client = boto3.client(
            "dynamodb",
            endpoint_url=url,
            region_name="us-east-1",
            aws_access_key_id="contract",
            aws_secret_access_key="contract",
            config=Config(retries={"total_max_attempts": 1}),
        )
        try:
            headers = client.list_tables()["ResponseMetadata"]["HTTPHeaders"]
            is_local = headers.get("server", "").startswith("Jetty")
            yield Implementation(name=name, client=client, is_local=is_local)
        finally:
            client.close()


@pytest.fixture
def make_table(implementation: Implementation) -> Iterator[Callable[..., ContractTable]]:
    """Create tables; all of them are deleted, whatever happens."""
    client, names = implementation.client, []

    def make(
        sort_key_type: str | None = "S",
        **settings: Any,  # noqa: ANN401  # what the API takes
    ) -> ContractTable:
        keys = {"pk": "S"} | ({} if sort_key_type is None else {"sk": sort_key_type})
        name = f"contract-{uuid4()}"
        names.append(name)
        client.create_table(
            TableName=name,
            KeySchema=[
                {"AttributeName": key, "KeyType": kind}  # type: ignore[typeddict-item]
                for key, kind in zip(keys, ("HASH", "RANGE"), strict=False)
            ],
            AttributeDefinitions=[
                {"AttributeName": key, "AttributeType": kind}
                for key, kind in (keys | settings.pop("attributes", {})).items()
            ],
            BillingMode="PAY_PER_REQUEST",
            **settings,
        )
        client.get_waiter("table_exists").wait(TableName=name)
        return ContractTable(name=name, implementation=implementation)

    try:
        yield make
    finally:
        for name in names:
            client.delete_table(TableName=name)


@pytest.fixture
def table(make_table: Callable[..., ContractTable]) -> ContractTable:
    return make_table()


@contextmanager
def moto() -> Iterator[str]:
    with running([sys.executable, "-m", "perf.targets.moto", "--port", "0"]) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line.startswith("ready "), f"the moto server did not start: {line!r}"
        yield line.removeprefix("ready ").strip()


@contextmanager
def dynamodb_local() -> Iterator[str]:
    home = os.environ.get(LOCAL_HOME_VARIABLE)
    if home is None:
        absent(f"DynamoDB Local is not here: {HOW_TO_GET_LOCAL}")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = ["java", f"-Djava.library.path={home}/DynamoDBLocal_lib", "-jar"]
    command += [f"{home}/DynamoDBLocal.jar", "-inMemory", "-sharedDb", "-port", str(port)]
    with running(command, cwd=Path(home)) as process:
        wait_for_port(port, process)
        yield f"http://127.0.0.1:{port}"


@contextmanager
def endpoint() -> Iterator[str]:
    yield os.environ[ENDPOINT_VARIABLE]


def absent(reason: str) -> NoReturn:
    """Skip on a person's machine, fail where every implementation must be there."""
    if "CI" in os.environ:
        pytest.fail(reason)
    pytest.skip(reason)


@contextmanager
def running(command: list[str], cwd: Path | None = None) -> Iterator["subprocess.Popen[str]"]:
    process = subprocess.Popen(command, cwd=cwd, stdout=subprocess.PIPE, text=True)
    try:
        yield process
    finally:
        process.terminate()
        process.communicate(timeout=READY_WITHIN_S)


def wait_for_port(port: int, process: "subprocess.Popen[str]") -> None:
    deadline = time.monotonic() + READY_WITHIN_S
    while time.monotonic() < deadline:
        assert process.poll() is None, f"DynamoDB Local ended with exit code {process.returncode}"
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.1)  # between two looks; the deadline decides
        else:
            return
    pytest.fail(f"DynamoDB Local did not listen on port {port} within {READY_WITHIN_S} s")
