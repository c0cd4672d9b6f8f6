"""Costs on AWS: estimated before each load, counted after it, and limited for the session."""

import warnings
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from math import ceil
from typing import NamedTuple

from aqp_perf import targets
from aqp_perf.clock import SYSTEM_CLOCK, Clock
from aqp_perf.core.aws.capacity_units import Units, read_units, write_units
from aqp_perf.core.aws.prices import Tariff, format_usd, prices_in
from aqp_perf.core.data.dataset import Dataset
from aqp_perf.core.data.declared_item import Item
from aqp_perf.core.load.bottlenecks import TableCapacity, bottlenecks
from aqp_perf.core.load.cost import Budget, CostEstimate, RunCost
from aqp_perf.core.load.planned_load import LoadShape, PlannedLoad, plan_load
from aqp_perf.core.measured.run_result import MeteredUnits
from aqp_perf.errors import BudgetExceeded, LoadWarning
from aqp_perf.plugin.runs.audits import MOST_LOOKUPS
from aqp_perf.plugin.runs.load_request import LoadRequest
from aqp_perf.plugin.runs.site import Site
from aqp_perf.plugin.settings.session_settings import SessionSettings
from aqp_perf.targets import TargetKind

_LEAST_BUDGET = Decimal("0.000001")
_THROTTLES = frozenset({TargetKind.AWS, TargetKind.ENDPOINT})
"""moto and DynamoDB Local take every load, whatever capacity their tables have."""
_STACK_LEVEL = 4
"""The line of the test that calls ``perf_load``."""


class Admission(NamedTuple):
    """A load that may begin."""

    item: type[Item]
    """What its table holds."""
    estimate: CostEstimate
    plan: PlannedLoad
    tariff: Tariff
    budget: Budget | None
    """For its requests; None when they are free in themselves."""


