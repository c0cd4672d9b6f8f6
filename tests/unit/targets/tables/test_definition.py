"""A table's capacity is what DescribeTable says of it, and nothing that it does not say."""

from dataclasses import dataclass
from math import inf
from types import SimpleNamespace
from typing import Any

import pytest

from aqp_perf.core.aws.capacity_units import Units
from aqp_perf.core.load.bottlenecks import NEW_TABLE_PER_S, TableCapacity
from aqp_perf.errors import TableNotFound
from aqp_perf.targets import Table, Target, TargetKind, open_table
from aqp_perf.targets.tables.billing import Billing
from aqp_perf.targets.tables.definition import table_capacity
from tests.doubles.orders import orders

OURS = Table(name="orders", is_ours=True, is_seeded=True)
THEIRS = Table(name="orders", is_ours=False, is_seeded=False)


@dataclass
class Described:
    """A target whose table has this description."""

    description: dict[str, Any]
    kind: TargetKind = TargetKind.ENDPOINT
    endpoint: str = "http://localhost:8000"

    def client(self) -> Any:  # noqa: ANN401 - as boto3's, for what is asked of it here
        return SimpleNamespace(
            describe_table=lambda **_: {"Table": self.description},
            exceptions=SimpleNamespace(ResourceNotFoundException=LookupError),
        )


def capacity(target: Any, table: Table = THEIRS) -> TableCapacity:  # noqa: ANN401 - a double
    return table_capacity(target, table)


def test_every_reported_limit_is_used() -> None:
    said = {
        "ProvisionedThroughput": {"ReadCapacityUnits": 1, "WriteCapacityUnits": 2},
        "WarmThroughput": {"ReadUnitsPerSecond": 3, "WriteUnitsPerSecond": 4, "Status": "ACTIVE"},
        "OnDemandThroughput": {"MaxReadRequestUnits": 5, "MaxWriteRequestUnits": 6},
    }
    assert capacity(Described(said)) == TableCapacity(
        provisioned=Units(read=1, write=2),
        warm=Units(read=3, write=4),
        ceiling=Units(read=5, write=6),
        is_on_aws=False,
    )


def test_zero_and_minus_one_are_no_limits() -> None:
    said = {
        "ProvisionedThroughput": {"ReadCapacityUnits": 0, "WriteCapacityUnits": 0},
        "OnDemandThroughput": {"MaxReadRequestUnits": -1, "MaxWriteRequestUnits": 7},
    }
    found = capacity(Described(said))
    assert found.provisioned is None
    assert found.ceiling == Units(read=inf, write=7)


def test_a_new_table_on_aws_has_the_capacity_of_new_tables() -> None:
    assert capacity(Described({}, TargetKind.AWS), OURS).warm == NEW_TABLE_PER_S
    assert capacity(Described({}, TargetKind.AWS), THEIRS).warm is None
    assert capacity(Described({}), OURS).warm is None


def test_a_table_reports_the_capacity_that_it_was_created_with(aws: Target) -> None:
    billing = Billing(is_provisioned=True, read_units=30, write_units=20)
    empty = orders(items_per_partition=0)
    with open_table(aws, name="orders", dataset=empty, run_id="r", billing=billing) as table:
        assert table_capacity(aws, table).provisioned == Units(read=30, write=20)


def test_table_that_is_gone_is_named(aws: Target) -> None:
    with pytest.raises(TableNotFound, match="'orders' does not exist"):
        table_capacity(aws, THEIRS)
