"""Parts of an operation's result: retries, answer sizes, checked answers, where the time went."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Final

from aqp_perf.core.measured.merging import MERGE
from aqp_perf.core.proof.wrong_answer import WrongAnswer, WrongAnswerKind
from aqp_perf.core.records import Count, Figure, Nanoseconds

MOST_EVIDENCE: Final = 3
"""Wrong answers of each kind, to different queries, that an operation keeps whole."""
RETRIEVE: Final = "retrieve"
"""Time in which a target fetches its data: for an AQP, DynamoDB's as the AQP measures it."""
AGGREGATE: Final = "aggregate"
"""Time in which it makes an answer of the data: for an AQP, its own."""

_NS_PER_MS: Final = 1_000_000


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


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerSizes:
    """Sizes of all answers without a failure."""

    answers: Count
    bytes: Count
    """Sum of their lengths, as they came over the network."""
    items: Count | None = None
    """Sum of the items or rows in them; None when they were not counted."""

    @property
    def mean_bytes(self) -> float | None:
        """Bytes of an answer; None without an answer."""
        return self.bytes / self.answers if self.answers else None

    @property
    def mean_items(self) -> float | None:
        """Items of an answer; None without an answer, or when they were not counted."""
        return self.items / self.answers if self.answers and self.items is not None else None


def adds_evidence(wrong: WrongAnswer, kept: Sequence[WrongAnswer]) -> bool:
    """Return whether a wrong answer shows something that those which are kept do not."""
    alike = [other.query for other in kept if other.kind is wrong.kind]
    return len(alike) < MOST_EVIDENCE and wrong.query not in alike


def _first_few(parts: Sequence[tuple[WrongAnswer, ...]]) -> tuple[WrongAnswer, ...]:
    kept: list[WrongAnswer] = []
    for wrong in chain.from_iterable(parts):
        if adds_evidence(wrong, kept):
            kept.append(wrong)
    return tuple(kept)


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerChecks:
    """What was found in the answers that were checked."""

    checked: Count
    wrong: Mapping[WrongAnswerKind, Count] = field(default_factory=dict)
    """How many of them were wrong, by kind."""
    evidence: tuple[WrongAnswer, ...] = field(default=(), metadata={MERGE: _first_few})
    """The first few wrong answers of each kind, whole."""

    def __post_init__(self) -> None:
        if self.wrong_count > self.checked:
            raise ValueError(f"{self.wrong_count} wrong answers of {self.checked} checked")

    @property
    def wrong_count(self) -> int:
        """Number of wrong answers."""
        return sum(self.wrong.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeShares:
    """Where the time went, of answers whose target reports its own times: sums over ``answers``.

    The shares add up to the latency of all these answers, as medians of parts would not.
    """

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
