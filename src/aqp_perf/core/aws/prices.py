"""What AWS charges for DynamoDB, in US dollars.

The prices that ship are those of us-east-1, where on-demand requests have cost this since
1 November 2024. Most other regions are dearer, and we have no list of their prices to go by: for
them twice these are reckoned, unless ``[tool.perf.prices]`` gives the region's own.

Not counted, because a run takes next to nothing of it: storage (0.25 USD for a GB and month), data
transfer, and the free tier on the other side.

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

_SETTING: Final = "[tool.perf.prices]"
_CENT: Final = Decimal("0.01")


@dataclass(frozen=True, slots=True, kw_only=True)
class Prices:
    """Prices in USD, and in words where and when they hold."""

    label: str
    read_request_million: Decimal
    """Of a million read request units; the others likewise."""
    write_request_million: Decimal
    read_capacity_hour: Decimal
    """Of one provisioned read capacity unit for an hour."""
    write_capacity_hour: Decimal

    def of_requests(self, units: Units) -> Decimal:
        """Return what request units cost."""
        reads = Decimal(units.read) * self.read_request_million
        writes = Decimal(units.write) * self.write_request_million
        return (reads + writes) / MILLION

    def of_capacity(self, capacity: Units, hours: int) -> Decimal:
        """Return what provisioned capacity costs for so many hours."""
        reads = Decimal(capacity.read) * self.read_capacity_hour
        writes = Decimal(capacity.write) * self.write_capacity_hour
        return (reads + writes) * hours


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
    """Return the prices of a region; where they do not ship, twice those that do."""
    if region == "us-east-1":
        return US_EAST_1
    doubled = {key: getattr(US_EAST_1, key) * _ELSEWHERE_FACTOR for key in _PRICE_KEYS}
    label = f"twice the {US_EAST_1.label}, as those of {region} are not known here"
    return replace(US_EAST_1, label=label, **doubled)


def prices_of_setting(setting: Mapping[str, object]) -> Prices:
    """Return the prices in ``[tool.perf.prices]``: all of them, with the date they are of.

    Raises:
        InvalidOption: a key is unknown or missing, or a value is no price or no date.
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
    """Return an amount of money.

    Raises:
        ValueError: it is no number above 0, or one that nobody pays.
    """
    try:
        amount = Decimal(text)
    except InvalidOperation:
        amount = Decimal(0)
    if not (amount.is_finite() and 0 < amount <= _MOST_USD):
        raise ValueError(f"it must be a number above 0 and at most {_MOST_USD}, in US dollars")
    return amount


def format_usd(amount: Decimal) -> str:
    """Return an amount, rounded up: to the cent, below ten cents to two digits."""
    if not amount:
        return "0"
    step = min(_CENT, Decimal(1).scaleb(amount.adjusted() - 1))
    return f"{amount.quantize(step, ROUND_CEILING):f}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tariff:
    """How a table is paid for.

    Args:
        prices: what a unit costs.
        provisioned: the capacity that is paid for, used or not; None: by request.
    """

    prices: Prices
    provisioned: Units | None = None

    @property
    def label(self) -> str:
        """The tariff in words."""
        mode = "on-demand" if self.provisioned is None else "provisioned"
        return f"{mode}, {self.prices.label}"

    def of_requests(self, units: Units) -> Decimal:
        """Return what requests cost that take so many units."""
        return Decimal(0) if self.provisioned is not None else self.prices.of_requests(units)

    def of_table(self, hours: int) -> Decimal:
        """Return what the table itself costs for so many hours, each begun one counted whole."""
        if self.provisioned is None:
            return Decimal(0)
        return self.prices.of_capacity(self.provisioned, hours)


def _amount(name: str, value: object) -> Decimal:
    try:
        return parse_usd(str(value))
    except ValueError as error:
        raise InvalidOption(name, value, str(error)) from error
