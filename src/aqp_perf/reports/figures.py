"""Numbers as people read them; the results file keeps all their digits."""

from decimal import Decimal
from typing import Final, NamedTuple

from aqp_perf.core.verdict.metrics import MetricKind, shown_unit

UNKNOWN: Final = "-"
DIGITS: Final = 3
"""Significant digits of a measured value: as many as a histogram keeps."""

_MOST_DIGITS: Final = 5


class Fact(NamedTuple):
    """A labelled figure, as texts."""

    name: str
    value: str


def table_ms(value_ms: float | None) -> str:
    """Return milliseconds for a table: one decimal below 100, none above, ``-`` for None."""
    if value_ms is None:
        return UNKNOWN
    return f"{value_ms:.1f}" if round(value_ms, 1) < 100 else f"{value_ms:.0f}"  # noqa: PLR2004


def figure(value: float, digits: int = _MOST_DIGITS) -> str:
    """Return ``digits`` significant digits and no exponent; digits before the point are kept."""
    rounded = f"{value:.0f}" if value >= 10**digits else f"{value:.{digits}g}"
    return f"{Decimal(rounded):f}"


def rounded(value: float, digits: int = 4) -> float:
    """Return ``value`` with ``digits`` significant digits, for a chart."""
    return float(f"{value:.{digits}g}")


def counted(count: int, noun: str) -> str:
    """Return a count with its noun, as in ``1 user`` and ``1,200 users``."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def part_text(count: int, total: int) -> str:
    """Return a count and its part of ``total``, as in ``2 (0.20%)``; a total of 0 is 0 %."""
    return f"{count:,} ({count / (total or 1):.2%})"


def quantity_text(
    value: float | None,
    kind: MetricKind,
    interval: tuple[float, float] | None = None,
    limit: float | None = None,
) -> str:
    """Return a value with its unit and its interval, as in ``12.3 ms [11.8, 13.1]``.

    It has `DIGITS` digits, and more where it would look equal to the ``limit`` that it misses.
    None is ``-``.
    """
    if value is None:
        return UNKNOWN
    scale, unit = shown_unit(value, kind)

    def digits_of(quantity: float, digits: int) -> str:
        return figure(quantity * float(scale), digits)

    def shown(quantity: float) -> str:
        digits = DIGITS
        if limit is not None and quantity != limit:
            while digits < _MOST_DIGITS and digits_of(quantity, digits) == digits_of(limit, digits):
                digits += 1
        return digits_of(quantity, digits)

    text = f"{shown(value)}{unit}"
    return text if interval is None else f"{text} [{', '.join(map(shown, interval))}]"


def range_text(least: float, most: float | None, kind: MetricKind, limit: float) -> str:
    """Return two bounds, as in ``12.3 to 159 ms``; ``at least 12.3 ms`` without the upper one."""
    least_text = quantity_text(least, kind, limit=limit)
    if most is None:
        return f"at least {least_text}"
    most_text = quantity_text(most, kind, limit=limit)
    if least_text == most_text:
        return most_text
    unit = shown_unit(most, kind)[1]
    shared = unit if shown_unit(least, kind)[1] == unit else ""
    return f"{least_text.removesuffix(shared)} to {most_text}"
