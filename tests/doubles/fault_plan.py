"""Which request meets which fault, and what a client must report then.

A plan is a pure function of a seed, the kind of a request and its number among those of its kind,
so that a run can be done again with the same faults.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final, NamedTuple, Self

from aqp_perf.core.measured.failure_class import FailureClass
from aqp_perf.core.proof import WrongAnswerKind

_U64: Final = 1 << 64


class Kind(StrEnum):
    """What a request asks for; each is an operation of its own."""

    WRITE = "write"
    SELECT = "select"
    ZIPCODE = "zipcode"
    STATUS = "status"

    @property
    def is_aggregate(self) -> bool:
        """Whether an AQP is asked, and not DynamoDB."""
        return self in {Kind.ZIPCODE, Kind.STATUS}


class Fault(StrEnum):
    """A fault that a request can meet."""

    STALL = "stall"
    """A right answer, held for a while."""
    LATE = "late"
    """A right answer, sent after the client has given up."""
    NEVER = "never"
    """No answer until the client gives up; nothing was done."""
    THROTTLE = "throttle"
    """Refused for its rate."""
    SERVER_ERROR = "server_error"
    """500."""
    UNAVAILABLE = "unavailable"
    """503 from an AQP."""
    RESET_BEFORE = "reset_before"
    """The connection is reset, and nothing was done."""
    RESET_AFTER = "reset_after"
    """The request is served, then the connection is reset."""
    CUT_BODY = "cut_body"
    """The request is served; half of the answer, then the end of the connection."""
    CUT_JSON = "cut_json"
    """The request is served; half of the JSON, sent as a complete answer."""
    HTML = "html"
    EMPTY = "empty"
    HUGE = "huge"
    OTHER_JSON = "other_json"
    CHANGED_VALUE = "changed_value"
    """A total, or an amount, is 1 too large."""
    DROPPED_GROUP = "dropped_group"
    """A group, or an item, from the middle is missing."""
    ADDED_GROUP = "added_group"
    """A group, or an item, that is not in the data."""
    OTHER_PARTITION = "other_partition"
    """The right answer about another partition."""


BODY_FAULTS: Final = {Fault.HTML, Fault.EMPTY, Fault.HUGE, Fault.OTHER_JSON}
"""Faults whose body has the same name in `tests.doubles.bad_bodies`."""

ROW_FAULTS: Final = {
    Fault.CHANGED_VALUE: WrongAnswerKind.WRONG_VALUE,
    Fault.DROPPED_GROUP: WrongAnswerKind.MISSING_GROUP,
    Fault.ADDED_GROUP: WrongAnswerKind.EXTRA_GROUP,
    Fault.OTHER_PARTITION: WrongAnswerKind.CROSS_TALK,
}
"""Faults that only a check against the data finds, and what it reports."""

NOT_DONE: Final = {
    Fault.NEVER,
    Fault.THROTTLE,
    Fault.SERVER_ERROR,
    Fault.UNAVAILABLE,
    Fault.RESET_BEFORE,
}
"""Faults of requests that are not served."""

_BROKEN: Final = {Fault.RESET_BEFORE, Fault.RESET_AFTER, Fault.CUT_BODY}
_TIMED_OUT: Final = {Fault.LATE, Fault.NEVER}


class Report(NamedTuple):
    """What a client that checks every answer must report."""

    failure_class: FailureClass | None
    """None: a right answer."""
    wrong_kind: WrongAnswerKind | None
    """None: no rows were checked, or they were right."""


def report_of(kind: Kind, fault: Fault | None) -> Report:
    """Return what a client must report of a request that met this fault, or no fault."""
    if fault is None or fault is Fault.STALL:
        return Report(None, None)
    if fault is Fault.THROTTLE:
        return Report(FailureClass.THROTTLED, None)
    if fault in {Fault.SERVER_ERROR, Fault.UNAVAILABLE}:
        return Report(FailureClass.SERVER_ERROR, None)
    if fault in _BROKEN | _TIMED_OUT:
        if kind is Kind.WRITE:
            return Report(FailureClass.AMBIGUOUS, None)
        is_broken = fault in _BROKEN
        return Report(FailureClass.CONNECTION if is_broken else FailureClass.TIMEOUT, None)
    malformed = None if kind is Kind.WRITE else WrongAnswerKind.MALFORMED
    return Report(FailureClass.WRONG_ANSWER, ROW_FAULTS.get(fault, malformed))


def is_possible(kind: Kind, fault: Fault) -> bool:
    """Return whether requests of this kind can meet this fault."""
    if fault in {Fault.UNAVAILABLE, Fault.OTHER_JSON}:  # DynamoDB's JSON may have fields to come
        return kind.is_aggregate
    return kind is not Kind.WRITE or fault not in ROW_FAULTS


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultPlan:
    """Which request meets which fault.

    Args:
        seed: decides which requests meet a fault.
        ratios: the ratio of the requests of a kind that meets each fault, 0 to 1.
        listed: the fault of single requests, by number from 0; precedes the ratios.
        stall_s: how long a stalled answer is held.
        late_s: how long a late answer is held.

    Raises:
        ValueError: a ratio or a time is out of range, or a kind cannot meet a fault.
    """

    seed: int = 1
    ratios: Mapping[Kind, Mapping[Fault, float]] = field(default_factory=dict)
    listed: Mapping[Kind, Mapping[int, Fault]] = field(default_factory=dict)
    stall_s: float = 0.2
    late_s: float = 11.0

    def __post_init__(self) -> None:
        for kind, ratios in self.ratios.items():
            if not (all(each >= 0 for each in ratios.values()) and sum(ratios.values()) <= 1):
                raise ValueError(
                    f"{kind}: ratios and their sum must be within 0 to 1, got {dict(ratios)}"
                )
        for name, value in (("stall_s", self.stall_s), ("late_s", self.late_s)):
            if not value >= 0:
                raise ValueError(f"{name} must be 0 or more seconds, got {value}")
        met = [(kind, fault) for kind, ratios in self.ratios.items() for fault in ratios]
        met += [(kind, each) for kind, faults in self.listed.items() for each in faults.values()]
        for kind, fault in met:
            if not is_possible(kind, fault):
                raise ValueError(f"no {kind} can meet the fault {fault}")

    def fault(self, kind: Kind, number: int) -> Fault | None:
        """Return the fault that request ``number`` of this kind, from 0, is to meet."""
        listed = self.listed.get(kind)
        if listed is not None and number in listed:
            return listed[number]
        ratios = self.ratios.get(kind)
        if not ratios:
            return None
        digest = hashlib.blake2b(f"{self.seed}/{kind}/{number}".encode(), digest_size=8).digest()
        left = int.from_bytes(digest) / _U64
        for fault, ratio in ratios.items():
            left -= ratio
            if left < 0:
                return fault
        return None

    def to_json(self) -> dict[str, Any]:
        """Return the plan as `from_json` reads it."""
        return {
            "seed": self.seed,
            "ratios": {str(kind): dict(each) for kind, each in self.ratios.items()},
            "listed": {
                str(kind): {str(number): fault for number, fault in each.items()}
                for kind, each in self.listed.items()
            },
            "stall_s": self.stall_s,
            "late_s": self.late_s,
        }

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Self:
        """Return the plan in a JSON document; missing fields have their defaults.

        Raises:
            ValueError: a kind or a fault is unknown, or the plan is invalid.
            TypeError: a field is unknown.
        """
        fields = dict(document)
        ratios, listed = fields.pop("ratios", {}), fields.pop("listed", {})
        return cls(
            ratios={
                Kind(kind): {Fault(fault): ratio for fault, ratio in each.items()}
                for kind, each in ratios.items()
            },
            listed={
                Kind(kind): {int(number): Fault(fault) for number, fault in each.items()}
                for kind, each in listed.items()
            },
            **fields,
        )
