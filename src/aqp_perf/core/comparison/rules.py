"""Comparison rules, as users write them.

```text
rule      = [ operation ":" ] metric ">" percent "%" [ "," floor ]
operation = the full name of an operation, or a glob that matches exactly one
metric    = "median" | "mean" | "p" percentile    (latency)
          | "failure_ratio" | "throughput"
floor     = a limit of that metric, 0 or more, with its unit, as in "2 ms", "0.1%", "5/s"
```

``p99 > 10%`` is broken by a p99 that is worse by more than 10 % and by more than the floor. Worse
is a longer latency, a higher failure ratio, a lower throughput. The default floor is 1 ms for
latencies, 0.1 % for the failure ratio and 0 for throughput. Operations are named as in thresholds:
see `aqp_perf.core.verdict.thresholds`. All requests together are not compared: a run with other
shares of its operations would look like a change of the target.
"""

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, Self

from aqp_perf.core.measured.selectors import ALL
from aqp_perf.core.verdict.metrics import (
    MetricKind,
    canonical_metric,
    format_quantity,
    kind_of,
    parse_limit,
    quantile_of,
)
from aqp_perf.errors import InvalidComparisonRule

COMPARED_METRICS: Final = (
    *("median", "p90", "p99", "p99.9", "mean"),
    *("failure_ratio", "throughput"),
)
"""Metrics that are shown for every comparison, whatever the rules."""

_RULE: Final = re.compile(
    r"\s*([^<>=!,]*?)\s*(>)\s*([0-9]{1,6}(?:\.[0-9]{1,6})?)\s*%\s*(?:,\s*([^,]*?)\s*)?"
)
_EXAMPLE: Final = "write it like 'p99 > 10%' or 'write_to_ddb: p99 > 10%, 2 ms'"
_ALL_HINT: Final = (
    "all requests together are not compared, because other shares of the operations would look "
    "like a change: name an operation, or none for each of them"
)
_FLOORS: Final = {MetricKind.LATENCY: 1.0, MetricKind.RATIO: 0.001, MetricKind.THROUGHPUT: 0.0}


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparisonRule:
    """How much worse one metric may be than it was."""

    operation: str | None
    """Full name or glob of an operation; None: every operation of the run."""
    metric: str
    most_ratio: float
    """Largest allowed change for the worse, relative to the baseline: 0.1 is 10 %."""
    floor: float
    """Largest absolute change that is always allowed: ms, a ratio from 0 to 1, or per second."""

    @property
    def kind(self) -> MetricKind:
        """What the metric measures."""
        return kind_of(self.metric)

    @property
    def rule(self) -> str:
        """The rule without its operation; with its floor, unless that is the default."""
        return f"{self.metric} > {self.limit}"

    @property
    def limit(self) -> str:
        """The rule without its metric, as in ``10%, 2 ms``."""
        text = format_quantity(self.most_ratio, MetricKind.RATIO)
        if self.floor == _FLOORS[self.kind]:
            return text
        return f"{text}, {format_quantity(self.floor, self.kind)}"

    def __str__(self) -> str:
        """Return what `parse` reads as this rule."""
        return self.rule if self.operation is None else f"{self.operation}: {self.rule}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Parse ``[operation:] metric > percent[, floor]``, as in ``p99 > 10%, 2 ms``.

        Raises:
            InvalidComparisonRule: with the part that is wrong and what would be right.
        """
        operation, colon, rule = text.rpartition(":")
        found = _RULE.fullmatch(rule)
        if found is None or (colon and not operation.strip()):
            raise InvalidComparisonRule(text, _EXAMPLE)
        if operation.strip() == ALL:
            raise InvalidComparisonRule(text, _ALL_HINT)
        word, _, percent, floor = found.groups()
        try:
            metric = _comparable(canonical_metric(word))
            kind = kind_of(metric)
            return cls(
                operation=operation.strip() if colon else None,
                metric=metric,
                most_ratio=_most_ratio(percent, kind),
                floor=_FLOORS[kind] if floor is None else _floor(floor, metric),
            )
        except ValueError as error:
            raise InvalidComparisonRule(text, str(error)) from None


def _most_ratio(percent: str, kind: MetricKind) -> float:
    most = float(Decimal(percent) / 100)
    if kind is MetricKind.THROUGHPUT and most >= 1:
        raise ValueError("throughput cannot fall by more than all of it: write less than 100%")
    return most


def _floor(text: str, metric: str) -> float:
    floor = parse_limit(text, metric)
    if floor < 0:
        raise ValueError(f"the floor {text!r} is below 0, which every change for the worse is over")
    if text[-1] in "0123456789.":
        unit = {MetricKind.LATENCY: " ms", MetricKind.RATIO: "%", MetricKind.THROUGHPUT: "/s"}
        raise ValueError(
            f"the floor {text!r} has no unit: write it like '{text}{unit[kind_of(metric)]}'"
        )
    return floor


def _comparable(metric: str) -> str:
    if quantile_of(metric) is None and metric not in COMPARED_METRICS:
        known = "median, mean, percentiles like p99, failure_ratio, throughput"
        raise ValueError(f"{metric} cannot be compared: use one of {known}")
    return metric
