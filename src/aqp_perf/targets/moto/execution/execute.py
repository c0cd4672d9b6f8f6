"""ExecuteStatement: one request's JSON in, the answer's JSON out."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from aqp_perf.core.aws.capacity_units import read_units
from aqp_perf.targets.moto.execution.select import decode_position, encode_position, select_page
from aqp_perf.targets.moto.execution.values import parse_value
from aqp_perf.targets.moto.execution.write import prepare_write
from aqp_perf.targets.moto.moto_tables import (
    DynamoType,
    GlobalSecondaryIndex,
    Table,
    find_index,
    find_table,
)
from aqp_perf.targets.moto.refusal import RequestRefused
from aqp_perf.targets.moto.syntax import statement as s
from aqp_perf.targets.moto.syntax.parser import parse_statement

NOT_IN_TRANSACTION = "EXISTS can only be used in ExecuteTransaction write requests."


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One statement of a request."""

    statement: s.Statement
    parameters: list[DynamoType]
    table: Table
    shows_item: bool
    """Whether a refusal by a condition shows the item as it is."""


def read_statement(request: Mapping[str, Any], region: str) -> Asked:
    """Return what one statement asks for.

    Args:
        request: its text and its parameters, as in the DynamoDB API.
        region: where the table is.

    Raises:
        RequestRefused: not a statement, other parameters than it has ``?``, or no such table.
    """
    statement = parse_statement(request["Statement"])
    sent = request.get("Parameters") or []
    if len(sent) != statement.parameter_count:
        raise RequestRefused("Number of parameters in request and statement don't match.")
    parameters = [parse_value(value) for value in sent]
    table = find_table(region, statement.table)
    if table is None:
        raise RequestRefused(
            "Cannot do operations on a non-existent table", "ResourceNotFoundException"
        )
    return Asked(
        statement=statement,
        parameters=parameters,
        table=table,
        shows_item=request.get("ReturnValuesOnConditionCheckFailure") == "ALL_OLD",
    )


def execute_statement(request: Mapping[str, Any], region: str) -> dict[str, Any]:
    """Return the answer to one ExecuteStatement request.

    Args:
        request: the members of the request, as in the DynamoDB API.
        region: where the table is.

    Raises:
        RequestRefused: DynamoDB answers the request with an error.
    """
    asked = read_statement(request, region)
    table, parameters = asked.table, asked.parameters
    match asked.statement:
        case s.Select() as select:
            answer, units = _select(table, select, parameters, request)
        case s.Exists():
            raise RequestRefused(NOT_IN_TRANSACTION)
        case statement:
            write = prepare_write(table, statement, parameters, shows_item=asked.shows_item)
            units = write.commit()
            answer = {"Items": [] if write.returned is None else [write.returned]}
    if wants_capacity(request):
        answer["ConsumedCapacity"] = consumed(table, units)
    return answer


def wants_capacity(request: Mapping[str, Any]) -> bool:
    """Return whether a request asks for the capacity units that it took."""
    return bool(request.get("ReturnConsumedCapacity", "NONE") != "NONE")


def consumed(table: Table, units: float) -> dict[str, Any]:
    """Return the capacity units of one statement, as an answer states them."""
    return {"TableName": table.name, "CapacityUnits": units}


def _select(
    table: Table,
    statement: s.Select,
    parameters: list[DynamoType],
    request: Mapping[str, Any],
) -> tuple[dict[str, Any], float]:
    """Return the answer, and the read units of what was read for it."""
    consistent = bool(request.get("ConsistentRead"))
    index = find_index(table, statement.index) if statement.index else None
    if consistent and isinstance(index, GlobalSecondaryIndex):
        raise RequestRefused("Consistent read cannot be true when querying a GSI")
    token = request.get("NextToken")
    page = select_page(
        table,
        statement,
        parameters,
        limit=request.get("Limit"),
        start=None if token is None else decode_position(token),
    )
    answer: dict[str, Any] = {"Items": page.items}
    if page.next_position is not None:
        answer["NextToken"] = encode_position(page.next_position)
    return answer, read_units(page.processed_bytes, is_consistent=consistent)
