"""Checks before a load: whether its table will throttle it, and whether it may be paid for."""

import warnings
from dataclasses import replace

from aqp_perf import targets
from aqp_perf.core.data.dataset import Dataset
from aqp_perf.core.load.bottlenecks import bottlenecks
from aqp_perf.errors import LoadWarning
from aqp_perf.plugin.runs.costs import Admission, SessionCosts
from aqp_perf.plugin.runs.load_request import LoadRequest
from aqp_perf.plugin.runs.site import Site
from aqp_perf.targets import TargetKind

_THROTTLES = frozenset({TargetKind.AWS, TargetKind.ENDPOINT})
"""moto and DynamoDB Local take every load, whatever capacity their tables have."""
_STACK_LEVEL = 4
"""The line of the test that calls ``perf_load``."""


def admit_run(
    costs: SessionCosts, dataset: Dataset, site: Site, request: LoadRequest
) -> Admission | None:
    """Warn of a table that is too small for a run, and admit the run if it may be paid for.

    Returns:
        What it will cost; None where load costs nothing.

    Raises:
        BudgetExceeded: it would cost more than may be spent.
        TargetError: the capacity of the table cannot be read.
    """
    target, table = site.target, site.table
    if target is None:
        return None
    capacity = None
    if table is not None and target.kind in _THROTTLES:
        capacity = targets.table_capacity(target, table)
        if table.is_ours and capacity.provisioned is None and capacity.ceiling is None:
            # An imitation of AWS may apply the ceiling that was asked for and not report it.
            capacity = replace(capacity, ceiling=costs.asked_ceiling)
    plan = costs.plan(request.load, request.shipped_classes, capacity)
    if capacity is not None:
        for bottleneck in bottlenecks(plan, dataset, capacity):
            warnings.warn(bottleneck, LoadWarning, stacklevel=_STACK_LEVEL)
    if not costs.is_counted:
        return None
    return costs.admit(request.load, [plan], target.region, capacity)
