"""moto's own tables, and every moto internal this package relies on.

No other module here imports moto's DynamoDB. When a new moto breaks us, `check_moto` names what
changed, and this module is the place to mend.
"""

import copy
import inspect
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.dynamodb.models import dynamodb_backends
from moto.dynamodb.models.dynamo_type import DynamoType, Item
from moto.dynamodb.models.table import GlobalSecondaryIndex, SecondaryIndex, Table
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app

from aqp_perf.errors import MotoChanged
from aqp_perf.targets.moto.syntax.statement import AttributeValue

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

__all__ = [
    "DynamoType",
    "GlobalSecondaryIndex",
    "Item",
    "SecondaryIndex",
    "Table",
    "check_moto",
    "every_item",
    "find_index",
    "find_item",
    "find_table",
    "moto_application",
    "partition",
    "query_one_partition",
    "store_new_item",
    "use_partition_queries",
]


def find_table(region: str, name: str) -> Table | None:
    """Return a table of the one account this server answers for, or None."""
    return dynamodb_backends[DEFAULT_ACCOUNT_ID][region].tables.get(name)


def find_index(table: Table, name: str) -> SecondaryIndex | None:
    """Return a secondary index, global or local, or None."""
    return next((index for index in table.all_indexes() if index.name == name), None)


def partition(table: Table, hash_key: DynamoType) -> Mapping[DynamoType | None, Item]:
    """Return the items of one partition by sort key, in no order; the key is None without one."""
    found: Any = table.items.get(hash_key)  # not [], which would add an empty partition
    if found is None:
        return {}
    return found if table.range_key_attr else {None: found}


def find_item(table: Table, hash_key: DynamoType, range_key: DynamoType | None) -> Item | None:
    """Return the item with this primary key, or None."""
    return partition(table, hash_key).get(range_key)


def every_item(table: Table) -> Iterator[Item]:
    """Yield all items of a table, in no order."""
    found: Any  # an Item, in a table without a sort key
    for found in table.items.values():
        if table.range_key_attr:
            yield from found.values()
        else:
            yield found


def store_new_item(table: Table, attributes: Mapping[str, AttributeValue]) -> Item:
    """Add a checked item whose key is not in the table yet, and tell the table's stream.

    It leaves the table as ``Table.put_item`` does (a test compares the two), with two differences
    that are the reason for it: the cost is linear in the attributes where moto's own is quadratic,
    and an item may have DynamoDB's 400 KB where moto stops at 405,000 bytes by a count of its own.
    """
    hash_key = DynamoType(attributes[table.hash_key_attr])
    range_key = DynamoType(attributes[table.range_key_attr]) if table.range_key_attr else None
    item = Item(hash_key, range_key, {})
    for name, value in attributes.items():
        dict.__setitem__(item.attrs, name, DynamoType(value))
    items: Any = table.items
    if range_key is None:
        items[hash_key] = item
    else:
        items[hash_key][range_key] = item
    if table.stream_shard is not None:
        table.stream_shard.add(None, item)
    return item


_moto_query = Table.query
_QUERY_SIGNATURE = inspect.signature(_moto_query)


def query_one_partition(
    table: Table,
    hash_key: DynamoType | None,
    *arguments: Any,  # noqa: ANN401  # moto's own signature
    **named: Any,  # noqa: ANN401  # as above
) -> tuple[list[Item], int, dict[str, Any] | None]:
    """Answer ``Table.query`` over a shallow copy of the table that holds only the asked partition.

    moto collects, sorts and compares all items of the table for each Query. Everything else about
    Query stays moto's own. A Query on an index still walks the table.
    """
    bound = _QUERY_SIGNATURE.bind(table, hash_key, *arguments, **named)
    if hash_key is None or bound.arguments.get("index_name"):
        return _moto_query(table, hash_key, *arguments, **named)
    items: Any = {}
    if hash_key in table.items:
        items[hash_key] = table.items[hash_key]
    view = copy.copy(table)
    view.items = items
    return _moto_query(view, hash_key, *arguments, **named)


def moto_application() -> "WSGIApplication":
    """Return moto's own server: all of its services, told apart by the request's signature."""
    application: WSGIApplication = DomainDispatcherApplication(create_backend_app)
    return application


