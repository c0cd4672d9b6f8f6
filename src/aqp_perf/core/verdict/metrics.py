"""The metrics of an operation: names, kinds and units.

Metrics are ``failure_ratio``, the ratio of each failure class, ``throughput``, and of the latency
``median``, ``mean``, ``max`` and percentiles. Each has one name: ``p50`` is read as ``median``,
``p99.0`` as ``p99``.
"""

import math
import re
from decimal import Decimal
from difflib import get_close_matches
from enum import StrEnum
from typing import Final

from aqp_perf.core.measured.failure_class import FailureClass
from aqp_perf.core.samples.histogram import HIGHEST_US, LOWEST_US


class MetricKind(StrEnum):
    """What a metric measures; it decides the unit of the limit."""

    RATIO = "ratio"
    """0 to 1 of all requests."""
    LATENCY = "latency"
    """Milliseconds from when a request was due to its complete answer."""
    THROUGHPUT = "throughput"
    """Right answers per second."""


_CLASS_OF_METRIC: Final = {
    f"{failure_class}_ratio": failure_class for failure_class in FailureClass
}
_KINDS: Final = {
    "failure_ratio": MetricKind.RATIO,
    "throughput": MetricKind.THROUGHPUT,
    "median": MetricKind.LATENCY,
    "mean": MetricKind.LATENCY,
    "max": MetricKind.LATENCY,
} | dict.fromkeys(_CLASS_OF_METRIC, MetricKind.RATIO)
_MICRO: Final = Decimal("0.001")
_UNITS: Final[dict[MetricKind, dict[str, Decimal]]] = {
    MetricKind.RATIO: {"": Decimal(1), "%": Decimal("0.01")},
    MetricKind.LATENCY: {
        "": Decimal(1),
        "ms": Decimal(1),
        "s": Decimal(1000),
        "us": _MICRO,
        "\u00b5s": _MICRO,  # micro sign
        "\u03bcs": _MICRO,  # Greek mu, which some keyboards type
    },
    MetricKind.THROUGHPUT: {"": Decimal(1), "/s": Decimal(1)},
}
_SHOWN_UNITS: Final = ("%", "ms", "s", "us", "/s")
_RANGES: Final = {
    MetricKind.RATIO: (0.0, 1.0),
    MetricKind.LATENCY: (LOWEST_US / 1000, HIGHEST_US / 1000),
    MetricKind.THROUGHPUT: (0.0, math.inf),
}
_MS_PER_S: Final = 1000
_PERCENTILE: Final = re.compile(r"p([0-9]{1,2}(?:\.[0-9]{1,6})?)")
_LIMIT: Final = re.compile(r"([+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)\s*(\S*)")


def quantile_of(metric: str) -> float | None:
    """Return the quantile in (0, 1) of a percentile or of the median; None for other metrics."""
    if metric == "median":
        return 0.5
    found = _PERCENTILE.fullmatch(metric)
    return float(Decimal(found[1]) / 100) if found else None


def canonical_metric(word: str) -> str:
    """Return the one name of a metric.

    Raises:
        ValueError: there is no such metric; the message lists all.
    """
    quantile = quantile_of(word)
    if quantile is None:
        kind_of(word)
        return word
    if not quantile:
        raise ValueError("a percentile is above p0 and below p100")
    return "median" if quantile == 0.5 else f"p{_plain(Decimal(word[1:]))}"  # noqa: PLR2004


def kind_of(metric: str) -> MetricKind:
    """Return what a metric measures.

    Raises:
        ValueError: there is no such metric; the message lists all.
    """
    if _PERCENTILE.fullmatch(metric):
        return MetricKind.LATENCY
    if metric in _KINDS:
        return _KINDS[metric]
    close = get_close_matches(metric, (*_KINDS, "p90", "p95", "p99", "p99.9"), n=1)
    raise ValueError(
        f"unknown metric {metric!r}"
        + (f", did you mean {close[0]!r}?" if close else ".")
        + f" Metrics are {', '.join(_KINDS)}, and percentiles above p0 and below p100 like p99.9"
    )


def parse_limit(bound: str, metric: str) -> float:
    """Return a limit in the base unit of its metric: a ratio from 0 to 1, ms, or per second.

    Raises:
        ValueError: it is not a limit; the message says what to write.
    """
    found = _LIMIT.fullmatch(bound)
    if found is None:
        raise ValueError(f"the limit {bound!r} is not a finite number with a unit")
    number, unit = found.groups()
    if math.isinf(float(number)):
        raise ValueError(f"the limit {number} is larger than any measurement")
    kind = kind_of(metric)
    units = _UNITS[kind]
    if unit not in units:
        allowed = " or ".join(shown for shown in _SHOWN_UNITS if shown in units)
        raise ValueError(f"unknown unit {unit!r} for {metric}: use {allowed}")
    try:
        limit = float(Decimal(number) * units[unit])
    except ArithmeticError as error:
        raise ValueError(f"the limit {number} is smaller than any measurement") from error
    if kind is MetricKind.RATIO and not unit and limit > 1:
        raise ValueError(f"a ratio without % is a number from 0 to 1: did you mean {number}%?")
    return limit


def failure_class_of(metric: str) -> FailureClass | None:
    """Return the failure class whose ratio a metric is; None for other metrics."""
    return _CLASS_OF_METRIC.get(metric)


def range_of(kind: MetricKind) -> tuple[float, float]:
    """Return the smallest and the largest value that a metric can have."""
    return _RANGES[kind]


def range_text(kind: MetricKind) -> str:
    """Return the values that a metric can have, in words."""
    lowest, highest = _RANGES[kind]
    if highest == math.inf:
        return f"never below {format_quantity(lowest, kind)}"
    return f"always from {format_quantity(lowest, kind)} to {format_quantity(highest, kind)}"


def format_quantity(value: float, kind: MetricKind) -> str:
    """Return ``value`` with its unit, to the last digit: ``5 s``, ``0.1%``, ``50/s``."""
    scale, unit = shown_unit(value, kind)
    return f"{_plain(Decimal(repr(value)) * scale)}{unit}"


def shown_unit(value: float, kind: MetricKind) -> tuple[Decimal, str]:
    """Return the unit that ``value`` is shown in, and the factor from the base unit to it."""
    match kind:
        case MetricKind.RATIO:
            return Decimal(100), "%"
        case MetricKind.LATENCY:
            return (Decimal("0.001"), " s") if value >= _MS_PER_S else (Decimal(1), " ms")
        case MetricKind.THROUGHPUT:
            return Decimal(1), "/s"


def _plain(number: Decimal) -> str:
    """Return ``number`` without exponent and trailing zeros."""
    return f"{number.normalize():f}"