class SessionCosts:
    """What the runs of one pytest process cost; only AWS is not free.

    Args:
        session: its settings.
        processes: pytest processes that share the limit, as xdist's workers do.
        clock: for the hours that the table lives.
    """

    def __init__(
        self, session: SessionSettings, *, processes: int = 1, clock: Clock = SYSTEM_CLOCK
    ) -> None:
        self._session, self._processes, self._clock = session, processes, clock
        self._limit = session.max_cost_usd / processes
        self._spent = Decimal(0)
        self._written = 0.0
        """Items written so far, as planned, which an audit may have to read."""
        self._created_s: dict[type[Item], float] = {}
        """When the table of an item was created."""
        self._seeding_owed = Decimal(0)
        """Cost of seeding that no run has reported yet."""
        self._hours_paid: defaultdict[type[Item], int] = defaultdict(int)
        """Of a provisioned table; each hour that has begun is paid in full."""
        self._expected: Sequence[LoadRequest] = ()
        """The load that the table is created for."""

    def expect(self, *requests: LoadRequest) -> None:
        """Expect one of these runs, for `admit_table`: the dearest counts."""
        self._expected = requests

    def admit_table(self, region: str, dataset: Dataset) -> None:
        """Check that a table may be created and seeded with its data, and count the seeding.

        Raises:
            BudgetExceeded: with the expected load it would cost more than may be spent.
        """
        if not self._is_billed:
            return
        if self._expected:
            self.admit(self._expected, region)
        self._created_s[dataset.item] = self._clock.monotonic_s()
        self._seeding_owed += self._tariff(region, None).of_requests(_seeding(dataset))

    def admit_run(self, site: Site, request: LoadRequest) -> Admission | None:
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
                capacity = replace(capacity, ceiling=self._asked_ceiling)
        if capacity is not None:
            plan = self._plan(request, capacity)
            for bottleneck in bottlenecks(plan, request.dataset, capacity):
                warnings.warn(bottleneck, LoadWarning, stacklevel=_STACK_LEVEL)
        if not self._is_billed:
            return None
        return self.admit([request], target.region, capacity)

    def admit(
        self, requests: Sequence[LoadRequest], region: str, capacity: TableCapacity | None = None
    ) -> Admission:
        """Check that the dearest of these loads may begin, with seeding before and audit after it.

        Its table has this ``capacity``; None: the one that our table is created with.

        Raises:
            BudgetExceeded: it would cost more than may be spent.
        """
        tariff = self._tariff(region, capacity)
        plans = [(request, self._plan(request, capacity)) for request in requests]
        estimates = [
            (self._estimate(request, plan, tariff), plan, request.dataset.item)
            for request, plan in plans
        ]
        estimate, plan, item = max(estimates, key=lambda found: found[0].total)
        if estimate.total >= self._limit - self._spent:
            raise BudgetExceeded(str(estimate), self._left_text())
        if tariff.provisioned is not None:
            return Admission(item, estimate, plan, tariff, None)
        others = [estimate.parts.get(part, Decimal(0)) for part in ("seeding", "audit")]
        budget = Budget(
            limit=max(self._limit - self._spent - sum(others), _LEAST_BUDGET),
            read_request_million=tariff.prices.read_request_million,
            write_request_million=tariff.prices.write_request_million,
        )
        return Admission(item, estimate, plan, tariff, budget)

    def charge(
        self,
        admission: Admission,
        metered: MeteredUnits | None = None,
        audit_read_units: float | None = None,
    ) -> RunCost:
        """Count what a run cost; what is not known counts as estimated.

        Args:
            admission: of the run.
            metered: units of the run; None: it left no result.
            audit_read_units: units of its audit; None: not known.
        """
        estimate, tariff = admission.estimate, admission.tariff
        load, audit = (estimate.parts.get(part, Decimal(0)) for part in ("load", "audit"))
        if metered is not None:
            load = tariff.of_requests(metered.units)
        if audit_read_units is not None:
            audit = tariff.of_requests(Units(read=audit_read_units))
        parts = {"load": load, "audit": audit}
        if self._seeding_owed:
            parts = {"seeding": self._seeding_owed, **parts}
            self._seeding_owed = Decimal(0)
        item = admission.item
        if tariff.provisioned is not None and item in self._created_s:
            hours = ceil(self._table_age_s(item) / 3_600) or 1
            parts["table"] = tariff.of_table(hours - self._hours_paid[item])
            self._hours_paid[item] = hours
        self._spent += sum(parts.values())
        # Users of another locustfile have no plan, but a meter.
        self._written += max(admission.plan.writes, 0.0 if metered is None else metered.units.write)
        return RunCost(
            estimate=estimate,
            spent_parts=parts,
            is_partly_estimated=metered is None or metered.estimated_read > 0,
            limit=self._session.max_cost_usd,
        )

    @property
    def _is_billed(self) -> bool:
        """Whether this target bills for requests (AWS only)."""
        return self._session.target.kind is TargetKind.AWS

    @property
    def _asked_ceiling(self) -> Units:
        """Capacity, or its ceiling, that our table is created with."""
        billing = self._session.billing
        return Units(read=billing.read_units, write=billing.write_units)

    def _table_age_s(self, item: type[Item]) -> float:
        now_s = self._clock.monotonic_s()
        return now_s - self._created_s.get(item, now_s)

    def _plan(self, request: LoadRequest, capacity: TableCapacity | None) -> PlannedLoad:
        load, classes = request.load, request.shipped_classes
        if classes is None:
            return PlannedLoad(total=Units(), peak_per_s=None, unknown=("another locustfile",))
        ceiling = self._asked_ceiling if capacity is None else capacity.most_per_s
        shape = LoadShape(users=load.users, run_time_s=load.run_time_s, pacing=load.pacing)
        return plan_load(classes, shape, request.dataset, ceiling)

    def _estimate(self, request: LoadRequest, plan: PlannedLoad, tariff: Tariff) -> CostEstimate:
        load, dataset, parts = request.load, request.dataset, {}
        is_ours = self._session.table is None
        if is_ours and dataset.item not in self._created_s:
            parts["seeding"] = tariff.of_requests(_seeding(dataset))
        elif self._seeding_owed:
            parts["seeding"] = self._seeding_owed
        parts["load"] = tariff.of_requests(plan.total)
        if plan.writes and load.audited_items:
            parts["audit"] = tariff.of_requests(Units(read=self._audit_units(request, plan)))
        if is_ours and tariff.provisioned is not None:
            until_s = self._table_age_s(dataset.item) + load.run_time_s + load.stop_timeout_s
            hours = ceil(until_s / 3_600) - self._hours_paid[dataset.item]
            parts["table"] = tariff.of_table(max(0, hours))
        gaps = tuple(f"without what {name} takes" for name in plan.unknown)
        if plan.peak_per_s is None and not plan.unknown:
            gaps = ("as much as the table gives, for nothing paces the users",)
        return CostEstimate(parts=parts, tariff=tariff.label, gaps=gaps)

    def _audit_units(self, request: LoadRequest, plan: PlannedLoad) -> float:
        load, dataset = request.load, request.dataset
        item_bytes = dataset.largest_item_bytes
        items = dataset.seed_count + self._written + plan.writes
        if self._session.table is None and items <= load.audited_items:
            return read_units(items * item_bytes, is_consistent=True)
        lookups = min(plan.writes, load.audited_items, MOST_LOOKUPS)
        return lookups * read_units(item_bytes, is_consistent=True)

    def _tariff(self, region: str, capacity: TableCapacity | None) -> Tariff:
        billing = self._session.billing
        provisioned = None if capacity is None else capacity.provisioned
        if self._session.table is None and billing.is_provisioned:
            provisioned = self._asked_ceiling
        return Tariff(prices=self._session.prices or prices_in(region), provisioned=provisioned)

    def _left_text(self) -> str:
        text = f"the session may cost {format_usd(self._limit)} USD"
        if self._processes > 1:
            text += f" in each of {self._processes} processes"
        if self._spent:
            text += f", of which {format_usd(self._spent)} USD are spent"
        return text


def _seeding(dataset: Dataset) -> Units:
    return Units(write=write_units(dataset.largest_item_bytes) * dataset.seed_count)