def use_partition_queries() -> None:
    """Make moto answer every Query through `query_one_partition`, in this process."""
    Table.query = query_one_partition  # type: ignore[assignment,method-assign]


def check_moto() -> None:
    """Try everything this module relies on, on a table of its own.

    Raises:
        MotoChanged: naming the first thing that is not so any more.
    """
    for expected, holds in _EXPECTATIONS.items():
        try:
            is_so = holds()
        except (AttributeError, KeyError, TypeError, IndexError, ValueError) as exc:
            raise MotoChanged(f"{expected} ({type(exc).__name__}: {exc})") from exc
        if not is_so:
            raise MotoChanged(expected)


def _sample_table(streams: dict[str, Any] | None = None) -> Table:
    return Table(  # type: ignore[abstract]  # moto itself makes them so
        "check_moto",
        account_id=DEFAULT_ACCOUNT_ID,
        region="us-east-1",
        schema=[
            {"AttributeName": "pk", "KeyType": "HASH"},
            {"AttributeName": "sk", "KeyType": "RANGE"},
        ],
        attr=[
            {"AttributeName": "pk", "AttributeType": "S"},
            {"AttributeName": "sk", "AttributeType": "S"},
        ],
        streams=streams,
    )


def _tables_are_found_by_region_and_name() -> bool:
    tables = dynamodb_backends[DEFAULT_ACCOUNT_ID]["us-east-1"].tables
    return isinstance(tables, dict)


def _a_table_knows_its_keys() -> bool:
    table = _sample_table()
    keys = (table.hash_key_attr, table.range_key_attr)
    types = (table.hash_key_type, table.range_key_type)
    return keys == ("pk", "sk") and types == ("S", "S") and list(table.all_indexes()) == []


def _items_are_kept_by_hash_and_range_key() -> bool:
    table = _sample_table()
    item = table.put_item({"pk": {"S": "a"}, "sk": {"S": "b"}})
    return dict(table.items) == {DynamoType({"S": "a"}): {DynamoType({"S": "b"}): item}}


def _an_item_is_its_keys_and_its_attributes() -> bool:
    item = _sample_table().put_item({"pk": {"S": "a"}, "sk": {"S": "b"}, "l": {"L": [{"N": "1"}]}})
    kept = {name: (value.type, value.value) for name, value in item.attrs.items()}
    one = kept.pop("l")[1][0]
    return (
        kept == {"pk": ("S", "a"), "sk": ("S", "b")}
        and (one.type, one.value) == ("N", "1")
        and set(vars(item)) == {"hash_key", "range_key", "attrs"}
        and isinstance(item.attrs, dict)
    )


def _a_stream_is_told_of_a_new_item() -> bool:
    table = _sample_table(streams={"StreamViewType": "NEW_IMAGE"})
    table.put_item({"pk": {"S": "a"}, "sk": {"S": "b"}})
    shard = table.stream_shard
    return shard is not None and [record.record["eventName"] for record in shard.items] == [
        "INSERT"
    ]


def _query_looks_at_items_only() -> bool:
    table = _sample_table()
    for name in ("a", "b"):
        table.put_item({"pk": {"S": name}, "sk": {"S": name}})
    asked: tuple[Any, ...] = (None, [], 10, None, True, None)
    hash_key = DynamoType({"S": "a"})
    found = _moto_query(table, hash_key, *asked)
    return len(found[0]) == 1 and query_one_partition(table, hash_key, *asked) == found


_EXPECTATIONS: dict[str, Callable[[], bool]] = {
    "dynamodb_backends[account][region].tables is a dict": _tables_are_found_by_region_and_name,
    "a Table has hash_key_attr, range_key_attr, their types and all_indexes()": (
        _a_table_knows_its_keys
    ),
    "Table.items is {hash key: {range key: Item}}": _items_are_kept_by_hash_and_range_key,
    "an Item is hash_key, range_key and a dict attrs of DynamoType with type and value": (
        _an_item_is_its_keys_and_its_attributes
    ),
    "Table.put_item adds an INSERT record to stream_shard": _a_stream_is_told_of_a_new_item,
    "Table.query takes (hash_key, …, index_name=…) and looks at Table.items only": (
        _query_looks_at_items_only
    ),
}
