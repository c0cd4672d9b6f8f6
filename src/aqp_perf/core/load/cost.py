"""What load on DynamoDB costs: estimated before a run, metered during it, limited by a budget."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from aqp_perf.core.aws.prices import MILLION, format_usd, parse_usd
from aqp_perf.core.measured.run_result import MeteredUnits

BUDGET_HINT: Final = "write USD:READ:WRITE, the last two per million request units: '5:0.125:0.625'"


@dataclass(frozen=True, slots=True, kw_only=True)
class CostEstimate:
    """An estimate of costs.

    Args:
        parts: purpose → USD.
        tariff: the prices and billing mode, in words.
        gaps: what is not included, in words.
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
    """The estimated and the actual cost of a run.

    Args:
        estimate: made before the run.
        spent_parts: seeding, load, audit or table → USD. Seeding counts in the first run after it,
            an hour of a provisioned table in the run in which it began.
        is_partly_estimated: whether the AQP's reads, or all, are estimated instead of metered.
        limit: USD that the session may cost.
    """

    estimate: CostEstimate
    spent_parts: Mapping[str, Decimal]
    is_partly_estimated: bool
    limit: Decimal

    @property
    def spent(self) -> Decimal:
        """All parts together."""
        return sum(self.spent_parts.values(), Decimal(0))

    def __str__(self) -> str:
        how = "metered, in part estimated" if self.is_partly_estimated else "metered"
        parts = ", ".join(
            f"{name} {format_usd(usd)}{f' {how}' if name == 'load' else ''}"
            for name, usd in self.spent_parts.items()
        )
        return (
            f"{format_usd(self.spent)} USD ({parts}); estimate {self.estimate}; "
            f"limit {format_usd(self.limit)} USD for the session"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """How much a run may spend on request units, and their prices, as ``USD:READ:WRITE``."""

    limit: Decimal
    read_request_million: Decimal
    write_request_million: Decimal

    def overspent_reason(self, metered: MeteredUnits) -> str | None:
        """Return why a run has to stop; None while the budget is not spent."""
        units = metered.units
        spent = (
            Decimal(units.read) * self.read_request_million
            + Decimal(units.write) * self.write_request_million
        ) / MILLION
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
        ValueError: it is not a budget; the message says what to write.
    """
    try:
        limit, read, write = (parse_usd(part) for part in text.split(":"))
    except ValueError:
        raise ValueError(BUDGET_HINT) from None
    return Budget(limit=limit, read_request_million=read, write_request_million=write)
