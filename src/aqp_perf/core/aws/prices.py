"""What AWS charges for DynamoDB, in US dollars.

The prices that ship are those of us-east-1 since 1 November 2024. For other regions, most of which
are more expensive, twice these prices are assumed, unless ``[tool.aqp-perf.prices]`` has those of
the region.

Not included, because a run needs very little of it: storage (0.25 USD per GB and month) and data
transfer. The free tier is not deducted.

Source: Amazon DynamoDB pricing, Standard table class, https://aws.amazon.com/dynamodb/pricing/; the
    figures for us-east-1 as https://airbyte.com/data-engineering-resources/dynamodb-pricing quotes
    them for on-demand (21 July 2025), and dynamo-autoscale 0.3.5's ``UnitCost``, which has the same
    capacity prices (0.0065 USD an hour for 10 write or 50 read units); read on 2026-11-24.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import date
from decimal import ROUND_CEILING, Decimal, InvalidOperation
from typing import Final

from aqp_perf.core.aws.capacity_units import Units
from aqp_perf.errors import InvalidOption

MILLION: Final = Decimal(1_000_000)

_SETTING: Final = "[tool.aqp-perf.prices]"
_CENT: Final = Decimal("0.01")


@dataclass(frozen=True, slots=True, kw_only=True)
class Prices:
    """Prices in USD: of a million request units, and of a capacity unit for an hour."""

    label: str
    """Where and when they are valid."""
    read_request_million: Decimal
    write_request_million: Decimal
    read_capacity_hour: Decimal
    write_capacity_hour: Decimal


_PRICE_KEYS: Final = tuple(field.name for field in fields(Prices) if field.name != "label")

US_EAST_1: Final = Prices(
    label="us-east-1 prices of 2024-11-01",
    read_request_million=Decimal("0.125"),
    write_request_million=Decimal("0.625"),
    read_capacity_hour=Decimal("0.00013"),
    write_capacity_hour=Decimal("0.00065"),
)
_ELSEWHERE_FACTOR: Final = 2


def prices_in(region: str) -> Prices:
    """Return the prices of a region: twice those of us-east-1 for any other."""
    if region == "us-east-1":
        return US_EAST_1
    doubled = {key: getattr(US_EAST_1, key) * _ELSEWHERE_FACTOR for key in _PRICE_KEYS}
    label = f"twice the {US_EAST_1.label}, as those of {region} are not known here"
    return replace(US_EAST_1, label=label, **doubled)


def prices_of_setting(setting: Mapping[str, object]) -> Prices:
    """Return the prices in ``[tool.aqp-perf.prices]``, which has all of them and their date.

    Raises:
        InvalidOption: a key is unknown or missing, or a value is not a price or date.
    """
    known = ("date", *_PRICE_KEYS)
    lists = {
        "missing": [key for key in known if key not in setting],
        "unknown": [key for key in setting if key not in known],
    }
    problems = [f"{what}: {', '.join(keys)}" for what, keys in lists.items() if keys]
    if problems:
        hint = "; ".join((*problems, f"it holds exactly {', '.join(known)}"))
        raise InvalidOption(_SETTING, ", ".join(setting), hint)
    day = setting["date"]
    try:
        day = date.fromisoformat(str(day))
    except ValueError:
        raise InvalidOption(f"{_SETTING} date", day, "write a day like 2024-11-01") from None
    prices = {key: _amount(f"{_SETTING} {key}", setting[key]) for key in _PRICE_KEYS}
    return Prices(label=f"prices of {day} in pyproject.toml", **prices)


_MOST_USD = 1_000_000_000


def parse_usd(text: str) -> Decimal:
    """Return an amount of US dollars.

    Raises:
        ValueError: it is not a number above 0 and at most a billion.
    """
    try:
        amount = Decimal(text)
    except InvalidOperation:
        amount = Decimal(0)
    if not (amount.is_finite() and 0 < amount <= _MOST_USD):
        raise ValueError(f"it must be a number above 0 and at most {_MOST_USD}, in US dollars")
    return amount


def format_usd(amount: Decimal) -> str:
    """Return an amount, rounded up to the cent, or to two digits when below ten cents."""
    if not amount:
        return "0"
    step = min(_CENT, Decimal(1).scaleb(amount.adjusted() - 1))
    return f"{amount.quantize(step, ROUND_CEILING):f}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tariff:
    """How a table is billed: by provisioned capacity, or by request when that is None."""

    prices: Prices
    provisioned: Units | None = None

    @property
    def label(self) -> str:
        """The billing mode, and where and when the prices are valid."""
        mode = "on-demand" if self.provisioned is None else "provisioned"
        return f"{mode}, {self.prices.label}"

    def of_requests(self, units: Units) -> Decimal:
        """Return the cost of request units; 0 for a provisioned table."""
        if self.provisioned is not None:
            return Decimal(0)
        reads = Decimal(units.read) * self.prices.read_request_million
        writes = Decimal(units.write) * self.prices.write_request_million
        return (reads + writes) / MILLION

    def of_table(self, hours: int) -> Decimal:
        """Return the cost of a provisioned table for so many hours; 0 for any other."""
        if self.provisioned is None:
            return Decimal(0)
        reads = Decimal(self.provisioned.read) * self.prices.read_capacity_hour
        writes = Decimal(self.provisioned.write) * self.prices.write_capacity_hour
        return (reads + writes) * hours


def _amount(name: str, value: object) -> Decimal:
    try:
        return parse_usd(str(value))
    except ValueError as error:
        raise InvalidOption(name, value, str(error)) from error
