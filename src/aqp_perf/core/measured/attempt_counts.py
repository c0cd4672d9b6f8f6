"""Retry counts: attempts, throttled attempts, back-off time."""

from dataclasses import dataclass

from aqp_perf.core.records import Count, Figure


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptCounts:
    """Attempts of a client that retries; latencies hold all attempts and the pauses between."""

    total: Count
    throttled: Count
    """Attempts that were refused for their rate."""
    backoff_s: Figure
    """Time that the client paused between attempts, summed over all requests."""

    def __post_init__(self) -> None:
        if self.throttled > self.total:
            raise ValueError(f"{self.throttled} throttled of {self.total} attempts")
