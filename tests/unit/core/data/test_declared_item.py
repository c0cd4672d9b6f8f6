"""Items as a user declares them: what they hold, their keys, and declarations that are refused."""

import base64
from collections import Counter
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from functools import cache
from itertools import count
from types import new_class
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aqp_perf.core.data.data_fingerprint import data_fingerprint
from aqp_perf.core.data.dataset import Dataset, DataSettings
from aqp_perf.core.data.item_ids import ItemOrigin, stream_tag
from aqp_perf.core.data.item_sizes import item_bytes
from aqp_perf.items import (
    InvalidItem,
    Item,
    binary,
    choice,
    decimal,
    integer,
    key,
    listing,
    mapping,
    partition,
    text,
    timestamp,
    unique,
)
from tests.doubles.declared import Blob, Device, Invoice, Reading

law = settings(max_examples=60)

ITEMS = [Invoice, Device, Reading, Blob]
items = st.sampled_from(ITEMS)
indexes = st.integers(0, 10**9)


@cache
def data_of(item: type[Item], **values: Any) -> Dataset:  # noqa: ANN401 - sizes
    return DataSettings(values={"partitions": 3, "items_per_partition": 20, **values}).of(item)


@law
@given(items, st.text(max_size=10), indexes)
def test_an_item_is_a_function_of_its_seed_stream_and_index(
    item: type[Item], stream: str, index: int
) -> None:
    assert data_of(item).written_item(stream, index) == data_of(item).written_item(stream, index)


def test_an_item_is_the_same_everywhere() -> None:
    """Pins it, for other machines and versions of Python."""
    assert data_of(Invoice).seed_item(7) == {
        "pk": {"S": "TENANT#0"},
        "sk": {"S": "INVOICE#ÜBERFÄLLIG#34035f2a-c916-7024-25bf-2cf6c36a50cc"},
        "status": {"S": "ÜBERFÄLLIG"},
        "region": {"S": "us"},
        "total": {"N": "9277.92"},
        "issued": {"S": "2025-08-24T21:44:41Z"},
        "day": {"S": "29.02.2024"},
        "lines": {
            "L": [
                {"M": {"sku": {"S": "SKU4836"}, "n": {"N": "8"}}},
                {"M": {"sku": {"S": "SKU3221"}, "n": {"N": "1"}}},
                {"M": {"sku": {"S": "SKU2312"}, "n": {"N": "7"}}},
                {"M": {"sku": {"S": "SKU1065"}, "n": {"N": "5"}}},
                {"M": {"sku": {"S": "SKU196"}, "n": {"N": "4"}}},
            ]
        },
        "tags": {"SS": ["tag7", "tag0", "tag5"]},
        "sizes": {"NS": ["625", "339", "126"]},
        "blobs": {"BS": ["G4yh8Q=="]},
        "photo": {"B": "zixY5HIQPdddRKDHWPdHBQ=="},
        "paid": {"BOOL": True},
        "gone": {"NULL": True},
        "free note": {"S": 'a "quoted" \\ back{slash}'},
        "score": {"N": "2"},
    }


@law
@given(items, indexes)
def test_a_key_says_which_item_it_is_of(item: type[Item], index: int) -> None:
    dataset = data_of(item)
    written = dataset.written_item("run/0/1", index)

    found = dataset.key_of(written)

    assert dataset.origin_of(found) == ItemOrigin(stream_tag(1, "run/0/1"), index)
    assert dataset.key_attributes(found).items() <= written.items()
    assert (found.sk == "") == (item is Device)


@pytest.mark.parametrize("item", ITEMS)
def test_seeded_partitions_are_known_by_their_keys(item: type[Item]) -> None:
    dataset = data_of(item)
    keys = [dataset.partition_key(number) for number in range(dataset.read_partitions)]

    assert [dataset.partition_of(found) for found in keys] == list(range(len(keys)))
    assert sum(len(dataset.partition_items(number)) for number in range(len(keys))) == 60
    for number in range(len(keys)):
        name = item.declaration.partition_key
        assert all(each[name] == keys[number] for each in dataset.partition_items(number))


@law
@given(items, indexes)
def test_what_is_written_is_never_read(item: type[Item], index: int) -> None:
    dataset = data_of(item)
    name = item.declaration.partition_key
    seeded = [each[name] for each in dataset.seed_items()]

    assert dataset.written_item("run/0/1", index)[name] not in seeded
    assert dataset.read_item("run/0/1", index)[name] in seeded


