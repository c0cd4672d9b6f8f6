"""moto's own tables, and every moto internal this package relies on.

No other module here imports moto's DynamoDB. When a new moto breaks us, `check_moto` says so,
and this module is the only one to adapt.
"""

import copy
import inspect
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.dynamodb.models import dynamodb_backends
from moto.dynamodb.models.dynamo_type import DynamoType, Item
from moto.dynamodb.models.table import GlobalSecondaryIndex, SecondaryIndex, Table
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app

from aqp_perf.errors import MotoChanged

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication


__all__ = ["DynamoType", "GlobalSecondaryIndex", "Item", "SecondaryIndex", "Table"]
"""Moto's own classes, for the other modules here."""


def find_table(region: str, name: str) -> Table | None:
    """Return a table of the one account this server answers for, or None."""
    return dynamodb_backends[DEFAULT_ACCOUNT_ID][region].tables.get(name)


def find_index(table: Table, name: str) -> SecondaryIndex | None:
    """Return a secondary index, global or local, or None."""
    return next((index for index in table.all_indexes() if index.name == name), None)


def indexes_with(table: Table, item: Item) -> list[SecondaryIndex]:
    """Return the indexes that an item is in: it has all of their keys."""
    return [
        index
        for index in table.all_indexes()
        if all(name in item.attrs for name in index.schema_key_attrs)
    ]


def not_projected(index: SecondaryIndex, names: Iterable[str]) -> list[str]:
    """Return those of ``names`` that the entries of an index do not hold, each once, in order."""
    if index.projection["ProjectionType"] == "ALL":
        return []
    held = {*index.table_key_attrs, *index.schema_key_attrs}
    held.update(index.projection.get("NonKeyAttributes", []))
    return [name for name in dict.fromkeys(names) if name not in held]


def partition(table: Table, hash_key: DynamoType) -> Mapping[DynamoType | None, Item]:
    """Return the items of one partition by sort key, in no order; the key is None without one."""
    found: Any = table.items.get(hash_key)  # not [], which would add an empty partition
    if found is None:
        return {}
    return found if table.range_key_attr else {None: found}


def find_item(table: Table, attributes: Mapping[str, DynamoType]) -> Item | None:
    """Return the item with the primary key that is among ``attributes``, or None."""
    hash_key, range_key = _key(table, attributes)
    return partition(table, hash_key).get(range_key)


def _key(
    table: Table, attributes: Mapping[str, DynamoType]
) -> tuple[DynamoType, DynamoType | None]:
    range_key = attributes[table.range_key_attr] if table.range_key_attr else None
    return attributes[table.hash_key_attr], range_key


def every_item(table: Table) -> Iterator[Item]:
    """Yield all items of a table, in no order."""
    found: Any  # an Item, in a table without a sort key
    for found in table.items.values():
        if table.range_key_attr:
            yield from found.values()
        else:
            yield found


def store_item(table: Table, attributes: Mapping[str, DynamoType], old: Item | None) -> Item:
    """Put a checked item in the place of ``old``, if there is one, and tell the table's stream.

    It leaves the table as ``Table.put_item`` does (a test compares the two), with two differences
    that are the reason for it: the cost is linear in the attributes where moto's own is quadratic,
    and an item may have DynamoDB's 400 KB where moto stops at 405,000 bytes by a count of its own.
    """
    hash_key, range_key = _key(table, attributes)
    item = Item(hash_key, range_key, {})
    dict.update(item.attrs, attributes)
    items: Any = table.items
    if range_key is None:
        items[hash_key] = item
    else:
        items[hash_key][range_key] = item
    if table.stream_shard is not None:
        table.stream_shard.add(old, item)
    return item


def remove_item(table: Table, item: Item) -> None:
    """Delete an item that is in the table, and tell the table's stream."""
    table.delete_item(item.hash_key, item.range_key)


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
    """Return moto's own server: all of its services, chosen by the signature of the request."""
    application: WSGIApplication = DomainDispatcherApplication(create_backend_app)
    return application


def use_partition_queries() -> None:
    """Make moto answer every Query through `query_one_partition`, in this process."""
    Table.query = query_one_partition  # type: ignore[assignment,method-assign]


def check_moto() -> None:
    """Use everything that this module relies on, on a table of its own.

    Raises:
        MotoChanged: something does not work as in the moto that this module is written for.
    """
    try:
        has_changed = not _works()
    except (AttributeError, KeyError, TypeError, IndexError, ValueError) as exc:
        raise MotoChanged(f"{type(exc).__name__}: {exc}") from exc
    if has_changed:
        raise MotoChanged("it keeps its tables in another way")


def _works() -> bool:
    """Whether moto's own put and query, and ours, make and find the same item, which can go."""
    table = Table(  # type: ignore[abstract]  # moto itself makes them so
        "check_moto",
        account_id=DEFAULT_ACCOUNT_ID,
        region="us-east-1",
        schema=[{"AttributeName": k, "KeyType": t} for k, t in (("p", "HASH"), ("s", "RANGE"))],
        attr=[{"AttributeName": name, "AttributeType": "S"} for name in ("p", "s")],
        streams={"StreamViewType": "NEW_IMAGE"},
    )
    sent: dict[str, Any] = {"p": {"S": "a"}, "s": {"S": "b"}, "l": {"L": [{"N": "1"}]}}
    ours = store_item(table, {name: DynamoType(value) for name, value in sent.items()}, None)
    theirs = table.put_item(sent)
    keys = [{"AttributeName": "k", "KeyType": "HASH"}]
    index = GlobalSecondaryIndex("i", keys, {"ProjectionType": "KEYS_ONLY"}, ["p", "s"])
    shard = table.stream_shard
    table.put_item({"p": {"S": "c"}, "s": {"S": "d"}})
    query: tuple[Any, ...] = (table, DynamoType({"S": "a"}), None, [], 10, None, True, None)
    found, ours_found = _moto_query(*query), query_one_partition(*query)
    remove_item(table, ours)
    return (
        vars(ours) == vars(theirs)
        and [element.type for element in theirs.attrs["l"].value] == ["N"]
        and find_table("us-east-1", "check_moto") is None
        and shard is not None
        and [record.record["eventName"] for record in shard.items]
        == [
            "INSERT",
            "MODIFY",
            "INSERT",
            "REMOVE",
        ]
        and indexes_with(table, ours) == []
        and not_projected(index, ["l", "k", "p"]) == ["l"]
        and len(found[0]) == 1
        and ours_found == found
        and find_item(table, ours.attrs) is None
    )
