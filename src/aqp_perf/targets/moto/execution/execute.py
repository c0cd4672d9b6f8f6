"""ExecuteStatement: one request's JSON in, the answer's JSON out."""

from collections.abc import Mapping
from typing import Any, assert_never

from aqp_perf.core.aws.capacity_units import read_units, write_units
from aqp_perf.targets.moto.execution.insert import insert_item
from aqp_perf.targets.moto.execution.select import decode_position, encode_position, select_page
from aqp_perf.targets.moto.execution.values import item_bytes, parse_value
from aqp_perf.targets.moto.moto_tables import (
    DynamoType,
    GlobalSecondaryIndex,
    Table,
    find_index,
    find_table,
    indexes_with,
)
from aqp_perf.targets.moto.refusal import RequestRefused
from aqp_perf.targets.moto.syntax import statement as s
from aqp_perf.targets.moto.syntax.parser import parse_statement


def execute_statement(request: Mapping[str, Any], region: str) -> dict[str, Any]:
    """Return the answer to one ExecuteStatement request.

    Args:
        request: the members of the request, as in the DynamoDB API.
        region: where the table is.

    Raises:
        RequestRefused: DynamoDB answers the request with an error.
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
    match statement:
        case s.Insert():
            answer, units = _insert(table, statement, parameters)
        case s.Select():
            answer, units = _select(table, statement, parameters, request)
        case _:
            assert_never(statement)
    if request.get("ReturnConsumedCapacity", "NONE") != "NONE":
        answer["ConsumedCapacity"] = {"TableName": table.name, "CapacityUnits": units}
    return answer


def _insert(
    table: Table, statement: s.Insert, parameters: list[DynamoType]
) -> tuple[dict[str, Any], float]:
    """Return the answer, and the write units of the item and of its index entries."""
    item = insert_item(table, statement, parameters)
    written = [item, *(index.project(item) for index in indexes_with(table, item))]
    return {"Items": []}, sum(write_units(item_bytes(one.attrs)) for one in written)


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
