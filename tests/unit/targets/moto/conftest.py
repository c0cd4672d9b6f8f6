import json
from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import pytest
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.dynamodb.models import dynamodb_backends

from aqp_perf.targets.moto.execution.execute import execute_statement
from aqp_perf.targets.moto.moto_tables import DynamoType, Table

REGION = "eu-west-1"

Execute = Callable[..., dict[str, Any]]


@pytest.fixture
def make_table() -> Iterator[Callable[..., Table]]:
    """Create tables of the seed's key schema, with an index and a stream on request."""
    backend = dynamodb_backends[DEFAULT_ACCOUNT_ID][REGION]
    names: list[str] = []

    def make(
        *,
        sort_key_type: str | None = "S",
        index: dict[str, Any] | None = None,
        streams: dict[str, Any] | None = None,
        name: str | None = None,
    ) -> Table:
        keys = {"pk": "S"} | ({} if sort_key_type is None else {"sk": sort_key_type})
        names.append(name or f"table-{uuid4()}")
        return backend.create_table(
            names[-1],
            schema=[
                {"AttributeName": key, "KeyType": kind}
                for key, kind in zip(keys, ("HASH", "RANGE"), strict=False)
            ],
            throughput=None,
            attr=[
                {"AttributeName": key, "AttributeType": kind}
                for key, kind in (keys | ({"zipcode": "N"} if index else {})).items()
            ],
            global_indexes=[index] if index else [],
            indexes=[],
            streams=streams,
            billing_mode="PAY_PER_REQUEST",
            sse_specification=None,
            tags=[],
            deletion_protection_enabled=False,
            warm_throughput=None,
        )

    try:
        yield make
    finally:
        for name in names:
            backend.tables.pop(name)


@pytest.fixture
def execute() -> Execute:
    """Run one statement, as ``execute(text, *parameters, Limit=2)``."""

    def run(
        text: str,
        *parameters: dict[str, Any],
        **options: Any,  # noqa: ANN401  # what the API takes
    ) -> dict[str, Any]:
        request = {"Statement": text, "Parameters": list(parameters), **options}
        answer = execute_statement(request, REGION)
        sent: dict[str, Any] = json.loads(json.dumps(answer, default=DynamoType.to_json))
        return sent

    return run