@pytest.mark.parametrize(
    "other", [{"S": "TENANT#1x"}, {"S": "TENANT#01"}, {"N": "1"}, {"S": 3}, {}]
)
def test_other_keys_are_no_partitions(other: Any) -> None:  # noqa: ANN401 - as the test says
    assert data_of(Invoice).partition_of(other) is None
    assert data_of(Blob).partition_of({"B": "?"}) is None
    assert data_of(Blob).partition_of({"B": base64.b64encode(b"\xff").decode()}) is None
    assert data_of(Device).partition_of(other) is None


@law
@given(items, indexes)
def test_no_item_is_larger_than_the_largest(item: type[Item], index: int) -> None:
    dataset = data_of(item)
    assert item_bytes(dataset.written_item("run/0/1", index)) <= dataset.largest_item_bytes


def test_values_are_those_that_were_declared() -> None:
    found = [data_of(Invoice).written_item("values", index) for index in range(2_000)]

    assert {each["status"]["S"] for each in found} == {"OPEN", "PAID", "ÜBERFÄLLIG"}
    assert all(each["sk"]["S"].startswith(f"INVOICE#{each['status']['S']}#") for each in found)
    totals = [Decimal(each["total"]["N"]) for each in found]
    assert min(totals) >= Decimal("-10.5")
    assert max(totals) <= 10_000
    assert min(totals) < 0
    assert all(
        format(total, "f") == each["total"]["N"] for total, each in zip(totals, found, strict=True)
    )
    issued = [datetime.fromisoformat(each["issued"]["S"]) for each in found]
    assert min(issued) >= datetime.fromisoformat("2024-01-01T12:30:00Z")
    assert max(issued) < datetime.fromisoformat("2026-01-01T00:00:00Z")
    assert {each["day"]["S"] for each in found} == {"28.02.2024", "29.02.2024", "01.03.2024"}
    assert {len(each["lines"]["L"]) for each in found} == set(range(6))
    assert {line["M"]["n"]["N"] for each in found for line in each["lines"]["L"]} == set(
        "123456789"
    )
    assert {len(each["tags"]["SS"]) for each in found} == {1, 2, 3, 4}
    assert all(len(set(each["sizes"]["NS"])) == len(each["sizes"]["NS"]) for each in found)
    assert all(len(base64.b64decode(blob)) == 4 for each in found for blob in each["blobs"]["BS"])
    assert {each["paid"]["BOOL"] for each in found} == {True, False}
    assert {str(each["gone"]) for each in found} == {"{'NULL': True}"}
    assert {each["score"]["N"] for each in found} == {"1", "2", "3"}


def test_values_are_as_frequent_as_declared() -> None:
    """Each count is within five standard deviations of its binomial expectation."""
    found = [data_of(Invoice).written_item("frequent", index) for index in range(9_000)]
    regions = Counter(each["region"]["S"] for each in found)

    assert all(
        abs(regions[region] - count) < 240
        for region, count in {"eu": 5_000, "us": 3_000, "apac": 1_000}.items()
    )
    assert abs(sum("photo" in each for each in found) - 4_500) < 240
    assert abs(sum("free note" in each for each in found) - 6_750) < 240


def test_every_tenth_item_repeats_what_is_no_part_of_the_key() -> None:
    seeded = [data_of(Invoice).seed_item(index) for index in (8, 9, 10)]
    rest = [{k: v for k, v in each.items() if k not in {"sk", "status"}} for each in seeded]

    assert rest[0] == rest[1] != rest[2]
    assert seeded[0]["sk"] != seeded[1]["sk"]


def test_sizes_change_counts() -> None:
    dataset = data_of(Invoice, tenants=5)

    keys = {str(dataset.written_item("sizes", index)["pk"]) for index in range(200)}

    assert len(keys) == 2  # three of them are read
    assert data_fingerprint(dataset) != data_fingerprint(data_of(Invoice))


def declared(**body: Any) -> type[Item]:  # noqa: ANN401 - fields
    return new_class("Bad", (Item,), exec_body=lambda own: own.update(body))


GOOD = {"number": partition(5), "pk": key("P#{number}")}


