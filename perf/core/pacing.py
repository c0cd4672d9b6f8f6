"""When requests are due: the closed models, and the open model's schedule fixed in advance."""

import re
from dataclasses import dataclass
from decimal import Decimal

_NS = 1_000_000_000
_RATE = re.compile(r"(?P<rate>\d+(?:\.\d+)?)/s")

PACING_HINT = (
    "write 'think' (closed model, random waits), 'none' (closed model, as fast as answers come) "
    "or a rate such as '200/s' (open model, arrivals per second in all)"
)


@dataclass(frozen=True, slots=True)
class Think:
    """Closed model: a user waits at random between an answer and its next request."""

    def __str__(self) -> str:
        return "think"


@dataclass(frozen=True, slots=True)
class Unpaced:
    """Closed model: a user sends its next request when it has the last one's answer."""

    def __str__(self) -> str:
        return "none"


@dataclass(frozen=True, slots=True)
class OpenModel:
    """Open model: ``rate_per_s`` arrivals per second in all, however slow the target is."""

    rate_per_s: float

    def __post_init__(self) -> None:
        if not 0 < self.rate_per_s < float("inf"):
            raise ValueError(f"the arrival rate must be above 0/s, got {self.rate_per_s:g}/s")

    def __str__(self) -> str:
        rate = Decimal(repr(self.rate_per_s)).normalize()
        return f"{rate:f}/s"


Pacing = Think | Unpaced | OpenModel
"""How the instants at which requests are due come about."""


def parse_pacing(text: str) -> Pacing:
    """Parse ``think``, ``none`` or ``RATE/s``.

    Raises:
        ValueError: it is none of these, or the rate is not above 0; the message says what is right.
    """
    text = text.strip()
    if text == "think":
        return Think()
    if text == "none":
        return Unpaced()
    found = _RATE.fullmatch(text)
    if found is None:
        raise ValueError(PACING_HINT)
    return OpenModel(float(found["rate"]))


@dataclass(frozen=True, slots=True, kw_only=True)
class ArrivalSchedule:
    """The due times of an open model, or of the share of it that one process carries.

    The whole schedule is striped: of every ``total`` consecutive arrivals, those at positions
    ``first`` … ``first + count - 1`` belong to this share. Shares that cover 0 … ``total - 1``
    together make exactly the whole, whatever the number of processes.

    Args:
        rate_per_s: arrivals per second of the whole.
        first: position of the first arrival of this share in a stripe.
        count: arrivals of this share in a stripe.
        total: arrivals in a stripe.
    """

    rate_per_s: float
    first: int = 0
    count: int = 1
    total: int = 1

    def __post_init__(self) -> None:
        if not self.rate_per_s > 0:
            raise ValueError(f"rate_per_s must be above 0, got {self.rate_per_s}")
        if not (self.first >= 0 and self.count >= 1 and self.first + self.count <= self.total):
            raise ValueError(f"no share: {self.first}+{self.count} of {self.total}")

    def due_ns(self, index: int) -> int:
        """Return when arrival ``index`` of this share is due, in ns from the schedule's start."""
        stripe, position = divmod(index, self.count)
        return round((stripe * self.total + self.first + position) * _NS / self.rate_per_s)

    def due_count(self, elapsed_ns: int) -> int:
        """Return how many arrivals of this share are due within ``elapsed_ns``, both ends in."""
        if elapsed_ns < 0:
            return 0
        whole = int(elapsed_ns * self.rate_per_s // _NS) + 1
        while round(whole * _NS / self.rate_per_s) <= elapsed_ns:
            whole += 1
        while whole > 0 and round((whole - 1) * _NS / self.rate_per_s) > elapsed_ns:
            whole -= 1
        stripes, rest = divmod(whole, self.total)
        return stripes * self.count + min(max(rest - self.first, 0), self.count)
