"""How a created table is paid for: by request, or by provisioned capacity."""

import re
from dataclasses import dataclass

from aqp_perf.errors import InvalidOption

DEFAULT_CEILING = 40_000
"""Units per second; the quota that AWS gives a table of an account that did not ask for more."""

_WITH_UNITS = re.compile(r"(on-demand|provisioned):([0-9]+),([0-9]+)")
_HINT = (
    "write 'on-demand', 'on-demand:RCU,WCU' or 'provisioned:RCU,WCU', "
    "both at least 1, such as 'provisioned:100,50'"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class OnDemand:
    """Every request is paid for by itself.

    Args:
        read_units: at most so many read units a second; AWS throttles what is more.
        write_units: as many write units.
    """

    read_units: int = DEFAULT_CEILING
    write_units: int = DEFAULT_CEILING

    def __post_init__(self) -> None:
        _check_units(self)

    def __str__(self) -> str:
        return "on-demand" if self == OnDemand() else f"on-demand:{_units(self)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Provisioned:
    """So many read and write capacity units are paid for in every second, used or not."""

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
        InvalidOption: it is none of these, or a number of units is below 1.
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
