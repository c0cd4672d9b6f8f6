"""Costs are estimated before a load, counted after it, and limited for the session."""

from collections.abc import Callable
from decimal import Decimal

import pytest

from aqp_perf.core.aws.capacity_units import Units
from aqp_perf.core.data.dataset import Dataset, DataSettings
from aqp_perf.core.load.bottlenecks import TableCapacity
from aqp_perf.core.measured.run_result import MeteredUnits
from aqp_perf.errors import BudgetExceeded
from aqp_perf.plugin.runs.costs import Admission, SessionCosts
from aqp_perf.plugin.runs.load_request import LoadRequest, shipped_requests
from aqp_perf.plugin.settings.load_settings import LoadSettings
from aqp_perf.plugin.settings.resolver import Resolver
from aqp_perf.workloads.order import Order
from tests.doubles.manual_clock import ManualClock

AWS = ("--perf-target=aws", "--perf-aws-account=123456789012")
EMPTY = "--perf-data=items_per_partition=0"
REGION = "us-east-1"
HOUR_S = 3_600.0

Session = Callable[..., "Costs"]


class Costs(SessionCosts):
    """The costs of a session, with the settings of its loads and a clock to set."""

    load: LoadSettings
    data: DataSettings
    clock: ManualClock

    @property
    def dataset(self) -> Dataset:
        return self.data.of(Order)

    def write(self, capacity: TableCapacity | None = None) -> Admission:
        return self.admit(
            [LoadRequest.of("PartiqlWriteUser", None, self.load, self.data)], REGION, capacity
        )


@pytest.fixture
def session(pytester: pytest.Pytester) -> Session:
    """Return the costs of a session with these options: on AWS, a thousand writes a second."""

    def create(*args: str, processes: int = 1, load: str = "1000/s") -> Costs:
        options = (
            *AWS,
            f"--perf-pacing={load}",
            "--perf-run-time=1000s",
            "--override-ini=perf_audit=off",
        )
        config = pytester.parseconfig(*options, *args)
        resolver = Resolver(config, run_id="run")
        clock = ManualClock()
        costs = Costs(resolver.session, processes=processes, clock=clock)
        costs.clock = clock
        costs.load, costs.data = resolver.load({}), resolver.session.data
        return costs

    return create


def test_estimate_is_the_seeding_and_the_load_before_the_table_is_there(session: Session) -> None:
    assert session().write().estimate.parts == {
        "seeding": 1000 * Decimal("0.000000625"),
        "load": Decimal("0.625"),
    }


def test_seeding_is_paid_for_once(session: Session) -> None:
    costs = session()
    costs.admit_table(REGION, costs.dataset)
    admission = costs.write()
    seeding = 1000 * Decimal("0.000000625")
    assert admission.estimate.parts == {"seeding": seeding, "load": Decimal("0.625")}
    budget = admission.budget
    assert budget is not None
    assert budget.limit == 5 - seeding
    cost = costs.charge(admission, metered=MeteredUnits(), audit_read_units=None)
    assert cost.spent_parts["seeding"] == seeding
    again = costs.charge(costs.write(), metered=MeteredUnits(), audit_read_units=None)
    assert again.estimate.parts.keys() == {"load"}
    assert "seeding" not in again.spent_parts


def test_load_above_the_limit_is_refused_with_its_parts_and_what_would_do(session: Session) -> None:
    with pytest.raises(BudgetExceeded) as refused:
        session("--perf-max-cost=0.6", EMPTY).write()
    assert str(refused.value) == (
        "cost estimate: 0.63 USD (seeding 0, load 0.63; on-demand, us-east-1 prices of "
        "2024-11-01), but the session may cost 0.60 USD: shorten the run, lower its rate, or "
        "raise --perf-max-cost"
    )


def test_table_is_not_created_for_a_load_that_may_not_follow(session: Session) -> None:
    costs = session("--perf-max-cost=0.6", EMPTY)
    costs.expect(*shipped_requests(costs.load, costs.data))
    with pytest.raises(BudgetExceeded, match=r"load 0\.63"):
        costs.admit_table(REGION, costs.dataset)
    costs.expect(LoadRequest.of("AqpStatusUser", None, costs.load))
    costs.admit_table(REGION, costs.dataset)  # reads are cheaper


