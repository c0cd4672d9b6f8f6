"""What a client that repeats requests made of them."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Self

from aqp_perf.core.json_reader import JsonReader
from aqp_perf.errors import ResultError


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptCounts:
    """How often requests were sent; their latencies hold all attempts, and the pauses between."""

    total: int
    throttled: int
    """Those of them that were refused for their rate."""
    backoff_s: float
    """Time that the client paused between attempts, of all requests together."""

    def __post_init__(self) -> None:
        if not 0 <= self.throttled <= self.total:
            raise ResultError(f"{self.throttled} throttled of {self.total} attempts")

    def to_json(self) -> dict[str, object]:
        """Return the counts as in the report."""
        return asdict(self)

    @classmethod
    def from_json(cls, reader: JsonReader) -> Self:
        """Return what `to_json` wrote.

        Raises:
            ResultError: a field is missing or cannot be.
        """
        return cls(
            total=reader.count("total"),
            throttled=reader.count("throttled"),
            backoff_s=reader.number("backoff_s"),
        )

    @classmethod
    def merged(cls, parts: Iterable[Self | None]) -> Self | None:
        """Return the attempts of all parts; None when no part knows any."""
        known = [each for each in parts if each is not None]
        if not known:
            return None
        return cls(
            total=sum(each.total for each in known),
            throttled=sum(each.throttled for each in known),
            backoff_s=sum(each.backoff_s for each in known),
        )
