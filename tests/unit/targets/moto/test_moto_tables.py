import copy
from collections.abc import Callable
from importlib.metadata import requires
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from moto.dynamodb.models.table import StreamShard

from aqp_perf.errors import MotoChanged
from aqp_perf.targets.moto import moto_tables
from aqp_perf.targets.moto.moto_tables import (
    DynamoType,
    Item,
    Table,
    check_moto,
    find_item,
    query_one_partition,
    store_item,
)

VALUES = st.recursive(
    st.one_of(
        st.text().map(lambda text: {"S": text}),
        st.integers().map(lambda number: {"N": str(number)}),
        st.booleans().map(lambda truth: {"BOOL": truth}),
        st.sets(st.text(), min_size=1).map(lambda texts: {"SS": sorted(texts)}),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda elements: {"L": elements}),
        st.dictionaries(st.text(min_size=1), inner, max_size=3).map(lambda items: {"M": items}),
    ),
    max_leaves=5,
)
ATTRIBUTES = st.dictionaries(
    st.text(min_size=1).filter(lambda name: name not in {"pk", "sk"}), VALUES, max_size=6
)
MakeTable = Callable[..., Table]


def typed(attributes: dict[str, Any]) -> dict[str, DynamoType]:
    return {name: DynamoType(value) for name, value in attributes.items()}


def kept(table: Table) -> tuple[object, ...]:
    """Everything a put changes in one of moto's tables."""
    records = [record.record["dynamodb"] for record in table.stream_shard.items]  # type: ignore[union-attr]
    for record in records:
        record.pop("ApproximateCreationDateTime", None)
        record.pop("SizeBytes", None)  # the text of the time counts
    return table.items, records, [item.to_json() for item in table.all_items()]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(attributes=ATTRIBUTES, has_sort_key=st.booleans())
def test_storing_an_item_leaves_the_table_as_put_item_does(
    make_table: MakeTable, attributes: dict[str, Any], *, has_sort_key: bool
) -> None:
    streams = {"StreamViewType": "NEW_AND_OLD_IMAGES"}
    ours, theirs = (
        make_table(sort_key_type="S" if has_sort_key else None, streams=dict(streams))
        for _ in range(2)
    )
    keys = {"pk": {"S": "a"}} | ({"sk": {"S": "b"}} if has_sort_key else {})

    for sent in (keys | attributes, keys):
        held = find_item(ours, typed(keys))
        store_item(ours, typed(sent), held)
        theirs.put_item(copy.deepcopy(sent))

        assert kept(ours) == kept(theirs)


def test_an_item_of_400_kb_can_be_stored_and_found_by_moto(make_table: MakeTable) -> None:
    table = make_table()

    item = {"pk": {"S": "a"}, "sk": {"S": "b"}, "x": {"S": "y" * 409_594}}
    store_item(table, typed(item), None)

    found = table.get_item(DynamoType({"S": "a"}), DynamoType({"S": "b"}))
    assert found is not None
    assert found.attrs["x"].value == "y" * 409_594


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    sort_keys=st.lists(st.text(min_size=1, max_size=3), unique=True, max_size=8),
    forward=st.booleans(),
    limit=st.integers(min_value=1, max_value=10),
    prefix=st.text(min_size=1, max_size=1),
)
def test_a_query_of_one_partition_answers_as_motos_own(
    make_table: MakeTable, sort_keys: list[str], prefix: str, *, forward: bool, limit: int
) -> None:
    table = make_table()
    for hash_key in ("a", "b"):
        for sort_key in sort_keys:
            table.put_item({"pk": {"S": hash_key}, "sk": {"S": sort_key}})
    condition: list[tuple[Any, ...]] = [(None, []), ("BEGINS_WITH", [DynamoType({"S": prefix})])]

    for hash_key in ("a", "nowhere"):
        for comparison, values in condition:
            if comparison and not any(key.startswith(prefix) for key in sort_keys):
                continue  # moto's own Query fails on a Limit that no item reaches
            asked: tuple[Any, ...] = (comparison, values, limit, None, forward, None)
            key = DynamoType({"S": hash_key})
            ours = query_one_partition(table, key, *asked)
            assert ours == moto_tables._moto_query(table, key, *asked)


def test_a_query_of_one_partition_leaves_the_table_whole(make_table: MakeTable) -> None:
    table = make_table()
    for hash_key in ("a", "b"):
        table.put_item({"pk": {"S": hash_key}, "sk": {"S": "1"}})

    query_one_partition(table, DynamoType({"S": "a"}), None, [], 10, None, True, None)  # noqa: FBT003  # moto's own signature

    assert len(table) == 2


def test_this_moto_is_the_one_we_were_built_on() -> None:
    """When this fails, moto changed: the message says what, and where to mend it."""
    check_moto()


def forget_attributes(item: Item, *_: object) -> None:
    item.hash_key = item.range_key = None  # type: ignore[assignment]


@pytest.mark.parametrize(
    ("broken", "name", "replacement", "problem"),
    [
        (Table, "put_item", lambda *_, **__: None, "TypeError: vars() argument"),
        (Table, "all_indexes", None, "TypeError: 'NoneType' object is not callable"),
        (moto_tables, "_moto_query", lambda *_, **__: ([], 0, None), "in another way"),
        (StreamShard, "add", lambda *_: None, "it keeps its tables in another way"),
        (Item, "__init__", forget_attributes, "'Item' object has no attribute 'attrs'"),
    ],
)
def test_a_moto_that_changed_is_one_error_with_the_remedy(
    monkeypatch: pytest.MonkeyPatch, broken: object, name: str, replacement: object, problem: str
) -> None:
    monkeypatch.setattr(broken, name, replacement)

    with pytest.raises(MotoChanged) as raised:
        check_moto()

    assert str(raised.value).startswith("the installed moto is not supported: ")
    assert problem in str(raised.value)
    lowest = next(text for text in requires("aqp-perf") or () if text.startswith("moto"))
    supported = lowest.partition(";")[0].replace(">=", "==")
    assert str(raised.value).endswith(f": pip install '{supported}'")
