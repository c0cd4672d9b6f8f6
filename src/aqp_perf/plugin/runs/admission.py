"""What is looked at before a load begins: where its table will throttle it, and what it costs."""

import warnings
from collections.abc import Mapping
from dataclasses import replace
from typing import NamedTuple

from aqp_perf import targets
from aqp_perf.core.data.dataset import Dataset
from aqp_perf.core.load.bottlenecks import bottlenecks
from aqp_perf.core.load.cost import Budget
from aqp_perf.errors import LoadWarning
from aqp_perf.plugin.runs.costs import Admission, SessionCosts, Upcoming
from aqp_perf.plugin.settings.load_settings import LoadSettings
from aqp_perf.targets import Table, Target, TargetKind

_THROTTLES = frozenset({TargetKind.AWS, TargetKind.ENDPOINT})
"""moto and DynamoDB Local take every load, whatever capacity they say that a table has."""
_STACK_LEVEL = 4
"""The line of the test that puts the load on."""


class Cleared(NamedTuple):
    """A run that may begin; both are None where load costs nothing."""

    admission: Admission | None
    budget: Budget | None


def clear(  # noqa: PLR0913 - named, and each another thing
    costs: SessionCosts,
    dataset: Dataset,
    *,
    target: Target | None,
    table: Table | None,
    load: LoadSettings,
    classes: Mapping[str, int] | None,
) -> Cleared:
    """Warn of what the table will not carry, and admit the run if it may be paid for.

    Args:
        costs: of the session.
        dataset: what is read and written.
        target: where; None: at what the locustfile itself names.
        table: which; None: the run uses none of ours.
        load: how much.
        classes: user classes that ship, with their weights; None: those of another locustfile.

    Raises:
        BudgetExceeded: it would cost more than may be spent.
        TargetError: the table does not say its capacity.
    """
    if target is None:
        return Cleared(None, None)
    capacity = None
    if table is not None and target.kind in _THROTTLES:
        capacity = targets.table_capacity(target, table)
        if table.is_ours and capacity.provisioned is None and capacity.ceiling is None:
            # An imitation of AWS may take the ceiling that was asked for and not tell it.
            capacity = replace(capacity, ceiling=costs.asked_ceiling)
    plan = costs.plan(load, classes, capacity)
    if capacity is not None:
        for bottleneck in bottlenecks(plan, dataset, capacity):
            warnings.warn(bottleneck, LoadWarning, stacklevel=_STACK_LEVEL)
    if not costs.is_counted:
        return Cleared(None, None)
    admission = costs.admit(Upcoming(load, (plan,)), target.region, capacity)
    return Cleared(admission, costs.budget(admission))
