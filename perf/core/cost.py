"""What load on DynamoDB costs, in US dollars: estimated before, metered during a run.

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
from dataclasses import asdict, dataclass, fields, replace
from datetime import date
from decimal import ROUND_CEILING, Decimal, InvalidOperation
from typing import Final, Self

from perf.core.capacity_units import Units
from perf.core.json_reader import JsonReader
from perf.errors import InvalidOption

BUDGET_HINT: Final = "write USD:READ:WRITE, the last two per million request units: '5:0.125:0.625'"

_SETTING: Final = "[tool.perf.prices]"
_MILLION: Final = Decimal(1_000_000)
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
        return (reads + writes) / _MILLION

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
    if set(setting) != set(known):
        odd = sorted(set(setting) ^ set(known))
        raise InvalidOption(_SETTING, ", ".join(odd), f"it holds exactly {', '.join(known)}")
    day = setting["date"]
    try:
        day = date.fromisoformat(str(day))
    except ValueError:
        raise InvalidOption(f"{_SETTING} date", day, "write a day like 2024-11-01") from None
    prices = {key: _amount(f"{_SETTING} {key}", setting[key]) for key in _PRICE_KEYS}
    return Prices(label=f"prices of {day} in pyproject.toml", **prices)


def parse_usd(text: str) -> Decimal:
    """Return an amount of money.

    Raises:
        ValueError: it is no number above 0.
    """
    try:
        amount = Decimal(text)
    except InvalidOperation:
        amount = Decimal(0)
    if not (amount.is_finite() and amount > 0):
        raise ValueError("it must be a number above 0, in US dollars")
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


@dataclass(frozen=True, slots=True, kw_only=True)
class CostEstimate:
    """What something will cost, part by part.

    Args:
        parts: what for → USD.
        tariff: how it was reckoned, in words.
        gaps: what is not in it, in words.
    """

    parts: Mapping[str, Decimal]
    tariff: str
    gaps: tuple[str, ...] = ()

    @property
    def total(self) -> Decimal:
        """All parts together."""
        return sum(self.parts.values(), Decimal(0))

    def __str__(self) -> str:
        parts = ", ".join(f"{name} {format_usd(usd)}" for name, usd in self.parts.items())
        gaps = "".join(f"; {gap}" for gap in self.gaps)
        return f"{format_usd(self.total)} USD ({parts}; {self.tariff}{gaps})"


@dataclass(frozen=True, slots=True, kw_only=True)
class RunCost:
    """What a run was to cost, and what it did.

    Args:
        estimate: made before it began.
        spent: USD of what its requests and its audit took.
        is_partly_estimated: whether an AQP's reads are in ``spent``, or nothing was metered.
        limit: USD that the session may cost.
    """

    estimate: CostEstimate
    spent: Decimal
    is_partly_estimated: bool
    limit: Decimal

    def __str__(self) -> str:
        how = "metered, in part estimated" if self.is_partly_estimated else "metered"
        return (
            f"{format_usd(self.spent)} USD {how}; estimate {self.estimate}; "
            f"limit {format_usd(self.limit)} USD for the session"
        )

    def to_json(self) -> dict[str, object]:
        """Return the cost as in the report."""
        return {
            "estimate_usd": float(self.estimate.total),
            "estimate_parts_usd": {k: float(usd) for k, usd in self.estimate.parts.items()},
            "tariff": self.estimate.tariff,
            "gaps": list(self.estimate.gaps),
            "spent_usd": float(self.spent),
            "is_partly_estimated": self.is_partly_estimated,
            "limit_usd": float(self.limit),
        }

    @classmethod
    def from_json(cls, reader: JsonReader) -> Self:
        """Return what `to_json` wrote, to the 15 digits that JSON's readers keep.

        Raises:
            ResultError: a field is missing or cannot be.
        """
        parts = reader.child("estimate_parts_usd")
        return cls(
            estimate=CostEstimate(
                parts={name: _usd(parts, name) for name in parts.fields},
                tariff=reader.text("tariff"),
                gaps=reader.texts("gaps"),
            ),
            spent=_usd(reader, "spent_usd"),
            is_partly_estimated=reader.flag("is_partly_estimated"),
            limit=_usd(reader, "limit_usd"),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class MeteredUnits:
    """What the requests of a run took, those of the warm-up included.

    Args:
        read: read units that DynamoDB reported.
        write: write units that DynamoDB reported, and one for each write without an answer.
        estimated_read: read units of what an AQP read, from the bytes that it said it read.
    """

    read: float = 0.0
    write: float = 0.0
    estimated_read: float = 0.0

    @property
    def units(self) -> Units:
        """All of them."""
        return Units(read=self.read + self.estimated_read, write=self.write)

    def to_json(self) -> dict[str, object]:
        """Return the units as in the report."""
        return asdict(self)

    @classmethod
    def from_json(cls, reader: JsonReader) -> Self:
        """Return what `to_json` wrote.

        Raises:
            ResultError: a field is missing or cannot be.
        """
        return cls(**{field.name: reader.number(field.name) for field in fields(cls)})


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """How much a run may spend on request units, as ``USD:READ:WRITE``."""

    limit: Decimal
    read_request_million: Decimal
    write_request_million: Decimal

    def overspent_reason(self, metered: MeteredUnits) -> str | None:
        """Return why a run has to stop; None while it may go on."""
        units = metered.units
        spent = (
            Decimal(units.read) * self.read_request_million
            + Decimal(units.write) * self.write_request_million
        ) / _MILLION
        if spent < self.limit:
            return None
        estimated = f", {metered.estimated_read:.0f} of them estimated"
        return (
            f"stopped when the budget of {format_usd(self.limit)} USD was spent: "
            f"{units.write:.0f} write units and {units.read:.0f} read units"
            f"{estimated if metered.estimated_read else ''} cost {format_usd(spent)} USD"
        )

    def __str__(self) -> str:
        return f"{self.limit:f}:{self.read_request_million:f}:{self.write_request_million:f}"


def parse_budget(text: str) -> Budget:
    """Parse ``USD:READ:WRITE``.

    Raises:
        ValueError: it is none; the message says what is right.
    """
    try:
        limit, read, write = (parse_usd(part) for part in text.split(":"))
    except ValueError:
        raise ValueError(BUDGET_HINT) from None
    return Budget(limit=limit, read_request_million=read, write_request_million=write)


def _usd(reader: JsonReader, key: str) -> Decimal:
    return Decimal(repr(reader.number(key)))


def _amount(name: str, value: object) -> Decimal:
    try:
        return parse_usd(str(value))
    except ValueError as error:
        raise InvalidOption(name, value, str(error)) from error
