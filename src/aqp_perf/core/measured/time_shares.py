"""Where the time of answers went, of the answers whose target reports its own times.

These are sums over the same answers: medians of parts do not add up to the median of the whole,
sums and means do.
"""

from dataclasses import dataclass
from typing import Final

from aqp_perf.core.records import Count, Nanoseconds

RETRIEVE: Final = "retrieve"
"""Time in which a target fetches its data: for an AQP, DynamoDB's as the AQP measures it."""
AGGREGATE: Final = "aggregate"
"""Time in which it makes an answer of the data: for an AQP, its own."""

_NS_PER_MS: Final = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeShares:
    """Sums over ``answers``; the shares add up to the latency of all these answers."""

    answers: Count
    waiting_ns: Nanoseconds
    """From when they were due until they were sent."""
    client_and_network_ns: Nanoseconds
    """Service time less the times of the target; negative when those exceed it."""
    aggregate_ns: Nanoseconds
    retrieve_ns: Nanoseconds

    def __post_init__(self) -> None:
        if self.answers < 1:
            raise ValueError(f"time shares of {self.answers} answers")

    @property
    def means_ms(self) -> dict[str, float]:
        """The mean of every share by its name, and of the ``latency``, which is their sum."""
        sums_ns = {
            "waiting": self.waiting_ns,
            "client_and_network": self.client_and_network_ns,
            AGGREGATE: self.aggregate_ns,
            RETRIEVE: self.retrieve_ns,
        }
        sums_ns = {"latency": sum(sums_ns.values()), **sums_ns}
        return {name: sum_ns / self.answers / _NS_PER_MS for name, sum_ns in sums_ns.items()}
