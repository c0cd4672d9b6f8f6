"""A load that exceeds a limit of its table is named with the limit; one that does not, is not."""

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aqp_perf.core.aws.capacity_units import Units
from aqp_perf.core.data.dataset import KeyChoice
from aqp_perf.core.load.bottlenecks import (
    NEW_TABLE_PER_S,
    TableCapacity,
    bottlenecks,
    hottest_ratio,
)
from aqp_perf.core.load.planned_load import PlannedLoad
from tests.doubles.orders import orders

NEW_TABLE = TableCapacity(warm=NEW_TABLE_PER_S, is_on_aws=True)
ELSEWHERE = TableCapacity(is_on_aws=False)


def found(
    table: TableCapacity,
    choice: KeyChoice = KeyChoice.UNIFORM,
    *,
    read: float = 0,
    write: float = 0,
) -> list[str]:
    peak = Units(read=read, write=write)
    load = PlannedLoad(total=peak, peak_per_s=peak)
    return list(bottlenecks(load, orders(key_choice=choice), table))


def test_hot_key_is_named_with_its_share_and_what_a_partition_gives() -> None:
    (warning,) = found(replace(NEW_TABLE, warm=None), KeyChoice.HOT, write=5_000)
    assert warning == (
        "hot key: the hottest of 9,980 partition keys takes 0.9 of 5,000 write units/s = "
        "4,500 units/s; one partition gives 1,000: expect throttling"
    )


def test_zipf_heats_its_first_key_when_uniform_does_not() -> None:
    assert not found(NEW_TABLE, write=4_000)
    assert found(NEW_TABLE, KeyChoice.ZIPF, read=11_000)[0].startswith("hot key: the hottest of 20")


@pytest.mark.parametrize(
    ("table", "named"),
    [
        (TableCapacity(provisioned=Units(read=9, write=9), is_on_aws=False), "provisioned"),
        (TableCapacity(ceiling=Units(read=9, write=9), is_on_aws=False), "on-demand ceiling"),
        (TableCapacity(warm=Units(read=9, write=9), is_on_aws=False), "warm throughput"),
    ],
)
def test_limit_that_is_exceeded_is_named_for_reads_and_for_writes(
    table: TableCapacity, named: str
) -> None:
    reads, writes = found(table, read=10, write=11)
    assert reads.startswith("reads: the load asks for 10 read units/s at its highest")
    assert writes.startswith("writes: the load asks for 11 write units/s at its highest")
    assert all(f"{named}" in each and "is 9: expect throttling" in each for each in (reads, writes))


def test_default_quota_is_one_of_aws_alone() -> None:
    (quota,) = found(TableCapacity(is_on_aws=True), write=40_001)
    assert "default table quota of AWS is 40,000" in quota
    assert not found(ELSEWHERE, KeyChoice.HOT, write=1e6, read=1e6)


def test_warm_throughput_does_not_bound_a_provisioned_table() -> None:
    warm = TableCapacity(
        provisioned=Units(read=100, write=100), warm=Units(read=9, write=9), is_on_aws=True
    )
    assert not found(warm, read=50, write=50)


def test_table_gives_what_is_provisioned_or_its_ceiling_or_its_quota() -> None:
    small, large = Units(read=1, write=2), Units(read=3, write=4)
    assert TableCapacity(provisioned=small, warm=large, is_on_aws=True).most_per_s == small
    assert TableCapacity(ceiling=large, warm=small, is_on_aws=True).most_per_s == large
    half = TableCapacity(ceiling=Units(read=math.inf, write=5), is_on_aws=True)
    assert half.most_per_s == Units(read=40_000, write=5)
    assert NEW_TABLE.most_per_s == Units(read=40_000, write=40_000)


def test_load_that_nothing_paces_has_no_peak_to_warn_of() -> None:
    load = PlannedLoad(total=Units(write=1e9), peak_per_s=None)
    assert not list(bottlenecks(load, orders(key_choice=KeyChoice.HOT), NEW_TABLE))


@given(
    st.sampled_from(KeyChoice),
    st.sampled_from(
        [NEW_TABLE, TableCapacity(provisioned=Units(read=50, write=50), is_on_aws=True)]
    ),
    st.floats(0, 1e5),
    st.floats(0, 1e5),
)
def test_smaller_load_meets_no_other_limit(
    choice: KeyChoice, table: TableCapacity, read: float, write: float
) -> None:
    smaller = found(table, choice, read=read / 2, write=write / 2)
    assert len(smaller) <= len(found(table, choice, read=read, write=write))


@given(st.sampled_from(KeyChoice), st.integers(1, 300), st.integers(1, 200))
def test_hottest_key_takes_what_the_data_set_gives_it(
    choice: KeyChoice, partitions: int, others: int
) -> None:
    dataset = orders(
        accounts=1, customers=partitions + others, partitions=partitions, key_choice=choice
    )
    for keys in (dataset._read_keys, dataset._write_keys):
        assert keys is not None
        sums = keys.cumulative
        expected = sums[0] / sums[-1] if sums else 1 / keys.count
        assert hottest_ratio(choice, keys.count) == pytest.approx(expected)
