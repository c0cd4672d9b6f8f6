"""Prices are exact, carry their date, and are refused when they cannot be."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aqp_perf.core.aws.capacity_units import Units
from aqp_perf.core.aws.prices import (
    US_EAST_1,
    Tariff,
    format_usd,
    parse_usd,
    prices_in,
    prices_of_setting,
)
from aqp_perf.errors import InvalidOption

SETTING = {
    "date": "2026-10-01",
    "read_request_million": 0.141,
    "write_request_million": "0.705",
    "read_capacity_hour": 0.000147,
    "write_capacity_hour": 0.000735,
}
ON_DEMAND = Tariff(prices=US_EAST_1)
units = st.builds(Units, read=st.integers(0, 10**9), write=st.integers(0, 10**9))
amounts = st.decimals("0.000001", "100000", places=6)


def test_million_requests_cost_what_the_price_list_says() -> None:
    assert ON_DEMAND.of_requests(Units(write=1e6)) == Decimal("0.625")
    assert ON_DEMAND.of_requests(Units(read=1e6)) == Decimal("0.125")


def test_provisioned_capacity_costs_by_the_hour_whether_used_or_not() -> None:
    tariff = Tariff(prices=US_EAST_1, provisioned=Units(read=100, write=10))
    assert tariff.of_table(2) == 2 * (100 * Decimal("0.00013") + 10 * Decimal("0.00065"))
    assert tariff.of_requests(Units(read=1e9, write=1e9)) == 0
    assert tariff.label == "provisioned, us-east-1 prices of 2024-11-01"


def test_on_demand_table_costs_nothing_by_itself() -> None:
    assert ON_DEMAND.of_table(100) == 0
    assert ON_DEMAND.label == "on-demand, us-east-1 prices of 2024-11-01"


@given(units, units)
def test_requests_cost_the_same_together_and_apart(one: Units, other: Units) -> None:
    apart = ON_DEMAND.of_requests(one) + ON_DEMAND.of_requests(other)
    assert ON_DEMAND.of_requests(one + other) == apart


@given(units)
def test_region_without_known_prices_costs_twice_and_says_so(taken: Units) -> None:
    prices = prices_in("eu-west-1")
    assert Tariff(prices=prices).of_requests(taken) == 2 * ON_DEMAND.of_requests(taken)
    capacity, doubled = (
        Tariff(prices=each, provisioned=taken).of_table(1) for each in (US_EAST_1, prices)
    )
    assert doubled == 2 * capacity
    assert "eu-west-1 are not known" in prices.label


def test_prices_of_the_setting_are_exact_and_carry_their_date() -> None:
    prices = prices_of_setting(SETTING)
    assert prices.read_request_million == Decimal("0.141")
    assert prices.write_capacity_hour == Decimal("0.000735")
    assert prices.label == "prices of 2026-10-01 in pyproject.toml"


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"date": "yesterday"}, "date: 'yesterday'"),
        ({"read_request_million": 0}, "read_request_million: 0"),
        ({"write_request_million": "cheap"}, "write_request_million: 'cheap'"),
        ({"write_capacity_hour": float("nan")}, "write_capacity_hour: nan"),
        ({"storage": 1}, "unknown: storage;"),
    ],
)
def test_an_invalid_price_list_is_rejected(changes: dict[str, object], named: str) -> None:
    with pytest.raises(InvalidOption, match=r"\[tool\.aqp-perf\.prices\]") as refused:
        prices_of_setting({**SETTING, **changes})
    assert named in str(refused.value)


def test_all_missing_and_unknown_keys_are_reported_at_once() -> None:
    odd = {"read_capacity_hour": 1, "Date": "2026-01-01", "label": "mine"}
    with pytest.raises(InvalidOption) as caught:
        prices_of_setting(odd)
    assert str(caught.value) == (
        "[tool.aqp-perf.prices]: 'read_capacity_hour, Date, label' is not valid: "
        "missing: date, read_request_million, write_request_million, write_capacity_hour; "
        "unknown: Date, label; "
        "it holds exactly date, read_request_million, write_request_million, "
        "read_capacity_hour, write_capacity_hour"
    )


@pytest.mark.parametrize("text", ["0", "-1", "nan", "inf", "five", "", "1e30"])
def test_amount_that_cannot_be_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="above 0 and at most 1000000000, in US dollars"):
        parse_usd(text)


@pytest.mark.parametrize(
    ("amount", "text"),
    [("0", "0"), ("0.0000631", "0.000064"), ("0.05", "0.050"), ("0.421", "0.43"), ("12", "12.00")],
)
def test_amount_is_shown_to_the_cent_or_to_two_digits(amount: str, text: str) -> None:
    assert format_usd(Decimal(amount)) == text


@given(amounts)
def test_amount_is_never_shown_smaller_than_it_is(amount: Decimal) -> None:
    assert amount <= Decimal(format_usd(amount)) <= amount * Decimal("1.1") + Decimal("0.01")