@pytest.mark.parametrize(
    ("declare", "message"),
    [
        (declared, "item Bad: its keys are none: declare a partition key"),
        (lambda: declared(**GOOD, a=key("{id}"), b=key("x")), "its keys are pk, a, b"),
        (lambda: declared(**GOOD, sk=key("x")), "write {id} in one key of pk, sk"),
        (lambda: declared(pk=key("{id}"), sk=key("{id}")), "write {id} in one key of pk, sk"),
        (
            lambda: declared(**GOOD, sk=key("{stat}#{id}")),
            "sk names {stat}, which is no field: id",
        ),
        (
            lambda: declared(**GOOD, sk=key("{number}#{id}")),
            "sk names {number}, which belongs to pk",
        ),
        (
            lambda: declared(**GOOD, a=listing(integer(1, 2), most=3), sk=key("{a}{id}")),
            "sk names {a}, which has no text in every item",
        ),
        (
            lambda: declared(**GOOD, a=choice("x", absent=0.1), sk=key("{a}{id}")),
            "sk names {a}, which has no text in every item",
        ),
        (
            lambda: declared(**GOOD, a=choice("x", 1), sk=key("{a}{id}")),
            "sk names {a}, which has no text in every item",
        ),
        (
            lambda: declared(a=choice("x"), pk=key("{a}"), sk=key("{id}")),
            "pk names {a}, which is no partition()",
        ),
        (lambda: declared(n=partition(2), pk=key("{id}")), "leave out partition()"),
        (
            lambda: declared(n=partition(2), m=partition(2), pk=key("{n}"), sk=key("{id}")),
            "pk must name n, m",
        ),
        (lambda: declared(pk=key("same"), sk=key("{id}")), "pk must name a partition() or {id}"),
        (lambda: key("a{id}", type="N"), "is no number: write one {field} or {id} alone"),
        (lambda: key("{id}", type="BOOL"), "key type 'BOOL' is not valid: S, N or B"),
        (
            lambda: declared(**GOOD, sk=key("{id}"), a=choice("x"), b=choice("y", name="a")),
            "item Bad: two fields are the attribute 'a'",
        ),
        (
            lambda: declared(
                **GOOD, sk=key("{id}"), a=text("{}", 5, size="n"), b=integer(1, 2, size="n")
            ),
            "the size 'n' has another meaning already",
        ),
        (
            lambda: declared(**GOOD, sk=key("{id}"), a=text("{}", 5, size="partitions")),
            "the size 'partitions' has another meaning already",
        ),
        (lambda: partition(0), "partition(0) is not valid: at least 1"),
        (lambda: text("x", 5), "text('x') is not valid: write {} once"),
        (lambda: text("{}", 0), "a field has at least 1 value, got 0"),
        (lambda: integer(5, 4), "a field has at least 1 value, got 0"),
        (lambda: integer(0, 10**38), "has more than 38 digits"),
        (lambda: decimal(2, 1, places=0), "has no values"),
        (lambda: decimal(0, "0.123", places=2), "has more places than 2"),
        (choice, "name at least one"),
        (lambda: choice(1.5), "1.5 is not valid: a str, int, Decimal, bool, bytes or None"),
        (lambda: choice("a", "b", weights=[1]), "one for each of the 2 values"),
        (lambda: choice("a", absent=1), "absent=1 is not valid: 0 or more, and below 1"),
        (lambda: timestamp("2024-13-01", "2025-01-01"), "'2024-13-01' is not a date"),
        (lambda: timestamp("2025-01-01", "2024-01-01"), "is not before"),
        (lambda: timestamp("1900-01-01", "2200-01-01"), "longer than 40,000 days"),
        (lambda: timestamp("2024-01-01", "2025-01-01", format="%A"), "use %Y %m %d %H %M %S"),
        (lambda: timestamp("2024-01-01", "2025-01-01", format="%H %d"), "the date first"),
        (lambda: binary(0), "binary(0) is not valid"),
        (lambda: listing(choice("a"), least=3, most=2), "least=3, most=2"),
        (lambda: unique(mapping(a=choice("b")), most=2), "texts, numbers or binary values"),
        (lambda: unique(choice("a"), least=0, most=2), "a set has at least one member"),
        (
            lambda: data_of(declared(**GOOD, sk=key("{id}"), a=choice("x" * 410_000))),
            "takes up to 410,",
        ),
        (
            lambda: data_of(declared(**GOOD, a=choice("x" * 1_024), sk=key("{a}{id}"))),
            "the key sk takes up to 1,060 bytes; DynamoDB takes 1,024",
        ),
    ],
    ids=count(),
)
def test_a_declaration_that_no_table_can_hold_is_refused(
    declare: Callable[[], object], message: str
) -> None:
    with pytest.raises(InvalidItem) as refused:
        declare()
    assert message in str(refused.value)


def test_a_field_is_declared_once() -> None:
    with pytest.raises(InvalidItem, match="field 'a' is declared twice"):

        class Twice(Item):
            a = choice("x")
            a = choice("y")  # noqa: PIE794 - as the test says