def test_what_a_run_took_is_not_left_for_the_next(session: Session) -> None:
    costs = session("--perf-max-cost=1", EMPTY)
    cost = costs.charge(costs.write(), metered=MeteredUnits(write=1e6), audit_read_units=None)
    assert cost.spent == Decimal("0.625")
    with pytest.raises(BudgetExceeded, match=r"1\.00 USD, of which 0\.63 USD are spent"):
        costs.write()


def test_meter_counts_and_not_the_estimate(session: Session) -> None:
    costs = session("--perf-max-cost=1", EMPTY)
    for _ in range(9):
        costs.charge(costs.write(), metered=MeteredUnits(write=1e4), audit_read_units=None)
    budget = costs.write().budget
    assert budget is not None
    assert budget.limit == 1 - 9 * Decimal("0.00625")


def test_run_without_a_result_costs_what_was_estimated(session: Session) -> None:
    costs = session("--perf-max-cost=1", EMPTY)
    cost = costs.charge(costs.write(), metered=None, audit_read_units=None)
    assert cost.spent == Decimal("0.625")
    assert cost.is_partly_estimated


def test_audit_reads_all_that_was_written_so_far(session: Session) -> None:
    costs = session("--override-ini=perf_audit=3000000", EMPTY)
    first = costs.write()
    costs.charge(first, metered=MeteredUnits(), audit_read_units=0)
    second = costs.write()
    # 186 bytes for an item, 4 KB for a unit.
    assert first.estimate.parts["audit"] == 45_411 * Decimal("0.000000125")
    assert second.estimate.parts["audit"] == 90_821 * Decimal("0.000000125")


def test_audit_of_more_items_than_are_read_whole_looks_for_a_sample(session: Session) -> None:
    estimate = session("--override-ini=perf_audit=50000", EMPTY).write().estimate
    assert estimate.parts["audit"] == 50_000 * Decimal("0.000000125")


def test_budget_keeps_what_the_audit_needs(session: Session) -> None:
    costs = session("--override-ini=perf_audit=50000", EMPTY)
    budget = costs.write().budget
    assert budget is not None
    assert budget.limit == 5 - 50_000 * Decimal("0.000000125")


def test_provisioned_table_costs_its_hours_and_its_requests_nothing(session: Session) -> None:
    costs = session("--perf-billing=provisioned:100,200")
    costs.admit_table(REGION, costs.dataset)
    hour = 100 * Decimal("0.00013") + 200 * Decimal("0.00065")
    assert costs.write().estimate.parts == {"load": 0, "table": hour}
    assert costs.write().budget is None
    costs.clock.time_passes(HOUR_S)
    assert costs.write().estimate.parts["table"] == 2 * hour
    first = costs.charge(costs.write(), metered=MeteredUnits(write=1e6), audit_read_units=1e6)
    assert first.spent_parts == {"load": 0, "audit": 0, "table": hour}
    second = costs.charge(costs.write(), metered=MeteredUnits(), audit_read_units=None)
    assert second.estimate.parts["table"] == hour
    assert second.spent_parts["table"] == 0, "the hour that has begun is paid"


def test_somebody_elses_table_is_neither_seeded_nor_paid_for_by_us(session: Session) -> None:
    costs = session("--perf-table=orders")
    provisioned = TableCapacity(provisioned=Units(read=9, write=9), is_on_aws=True)
    assert costs.write(provisioned).estimate.parts == {"load": 0}
    assert costs.write(TableCapacity(is_on_aws=True)).estimate.parts == {"load": Decimal("0.625")}


def test_users_that_nothing_paces_cost_what_the_table_gives_and_that_is_said(
    session: Session,
) -> None:
    costs = session("--perf-billing=on-demand:10,2000", EMPTY, load="none")
    estimate = costs.write().estimate
    assert estimate.parts["load"] == Decimal("1.25")
    assert "as much as the table gives" in str(estimate)


def test_users_of_another_file_are_not_known_and_that_is_said(session: Session) -> None:
    costs = session(EMPTY)
    unknown = costs.admit([LoadRequest.of(None, "other.py", costs.load)], REGION)
    assert "without what another locustfile takes" in str(unknown.estimate)
    assert unknown.budget is not None, "its requests are metered"


def test_processes_share_the_limit(session: Session) -> None:
    with pytest.raises(BudgetExceeded, match=r"may cost 0\.50 USD in each of 2 processes"):
        session("--perf-max-cost=1", processes=2).write()


def test_other_targets_cost_nothing(pytester: pytest.Pytester) -> None:
    resolver = Resolver(pytester.parseconfig(), run_id="run")
    assert not SessionCosts(resolver.session)._is_billed
