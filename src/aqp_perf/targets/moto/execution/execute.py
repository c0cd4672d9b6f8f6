"""ExecuteStatement: one request's JSON in, the answer's JSON out."""

from collections.abc import Mapping
from typing import Any, TypeAlias, assert_never

from aqp_perf.core.aws.capacity_units import read_units, write_units
from aqp_perf.targets.moto.execution.insert import insert_item
from aqp_perf.targets.moto.execution.next_token import decode_position, encode_position, fingerprint
from aqp_perf.targets.moto.execution.select import select_page
from aqp_perf.targets.moto.execution.values import checked_value, item_bytes
from aqp_perf.targets.moto.moto_tables import (
    GlobalSecondaryIndex,
    Table,
    find_index,
    find_table,
)
from aqp_perf.targets.moto.refusal import ErrorCode, RequestRefused
from aqp_perf.targets.moto.syntax import statement as s
from aqp_perf.targets.moto.syntax.parser import parse_statement

Units: TypeAlias = dict[str | None, float]
"""Capacity units by the name of the index that consumed them; None is the table itself."""


def execute_statement(request: Mapping[str, Any], region: str) -> dict[str, Any]:
    """Return the answer to one ExecuteStatement request.

    Args:
        request: the members of the request, as in the DynamoDB API.
        region: where the table is.

    Raises:
        RequestRefused: DynamoDB answers the request with an error.
    """
    text = request.get("Statement")
    if text is None:
        raise RequestRefused(
            "1 validation error detected: Value null at 'statement' failed to satisfy constraint: "
            "Member must not be null"
        )
    _check_options(request)
    statement = parse_statement(text)
    sent = request.get("Parameters") or []
    if len(sent) != statement.parameter_count:
        raise RequestRefused("Number of parameters in request and statement don't match.")
    parameters = [checked_value(value) for value in sent]
    table = find_table(region, statement.table)
    if table is None:
        raise RequestRefused(
            "Cannot do operations on a non-existent table", ErrorCode.TABLE_NOT_FOUND
        )
    match statement:
        case s.Insert():
            answer, units = _insert(table, statement, parameters)
        case s.Select():
            answer, units = _select(table, statement, parameters, request)
        case _:
            assert_never(statement)
    if request.get("ReturnConsumedCapacity", "NONE") != "NONE":
        answer["ConsumedCapacity"] = _consumed_capacity(
            table, units, by_index=request["ReturnConsumedCapacity"] == "INDEXES"
        )
    return answer


def _check_options(request: Mapping[str, Any]) -> None:
    limit = request.get("Limit")
    if limit is not None and limit < 1:
        raise RequestRefused(
            f"1 validation error detected: Value '{limit}' at 'limit' failed to satisfy "
            "constraint: Member must have value greater than or equal to 1"
        )
    wanted = request.get("ReturnConsumedCapacity", "NONE")
    if wanted not in {"NONE", "TOTAL", "INDEXES"}:
        raise RequestRefused(
            f"1 validation error detected: Value '{wanted}' at 'returnConsumedCapacity' failed to "
            "satisfy constraint: Member must satisfy enum value set: [INDEXES, TOTAL, NONE]"
        )


def _insert(
    table: Table, statement: s.Insert, parameters: list[s.AttributeValue]
) -> tuple[dict[str, Any], Units]:
    item = insert_item(table, statement, parameters)
    units: Units = {None: write_units(item_bytes(item.attrs))}
    for index in table.all_indexes():
        if all(name in item.attrs for name in index.schema_key_attrs):
            units[index.name] = write_units(item_bytes(index.project(item).attrs))
    return {"Items": []}, units


def _select(
    table: Table,
    statement: s.Select,
    parameters: list[s.AttributeValue],
    request: Mapping[str, Any],
) -> tuple[dict[str, Any], Units]:
    consistent = bool(request.get("ConsistentRead"))
    index = find_index(table, statement.index) if statement.index else None
    if consistent and isinstance(index, GlobalSecondaryIndex):
        raise RequestRefused("Consistent read cannot be true when querying a GSI")
    token = request.get("NextToken")
    owner = fingerprint(request["Statement"], parameters)
    page = select_page(
        table,
        statement,
        parameters,
        limit=request.get("Limit"),
        start=None if token is None else decode_position(token, of=owner),
    )
    answer: dict[str, Any] = {"Items": page.items}
    if page.next_position is not None:
        answer["NextToken"] = encode_position(page.next_position, of=owner)
    return answer, {statement.index: read_units(page.processed_bytes, is_consistent=consistent)}


def _consumed_capacity(table: Table, units: Units, *, by_index: bool) -> dict[str, Any]:
    """Return the ConsumedCapacity member of an answer: the total, and on request its parts."""
    consumed: dict[str, Any] = {"TableName": table.name, "CapacityUnits": sum(units.values())}
    if by_index:
        consumed["Table"] = {"CapacityUnits": units.get(None, 0.0)}
        for index in table.all_indexes():
            if index.name in units:
                is_global = isinstance(index, GlobalSecondaryIndex)
                scope = "GlobalSecondaryIndexes" if is_global else "LocalSecondaryIndexes"
                consumed.setdefault(scope, {})[index.name] = {"CapacityUnits": units[index.name]}
    return consumed
