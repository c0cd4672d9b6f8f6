"""The rules a run is judged by, as people write them.

```text
threshold = [ operation ":" ] metric op limit [ unit ] [ "min_samples" requests ]
          | "abort" ":" [ operation ":" ] metric op limit [ unit ] [ "after" requests ]
operation = "all"                  all requests of the run together
          | the full name of an operation, or a glob that matches exactly one
metric    = "failure_ratio" | failure-class "_ratio"          (throttled_ratio, timeout_ratio, …)
          | "throughput"                                      (right answers per second)
          | "median" | "mean" | "max" | "p" percentile        (latency; 0 < percentile < 100)
op        = "<" | "<=" | ">" | ">="
unit      = "%"                  for ratios     (none: a number from 0 to 1)
          | "ms" | "s" | "us" | "µs"  for latencies  (none: ms)
          | "/s"                 for throughput (none: per second)
```

The last colon ends the operation, so its name may hold colons, commas, blanks, ``=`` and ``<``.
Without an operation a threshold holds for every operation of the run, each on its own. With
``all`` it holds for all requests together, as if they were of one operation. An operation whose
name is ``all`` is written with its type in front: ``GET all``.

``p99 < 300 ms min_samples 100`` leaves out the operations with fewer than 100 requests, and a note
names them. If it leaves out all that it would judge, there is no data.

An abort rule ends a hopeless run early: in ``abort: failure_ratio > 50%``, the run ends and has
failed as soon as more than half of the requests fail. It takes ``>`` and ``>=``, and not
throughput, which is always low at the beginning. It applies to an operation once that has 100
requests, or as many as the rule says: ``abort: failure_ratio > 50% after 200``.

Every metric takes both directions: ``throttled_ratio > 0`` is how a test says that a limit was
reached. A threshold that no run can meet, or that every run meets, is rejected.
"""

import math
import operator
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from aqp_perf.core.measured.failure_class import FailureClass
from aqp_perf.core.measured.selectors import ALL
from aqp_perf.core.verdict.metrics import (
    MetricKind,
    canonical_metric,
    failure_class_of,
    format_quantity,
    kind_of,
    parse_limit,
    quantile_of,
    range_of,
    range_text,
)
from aqp_perf.errors import InvalidThreshold

