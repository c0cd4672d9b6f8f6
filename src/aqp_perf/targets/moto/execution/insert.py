"""INSERT: check an item as DynamoDB does, then put it into moto's table."""

from collections.abc import Mapping, Sequence

from aqp_perf.targets.moto.execution.keys import MAX_HASH_KEY_BYTES, MAX_RANGE_KEY_BYTES, key_schema
from aqp_perf.targets.moto.execution.operands import constant_of
from aqp_perf.targets.moto.execution.values import MAX_ITEM_BYTES, item_bytes, value_bytes
from aqp_perf.targets.moto.moto_tables import DynamoType, Item, Table, find_item, store_new_item
from aqp_perf.targets.moto.refusal import ErrorCode, RequestRefused
from aqp_perf.targets.moto.syntax import statement as s


def insert_item(table: Table, statement: s.Insert, parameters: Sequence[s.AttributeValue]) -> Item:
    """Add the statement's item to the table, at a cost that does not depend on the table's size.

    Args:
        table: the table that the statement names.
        statement: its literals are checked already.
        parameters: one checked value for each ``?``.

    Raises:
        RequestRefused: DynamoDB would not store the item; the table is as it was.
    """
    attributes: dict[str, s.AttributeValue] = {}
    for name, operand in statement.attributes:
        value = constant_of(operand, parameters)
        assert value is not None, operand  # noqa: S101  # the grammar has nothing else here
        attributes[name] = value
    _check_keys(table, attributes)
    hash_key = DynamoType(attributes[table.hash_key_attr])
    range_key = DynamoType(attributes[table.range_key_attr]) if table.range_key_attr else None
    if find_item(table, hash_key, range_key) is not None:
        raise RequestRefused("Duplicate primary key exists in table", ErrorCode.DUPLICATE_ITEM)
    if item_bytes({k: DynamoType(v) for k, v in attributes.items()}) > MAX_ITEM_BYTES:
        raise RequestRefused("Item size has exceeded the maximum allowed size")
    return store_new_item(table, attributes)


def _check_keys(table: Table, attributes: Mapping[str, s.AttributeValue]) -> None:
    schema = key_schema(table)
    for name in (*schema.hash_keys, *schema.range_keys):
        if name not in attributes:
            raise RequestRefused(f"Key attribute should be present in the item: Key {name}")
        schema.check(name, attributes[name])
        limit_bytes = MAX_HASH_KEY_BYTES if name in schema.hash_keys else MAX_RANGE_KEY_BYTES
        if value_bytes(DynamoType(attributes[name])) > limit_bytes:
            raise RequestRefused(
                "Hash primary key values must be under 2048 bytes, "
                "and range primary key values must be under 1024 bytes"
            )
    for index in table.all_indexes():
        for name, kind in key_schema(table, index).types.items():
            if name in attributes and kind not in attributes[name]:
                raise RequestRefused(
                    "One or more parameter values were invalid: Type mismatch for Index Key "
                    f"{name} Expected: {kind} Actual: {next(iter(attributes[name]))} "
                    f"IndexName: {index.name}"
                )
