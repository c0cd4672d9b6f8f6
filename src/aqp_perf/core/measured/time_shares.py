"""Where the time of answers went, of those that say what their target spent on them.

Medians of parts do not add up to the median of the whole; sums do, and so do means. So these are
sums over the same answers.
"""

from collections.abc import Iterable
from dataclasses import dataclass, fields
from typing import Final, Self

from aqp_perf.core.json_reader import JsonReader
from aqp_perf.errors import ResultError

RETRIEVE: Final = "retrieve"
"""Time in which a target fetches its data: for an AQP, DynamoDB's as the AQP sees it."""
AGGREGATE: Final = "aggregate"
"""Time in which it makes an answer of them: for an AQP, its own."""

_NS_PER_MS: Final = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeShares:
    """Sums over ``answers``; the shares together are the latency of all of these."""

    answers: int
    waiting_ns: int
    """From when they were due until they were sent."""
    client_and_network_ns: int
    """Service time without what the target says; below 0 when it says more than there was."""
    aggregate_ns: int
    retrieve_ns: int

    def __post_init__(self) -> None:
        if self.answers < 1:
            raise ResultError(f"time shares of {self.answers} answers")

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

    def to_json(self) -> dict[str, object]:
        """Return the shares as in the report; the means are there for other readers."""
        return {each.name: getattr(self, each.name) for each in fields(self)} | {
            "means_ms": self.means_ms
        }

    @classmethod
    def from_json(cls, reader: JsonReader) -> Self:
        """Return what `to_json` wrote; means are derived again.

        Raises:
            ResultError: a field is missing or cannot be.
        """
        return cls(**{each.name: reader.integer(each.name) for each in fields(cls)})

    @classmethod
    def merged(cls, parts: Iterable[Self | None]) -> Self | None:
        """Return the shares of the answers of all parts; None when no part has any."""
        known = [each for each in parts if each is not None]
        if not known:
            return None
        sums = {each.name: sum(getattr(part, each.name) for part in known) for each in fields(cls)}
        return cls(**sums)
