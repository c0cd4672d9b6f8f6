"""Billing of a created table: by request, or by provisioned capacity."""

import re
from dataclasses import dataclass

from aqp_perf.errors import InvalidOption

DEFAULT_CEILING = 40_000
"""Units per second: AWS's default quota for one table."""

_WITH_UNITS = re.compile(r"(on-demand|provisioned):([0-9]+),([0-9]+)")
_HINT = (
    "write 'on-demand', 'on-demand:RCU,WCU' or 'provisioned:RCU,WCU', "
    "both at least 1, such as 'provisioned:100,50'"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class OnDemand:
    """Billing by request.

    Args:
        read_units: the most read units per second; AWS throttles more.
        write_units: the same for write units.
    """

    read_units: int = DEFAULT_CEILING
    write_units: int = DEFAULT_CEILING

    def __post_init__(self) -> None:
        _check_units(self)

    def __str__(self) -> str:
        return "on-demand" if self == OnDemand() else f"on-demand:{_units(self)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Provisioned:
    """Billing by read and write capacity units per second, used or not."""

    read_units: int
    write_units: int

    def __post_init__(self) -> None:
        _check_units(self)

    def __str__(self) -> str:
        return f"provisioned:{_units(self)}"


Billing = OnDemand | Provisioned
"""What ``--perf-billing`` takes."""


def parse_billing(text: str) -> Billing:
    """Parse ``on-demand``, ``on-demand:RCU,WCU`` or ``provisioned:RCU,WCU``.

    Raises:
        InvalidOption: it is something else, or a number of units is below 1.
    """
    if text == "on-demand":
        return OnDemand()
    found = _WITH_UNITS.fullmatch(text)
    if found is None:
        raise InvalidOption("--perf-billing", text, _HINT)
    mode = OnDemand if found[1] == "on-demand" else Provisioned
    return mode(read_units=int(found[2]), write_units=int(found[3]))


def _units(billing: Billing) -> str:
    return f"{billing.read_units},{billing.write_units}"


def _check_units(billing: Billing) -> None:
    if billing.read_units < 1 or billing.write_units < 1:
        raise InvalidOption("--perf-billing", str(billing), _HINT)
