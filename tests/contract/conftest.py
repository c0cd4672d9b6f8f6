"""The implementations of DynamoDB that one suite of statements is held against."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest

from aqp_perf import targets
from aqp_perf.errors import TargetMissing
from aqp_perf.plugin.start import begin
from aqp_perf.targets import TargetSpec, parse_target
from tests.doubles.missing import skip_or_fail

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

LOCAL_TARGETS = ("moto", "dynamodb-local")
"""What every machine holds the suite against."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Implementation:
    """One DynamoDB."""

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
        # DynamoDB Local says DuplicateItem where DynamoDB says DuplicateItemException:
        # https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_ExecuteStatement.html
        code, _ = self.refusal(statement, *parameters, **options)
        return "DuplicateItemException" if code == "DuplicateItem" else code

    def refusal(
        self,
        statement: str,
        *parameters: dict[str, Any],
        **options: Any,  # noqa: ANN401  # what the API takes
    ) -> tuple[str, str]:
        """Run a statement that must end in an error with status 400; return code and message."""
        error = self.implementation.client.exceptions.ClientError
        with pytest.raises(error) as raised:
            self.page(statement, *parameters, **options)
        assert raised.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400
        sent = raised.value.response["Error"]
        return sent["Code"], sent["Message"]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Hold the suite against the local targets, and against what ``--perf-target`` names."""
    if "implementation" not in metafunc.fixturenames:
        return
    chosen = begin(metafunc.config).session.target
    specs = {name: parse_target(name) for name in LOCAL_TARGETS}
    specs.setdefault(chosen.url or str(chosen.kind), chosen)
    metafunc.parametrize(
        "implementation", list(specs.values()), ids=list(specs), indirect=True, scope="session"
    )


@pytest.fixture(scope="session")
def implementation(request: pytest.FixtureRequest) -> Iterator[Implementation]:
    spec: TargetSpec = request.param
    with ExitStack() as opened:
        try:
            target = opened.enter_context(targets.open_target(spec))
        except TargetMissing as error:
            skip_or_fail(error)
        client = target.client()
        opened.callback(client.close)
        headers = client.list_tables()["ResponseMetadata"]["HTTPHeaders"]
        is_local = headers.get("server", "").startswith("Jetty")
        yield Implementation(client=client, is_local=is_local)


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
