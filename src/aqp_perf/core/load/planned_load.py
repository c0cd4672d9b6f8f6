"""The capacity units that a load run will take, in all and per second, estimated before it runs.

Only the user classes that ship are known. Estimates are upper bounds, except that random think
times and Poisson arrivals count with their mean.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import ceil
from typing import Final, NamedTuple

from aqp_perf.core.aws.capacity_units import Units, read_units, write_units
from aqp_perf.core.data.dataset import Dataset
from aqp_perf.core.data.statements import STATUSES
from aqp_perf.core.load.pacing import ClosedModel, OpenModel, Pacing


class UserWork(NamedTuple):
    """The work of one user class.

    Args:
        units: capacity units of one request.
        mean_think_s: mean time between an answer and the next request, when users think.
        writes: whether it writes.
    """

    units: Callable[[Dataset], Units]
    mean_think_s: float
    writes: bool = False


def insert_units(dataset: Dataset) -> Units:
    """Return the most that inserting an item takes."""
    return Units(write=write_units(dataset.largest_item_bytes))


def select_units(dataset: Dataset) -> Units:
    """Return the most that selecting the orders with one status of a partition takes."""
    # Rounding up adds at most one block.
    return Units(read=read_units(dataset.partition_bytes / len(STATUSES)) + read_units(0))


def aggregate_units(dataset: Dataset) -> Units:
    """Return the most that aggregating a partition takes."""
    return Units(read=read_units(dataset.partition_bytes))


USER_WORK: Final[Mapping[str, UserWork]] = {
    "PartiqlWriteUser": UserWork(insert_units, 0.5, writes=True),
    "PartiqlReadUser": UserWork(select_units, 3.0),
    "AqpZipcodeUser": UserWork(aggregate_units, 3.0),
    "AqpStatusUser": UserWork(aggregate_units, 3.0),
}
"""The user classes that ship, by name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadShape:
    """How much load, and for how long; see `aqp_perf.core.load.pacing`."""

    users: int
    run_time_s: float
    pacing: Pacing

    @property
    def peak_per_s(self) -> float:
        """The highest arrival rate of the open model; 0 for a closed one."""
        return self.pacing.peak_per_s if isinstance(self.pacing, OpenModel) else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedLoad:
    """What a run will take from the table.

    Args:
        total: units of the whole run.
        peak_per_s: units per second when the load is highest; None: nothing paces the load, and
            ``total`` is the most that the table gives.
        writes: number of items written.
        unknown: user classes whose work is not known, and not included.
    """

    total: Units
    peak_per_s: Units | None
    writes: float = 0.0
    unknown: tuple[str, ...] = ()


def plan_load(
    classes: Mapping[str, int], shape: LoadShape, dataset: Dataset, ceiling_per_s: Units
) -> PlannedLoad:
    """Return what users of these classes will take from the table.

    Args:
        classes: name → weight; empty: all classes that ship, with equal weights.
        shape: how many users, and for how long.
        dataset: what they read and write.
        ceiling_per_s: the most that the table gives; it limits users that nothing paces.
    """
    weights = classes or dict.fromkeys(USER_WORK, 1)
    unknown = tuple(name for name in weights if name not in USER_WORK)
    total = peak = Units()
    writes = 0.0
    for name in weights.keys() & USER_WORK.keys():
        work = USER_WORK[name]
        units = work.units(dataset)
        # Locust rounds the users of a class up or down.
        users = ceil(shape.users * weights[name] / sum(weights.values()))
        if isinstance(shape.pacing, OpenModel):
            share = users / shape.users
            requests = shape.pacing.arrivals_within(shape.run_time_s) * share
            rate_per_s = shape.peak_per_s * share
        elif shape.pacing is ClosedModel.THINK:
            requests = users * (shape.run_time_s / work.mean_think_s + 1)
            rate_per_s = users / work.mean_think_s
        else:
            rate_per_s = ceiling_per_s.write / units.write if work.writes else 0.0
            rate_per_s = rate_per_s or ceiling_per_s.read / units.read
            requests = rate_per_s * shape.run_time_s
        total += units.times(requests)
        peak += units.times(rate_per_s)
        writes += requests if work.writes else 0.0
    is_paced = shape.pacing is not ClosedModel.UNPACED
    return PlannedLoad(
        total=total if is_paced else total.at_most(ceiling_per_s.times(shape.run_time_s)),
        peak_per_s=peak if is_paced else None,
        writes=writes,
        unknown=unknown,
    )
