"""The limits of a table that a planned load would exceed.

Source: "Quotas in Amazon DynamoDB", "DynamoDB burst and adaptive capacity" and "Understanding
    DynamoDB warm throughput", Amazon DynamoDB Developer Guide, read on 2026-11-24.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from math import isfinite
from typing import Final

from aqp_perf.core.aws.capacity_units import Units
from aqp_perf.core.data.dataset import HOT_RATIO, Dataset, KeyChoice
from aqp_perf.core.load.planned_load import PlannedLoad

PARTITION_LIMIT_PER_S: Final = Units(read=3_000, write=1_000)
"""The most that one partition gives, and therefore one partition key."""
TABLE_QUOTA_PER_S: Final = Units(read=40_000, write=40_000)
"""The most that a table gives by AWS's default quotas."""
NEW_TABLE_PER_S: Final = Units(read=12_000, write=4_000)
"""What a new on-demand table gives from the start."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TableCapacity:
    """What a table gives per second; None: unknown, or no such limit.

    Args:
        provisioned: the provisioned capacity.
        warm: the warm throughput: what it gives before it has to grow.
        ceiling: the maximum of an on-demand table; infinite where there is no maximum.
        is_on_aws: whether AWS's own limits apply.
    """

    provisioned: Units | None = None
    warm: Units | None = None
    ceiling: Units | None = None
    is_on_aws: bool

    @property
    def most_per_s(self) -> Units:
        """The most that it gives."""
        limit = self.provisioned or self.ceiling or TABLE_QUOTA_PER_S
        return Units(
            read=limit.read if isfinite(limit.read) else TABLE_QUOTA_PER_S.read,
            write=limit.write if isfinite(limit.write) else TABLE_QUOTA_PER_S.write,
        )


def hottest_ratio(choice: KeyChoice, partitions: int) -> float:
    """Return the part of all requests that goes to the hottest partition."""
    match choice:
        case KeyChoice.UNIFORM:
            return 1 / partitions
        case KeyChoice.ZIPF:
            return 1 / sum(1 / rank for rank in range(1, partitions + 1))
        case KeyChoice.HOT:
            return max(HOT_RATIO, 1 / partitions)


def bottlenecks(load: PlannedLoad, dataset: Dataset, table: TableCapacity) -> Iterator[str]:
    """Yield a text for each limit that the peak of a paced load exceeds."""
    peak = load.peak_per_s
    if peak is None:
        return
    for kind, units_per_s, partitions in (
        ("read", peak.read, dataset.read_partitions),
        ("write", peak.write, dataset.written_partitions),
    ):
        if table.is_on_aws and partitions is not None:
            yield from _hot_key(kind, units_per_s, partitions, dataset.key_choice)
        yield from _table_limits(kind, units_per_s, table)


def _hot_key(kind: str, units_per_s: float, partitions: int, choice: KeyChoice) -> Iterator[str]:
    ratio, limit = hottest_ratio(choice, partitions), getattr(PARTITION_LIMIT_PER_S, kind)
    if units_per_s * ratio > limit:
        yield (
            f"hot key: the hottest of {partitions:,} partition keys takes {ratio:.3g} of "
            f"{units_per_s:,.0f} {kind} units/s = {units_per_s * ratio:,.0f} units/s; one "
            f"partition gives {limit:,}: expect throttling"
        )


def _table_limits(kind: str, units_per_s: float, table: TableCapacity) -> Iterator[str]:
    limits = {
        "the provisioned capacity": table.provisioned,
        "the on-demand ceiling": table.ceiling,
        "the warm throughput": None if table.provisioned is not None else table.warm,
        "the default table quota of AWS": TABLE_QUOTA_PER_S if table.is_on_aws else None,
    }
    for name, limit in limits.items():
        if limit is not None and units_per_s > getattr(limit, kind):
            grown = ", until the table has grown" if name == "the warm throughput" else ""
            yield (
                f"{kind}s: the load asks for {units_per_s:,.0f} {kind} units/s at its highest; "
                f"{name} is {getattr(limit, kind):,.0f}: expect throttling{grown}"
            )
