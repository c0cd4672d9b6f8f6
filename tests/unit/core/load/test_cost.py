"""What is estimated and what is metered, and when it is too much."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aqp_perf.core.aws.prices import US_EAST_1, Tariff
from aqp_perf.core.load.cost import Budget, CostEstimate, RunCost, parse_budget
from aqp_perf.core.measured.run_result import MeteredUnits

amounts = st.decimals("0.000001", "100000", places=6)


def test_estimate_shows_its_parts_its_prices_and_what_it_lacks() -> None:
    estimate = CostEstimate(
        parts={"seeding": Decimal("0.01"), "load": Decimal("0.375"), "audit": Decimal("0.03")},
        tariff=Tariff(prices=US_EAST_1).label,
        gaps=("without users of CheckoutUser",),
    )
    assert str(estimate) == (
        "0.42 USD (seeding 0.010, load 0.38, audit 0.030; on-demand, us-east-1 prices of "
        "2024-11-01; without users of CheckoutUser)"
    )


@given(amounts, amounts, amounts)
def test_budget_is_read_as_it_is_written(limit: Decimal, read: Decimal, write: Decimal) -> None:
    budget = Budget(limit=limit, read_request_million=read, write_request_million=write)
    assert parse_budget(str(budget)) == budget


@pytest.mark.parametrize("text", ["", "5", "5:1", "5:1:2:3", "5:x:1", "0:1:1", "5:-1:1"])
def test_an_invalid_budget_is_rejected(text: str) -> None:
    with pytest.raises(ValueError, match="write USD:READ:WRITE"):
        parse_budget(text)


def test_budget_is_spent_when_its_last_cent_is() -> None:
    budget = parse_budget("1:0.125:0.625")
    assert budget.overspent_reason(MeteredUnits(write=1_599_999)) is None
    assert budget.overspent_reason(MeteredUnits(write=1_600_000)) == (
        "stopped when the budget of 1.00 USD was spent: "
        "1600000 write units and 0 read units cost 1.00 USD"
    )


def test_reads_of_an_aqp_are_spent_and_called_estimated() -> None:
    reason = parse_budget("1:0.5:1").overspent_reason(
        MeteredUnits(read=1e6, write=1e6, estimated_read=1e6)
    )
    assert reason is not None
    assert "1000000 write units and 2000000 read units, 1000000 of them estimated" in reason


def test_cost_of_a_run_says_how_it_is_known() -> None:
    estimate = CostEstimate(parts={"load": Decimal("0.38")}, tariff="on-demand")
    cost = RunCost(
        estimate=estimate,
        spent_parts={"load": Decimal("0.36")},
        is_partly_estimated=False,
        limit=Decimal(5),
    )
    assert str(cost) == (
        "0.36 USD (load 0.36 metered); estimate 0.38 USD (load 0.38; on-demand); "
        "limit 5.00 USD for the session"
    )
    assert "metered, in part estimated" in str(replace(cost, is_partly_estimated=True))