_OPERATORS: Final[dict[str, Callable[[float, float], bool]]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_RULE: Final = re.compile(r"([^<>=!]*)([<>=!]+)([^<>=!]*)")
_ABORT: Final = "abort"
DEFAULT_ABORT_AFTER: Final = 100
"""Requests that an operation needs before an abort rule without ``after`` applies to it."""
_AFTER: Final = "after"
_MIN_SAMPLES: Final = "min_samples"
_REQUESTS: Final = re.compile(r"[0-9]{1,12}")
_EXAMPLE: Final = "write it like 'p99 < 250 ms' or 'write_to_ddb: failure_ratio <= 0.1%'"


@dataclass(frozen=True, slots=True, kw_only=True)
class Threshold:
    """One rule; its limit is a ratio from 0 to 1, milliseconds, or a number per second."""

    operation: str | None
    """Full name or glob of an operation; `ALL`: all requests of the run together; None: every
    operation of the run on its own."""
    metric: str
    op: str
    limit: float
    min_samples: int | None = None
    """Operations with fewer requests are left out; None: they are judged, or have no data."""
    abort_after: int | None = None
    """Requests that an operation needs before this abort rule applies to it; None: not an abort
    rule, the threshold judges a run that has ended."""

    def __post_init__(self) -> None:
        if _is_abort(self.operation or ""):
            raise ValueError("'abort' is a keyword: write an operation of that name as 'abor[t]'")
        if self.abort_after is not None:
            self._check_abort_rule(self.abort_after)
        if self.min_samples is not None and self.min_samples < 1:
            raise ValueError(f"write the number of requests like '{_MIN_SAMPLES} 100'")
        if self.operation is not None and self.operation != (self.operation.strip() or None):
            raise ValueError("the operation in front of ':' is empty or ends in blanks")
        if self.op not in _OPERATORS:
            raise ValueError(f"unknown operator {self.op!r}: use one of {', '.join(_OPERATORS)}")
        if not 0 <= self.limit < math.inf:
            raise ValueError(f"the limit {self.limit!r} is not a finite number of 0 or more")
        lowest, highest = range_of(self.kind)
        if self.kind is MetricKind.RATIO and self.limit > highest:
            raise ValueError("a ratio is a number from 0 to 1, or from 0 % to 100 %")
        at_lowest, at_highest = self.is_met_by(lowest), self.is_met_by(highest)
        if at_lowest and at_highest:
            raise ValueError(f"every run meets it: {self.metric} is {range_text(self.kind)}")
        if not at_lowest and not at_highest:
            raise ValueError(f"no run can meet it: {self.metric} is {range_text(self.kind)}")

    @property
    def aborts(self) -> bool:
        """Whether it is an abort rule."""
        return self.abort_after is not None

    @property
    def is_of_all(self) -> bool:
        """Whether it is about all requests of the run together."""
        return self.operation == ALL

    @property
    def names_operation(self) -> bool:
        """Whether it is about one operation, and so only about runs that have it."""
        return self.operation not in {None, ALL}

    @property
    def kind(self) -> MetricKind:
        """What the metric measures."""
        return kind_of(self.metric)

    @property
    def quantile(self) -> float | None:
        """The quantile in (0, 1) of a percentile or of the median; None for other metrics."""
        return quantile_of(self.metric)

    @property
    def failure_class(self) -> FailureClass | None:
        """The failure class whose ratio is limited; None for other metrics."""
        return failure_class_of(self.metric)

    @property
    def is_upper_limit(self) -> bool:
        """Whether smaller values are better."""
        return self.op in ("<", "<=")

    @property
    def rule(self) -> str:
        """Metric, operator and limit, as in ``p99 < 300 ms``."""
        return f"{self.metric} {self.op} {format_quantity(self.limit, self.kind)}"

    def _check_abort_rule(self, abort_after: int) -> None:
        if abort_after < 1:
            raise ValueError(f"write the number of requests like '{_AFTER} 200'")
        if self.min_samples is not None:
            raise ValueError(f"an abort rule takes no {_MIN_SAMPLES}: write '{_AFTER} 200'")
        if self.is_upper_limit:
            raise ValueError("an abort rule says what is too much: use > or >=")
        if self.kind is MetricKind.THROUGHPUT:
            raise ValueError("an abort rule takes no throughput: it is low when a run begins")

    def is_met_by(self, observed: float) -> bool:
        """Return whether ``observed``, in the unit of the limit, keeps the rule."""
        return _OPERATORS[self.op](observed, self.limit)

    def __str__(self) -> str:
        """Return text that `parse_threshold` reads as this threshold."""
        text = self.rule if self.operation is None else f"{self.operation}: {self.rule}"
        if self.abort_after not in {None, DEFAULT_ABORT_AFTER}:
            text += f" {_AFTER} {self.abort_after}"
        if self.min_samples is not None:
            text += f" {_MIN_SAMPLES} {self.min_samples}"
        return f"{_ABORT}: {text}" if self.aborts else text


def parse_threshold(text: str) -> Threshold:
    """Parse a threshold like ``p99 < 250 ms`` or ``abort: write: failure_ratio > 50% after 200``.

    Raises:
        InvalidThreshold: it does not follow the grammar; the message says what to write.
    """
    aborts = _is_abort(text)
    operation, colon, rule = (text.partition(":")[2] if aborts else text).rpartition(":")
    found = _RULE.fullmatch(rule)
    if found is None:
        raise InvalidThreshold(text, _EXAMPLE)
    word, op, bound = (part.strip() for part in found.groups())
    bound, keyword, requests = _split(bound)
    if keyword == _AFTER and not aborts:
        hint = f"only an abort rule takes {keyword!r}: put 'abort:' in front"
        raise InvalidThreshold(text, hint)
    after = requests if keyword == _AFTER else DEFAULT_ABORT_AFTER
    try:
        metric = canonical_metric(word)
        return Threshold(
            operation=operation.strip() if colon else None,
            metric=metric,
            op=op,
            limit=parse_limit(bound, metric),
            min_samples=requests if keyword == _MIN_SAMPLES else None,
            abort_after=after if aborts else None,
        )
    except ValueError as exc:
        raise InvalidThreshold(text, _colon_hint(word, rule) or str(exc)) from None


def _colon_hint(words: str, rule: str) -> str | None:
    """Return the rule with a colon, if the last word before the operator is a metric."""
    operation, _, metric = words.rpartition(" ")
    try:
        canonical_metric(metric)
    except ValueError:
        return None
    of_metric = rule.strip().removeprefix(operation).strip()
    return f"did you mean '{operation}: {of_metric}'?" if operation else None


def parse_abort_rule(text: str) -> Threshold:
    """Parse the text after ``abort:``; see `parse_threshold`."""
    return parse_threshold(f"{_ABORT}: {text}")


def override(lower: Sequence[Threshold], higher: Sequence[Threshold]) -> tuple[Threshold, ...]:
    """Return the thresholds of two layers of configuration.

    A threshold of ``higher`` replaces those of ``lower`` with its metric and operation, or, when it
    has no operation, all with its metric. One on all requests together also replaces those without
    an operation: both are about all of the run. The others stay, in front.
    """

    def is_replaced(old: Threshold) -> bool:
        return any(
            (new.metric, new.aborts) == (old.metric, old.aborts)
            and (
                new.operation in (None, old.operation)
                or not (new.names_operation or old.names_operation)
            )
            for new in higher
        )

    return (*(old for old in lower if not is_replaced(old)), *higher)


def _split(bound: str) -> tuple[str, str, int]:
    """Return a limit, the keyword behind it, and its number of requests; empty and 0: none."""
    for keyword in (_AFTER, _MIN_SAMPLES):
        limit, found, number = (part.strip() for part in bound.partition(keyword))
        if found:  # no threshold takes 0
            return limit, found, int(number) if _REQUESTS.fullmatch(number) else 0
    return bound, "", 0


def _is_abort(text: str) -> bool:
    return text.partition(":")[0].strip() == _ABORT
