"""Items of other shapes than the shipped one."""

from aqp_perf.items import (
    Item,
    binary,
    boolean,
    choice,
    decimal,
    integer,
    key,
    listing,
    mapping,
    null,
    partition,
    text,
    timestamp,
    unique,
)


class Invoice(Item):
    """Composite keys, all types, nested."""

    tenant = partition(2_000, size="tenants")
    pk = key("TENANT#{tenant}")
    sk = key("INVOICE#{status}#{id}")
    status = choice("OPEN", "PAID", "ÜBERFÄLLIG")
    region = choice("eu", "us", "apac", weights=(5, 3, 1))
    total = decimal("-10.5", 10_000, places=2)
    issued = timestamp("2024-01-01T12:30:00", "2026-01-01")
    day = timestamp("2024-02-28", "2024-03-02", format="%d.%m.%Y")
    lines = listing(mapping(sku=text("SKU{}", 5_000), n=integer(1, 9)), most=5)
    tags = unique(text("tag{}", 20), most=4)
    sizes = unique(integer(1, 1_000), least=2, most=3)
    blobs = unique(binary(4), most=2)
    photo = binary(16, absent=0.5)
    paid = boolean()
    gone = null()
    note = choice('a "quoted" \\ back{slash}', "json", "_1", absent=0.25, name="free note")
    score = choice(1, 2, 3)


class Device(Item):
    """A partition key alone: each item is a partition."""

    device = key("DEVICE#{id}")
    model = choice("m1", "m2")
    count = integer(-5, 5)


class Reading(Item):
    """Keys that are numbers."""

    site = partition(50)
    place = key("{site}", type="N")
    at = key("{id}", type="N")
    value = decimal(0, 1, places=20)


class Blob(Item):
    """Keys that are binary."""

    bucket = partition(9)
    name = key("ü{bucket}", type="B")
    part = key("p{id}", type="B")
    size = integer(0, 10**37)
