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
class Billing:
    """How a created table is billed; what ``--perf-billing`` takes.

    Args:
        is_provisioned: billed are capacity units per second, used or not; otherwise requests.
        read_units: read units per second; on demand a ceiling, above which AWS throttles.
        write_units: the same for write units.

    Raises:
        InvalidOption: a number of units is below 1.
    """

    is_provisioned: bool = False
    read_units: int = DEFAULT_CEILING
    write_units: int = DEFAULT_CEILING

    def __post_init__(self) -> None:
        if min(self.read_units, self.write_units) < 1:
            raise InvalidOption("--perf-billing", str(self), _HINT)

    def __str__(self) -> str:
        if self == Billing():
            return "on-demand"
        mode = "provisioned" if self.is_provisioned else "on-demand"
        return f"{mode}:{self.read_units},{self.write_units}"


def parse_billing(text: str) -> Billing:
    """Parse ``on-demand``, ``on-demand:RCU,WCU`` or ``provisioned:RCU,WCU``.

    Raises:
        InvalidOption: it is something else, or a number of units is below 1.
    """
    if text == "on-demand":
        return Billing()
    found = _WITH_UNITS.fullmatch(text)
    if found is None:
        raise InvalidOption("--perf-billing", text, _HINT)
    mode, read, write = found.groups()
    return Billing(
        is_provisioned=mode == "provisioned", read_units=int(read), write_units=int(write)
    )
