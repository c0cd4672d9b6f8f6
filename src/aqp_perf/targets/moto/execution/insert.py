"""INSERT: an item's attributes, checked as DynamoDB does."""

from collections.abc import Sequence

from aqp_perf.targets.moto.execution.conditions import constant_of
from aqp_perf.targets.moto.execution.values import (
    MAX_HASH_KEY_BYTES,
    MAX_ITEM_BYTES,
    MAX_RANGE_KEY_BYTES,
    Attributes,
    item_bytes,
    key_schema,
    value_bytes,
)
from aqp_perf.targets.moto.moto_tables import DynamoType, Table
from aqp_perf.targets.moto.refusal import RequestRefused
from aqp_perf.targets.moto.syntax import statement as s


def new_attributes(
    table: Table, statement: s.Insert, parameters: Sequence[DynamoType]
) -> dict[str, DynamoType]:
    """Return the attributes of the statement's item.

    Args:
        table: the table that the statement names.
        statement: its literals are checked already.
        parameters: one checked value for each ``?``.

    Raises:
        RequestRefused: the table cannot hold the item.
    """
    attributes: dict[str, DynamoType] = {}
    for name, operand in statement.attributes:
        value = constant_of(operand, parameters)
        assert value is not None, operand  # noqa: S101  # the grammar has nothing else here
        attributes[name] = DynamoType(value)  # a copy: cached statements share their literals
    check_item(table, attributes)
    return attributes


def check_item(table: Table, attributes: Attributes) -> None:
    """Refuse an item that the table cannot hold.

    Raises:
        RequestRefused: a key is missing, of another type or too long, or the item is too large.
    """
    schema = key_schema(table)
    limits = {schema.hash_key: MAX_HASH_KEY_BYTES, schema.range_key: MAX_RANGE_KEY_BYTES}
    for name in schema.types:
        if name not in attributes:
            raise RequestRefused(f"Key attribute should be present in the item: Key {name}")
        schema.check(name, attributes[name])
        if value_bytes(attributes[name]) > limits[name]:
            raise RequestRefused(
                "Hash primary key values must be under 2048 bytes, "
                "and range primary key values must be under 1024 bytes"
            )
    for index in table.all_indexes():
        for name, kind in key_schema(table, index).types.items():
            if name in attributes and kind != attributes[name].type:
                raise RequestRefused(
                    "One or more parameter values were invalid: Type mismatch for Index Key "
                    f"{name} Expected: {kind} Actual: {attributes[name].type} "
                    f"IndexName: {index.name}"
                )
            if name in attributes and attributes[name].value == "":
                raise RequestRefused(
                    "One or more parameter values are not valid. A value specified for a secondary "
                    "index key is not supported. The AttributeValue for a key attribute cannot "
                    f"contain an empty string value. IndexName: {index.name}, IndexKey: {name}"
                )
    if item_bytes(attributes) > MAX_ITEM_BYTES:
        raise RequestRefused("Item size has exceeded the maximum allowed size")
