"""The capacity of a table, as DescribeTable reports it."""

from collections.abc import Mapping
from math import inf
from typing import Any

from aqp_perf.core.aws.capacity_units import Units
from aqp_perf.core.load.bottlenecks import NEW_TABLE_PER_S, TableCapacity
from aqp_perf.errors import TableNotFound
from aqp_perf.targets.access.client import errors_of
from aqp_perf.targets.kinds.target import Target, TargetKind
from aqp_perf.targets.tables.definition import describe
from aqp_perf.targets.tables.table import Table


def table_capacity(target: Target, table: Table) -> TableCapacity:
    """Ask for the capacity of a table.

    Raises:
        TableNotFound: it is gone.
        TargetUnavailable, TargetUnusable: the target does not answer, or refuses.
    """
    with errors_of(target.endpoint):
        description: Mapping[str, Any] | None = describe(target.client(), table.name)
    if description is None:
        raise TableNotFound(table.name, target.endpoint)
    is_on_aws = target.kind is TargetKind.AWS
    warm = _units(description.get("WarmThroughput"), "ReadUnitsPerSecond", "WriteUnitsPerSecond")
    if warm is None and table.is_ours and is_on_aws:
        warm = NEW_TABLE_PER_S
    return TableCapacity(
        provisioned=_units(
            description.get("ProvisionedThroughput"), "ReadCapacityUnits", "WriteCapacityUnits"
        ),
        warm=warm,
        ceiling=_units(
            description.get("OnDemandThroughput"), "MaxReadRequestUnits", "MaxWriteRequestUnits"
        ),
        is_on_aws=is_on_aws,
    )


def _units(throughput: Mapping[str, int] | None, read: str, write: str) -> Units | None:
    """Return the reported limits; 0 and -1 mean no limit, and one of the two may be missing."""
    reported = throughput or {}
    limits = [limit if (limit := reported.get(key, 0)) > 0 else inf for key in (read, write)]
    if min(limits) == inf:
        return None
    return Units(read=limits[0], write=limits[1])
