"""How a created table is paid for: by request, or by provisioned capacity."""

import re
from dataclasses import dataclass

from perf.errors import InvalidOption

_PROVISIONED = re.compile(r"provisioned:([0-9]+),([0-9]+)")
_HINT = "write 'on-demand' or 'provisioned:RCU,WCU', both at least 1, such as 'provisioned:100,50'"


@dataclass(frozen=True, slots=True)
class OnDemand:
    """Every request is paid for by itself."""

    def __str__(self) -> str:
        return "on-demand"


@dataclass(frozen=True, slots=True, kw_only=True)
class Provisioned:
    """So many read and write capacity units are paid for in every second, used or not."""

    read_units: int
    write_units: int

    def __post_init__(self) -> None:
        if self.read_units < 1 or self.write_units < 1:
            raise InvalidOption("--perf-billing", str(self), _HINT)

    def __str__(self) -> str:
        return f"provisioned:{self.read_units},{self.write_units}"


Billing = OnDemand | Provisioned
"""What ``--perf-billing`` takes."""


def parse_billing(text: str) -> Billing:
    """Parse ``on-demand`` or ``provisioned:RCU,WCU``.

    Raises:
        InvalidOption: it is neither, or a capacity is below 1.
    """
    if text == "on-demand":
        return OnDemand()
    found = _PROVISIONED.fullmatch(text)
    if found is None:
        raise InvalidOption("--perf-billing", text, _HINT)
    read_units, write_units = map(int, found.groups())
    return Provisioned(read_units=read_units, write_units=write_units)
