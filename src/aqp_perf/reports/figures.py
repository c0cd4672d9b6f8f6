"""Numbers as people read them; files keep all their digits."""

from decimal import Decimal
from typing import Final

from aqp_perf.core.verdict.metrics import MetricKind, shown_unit

_FEWEST_DIGITS: Final = 3
_MOST_DIGITS: Final = 5


def table_ms(value_ms: float | None) -> str:
    """Return milliseconds for a table: one decimal below 100, none above, ``-`` for None."""
    if value_ms is None:
        return "-"
    return f"{value_ms:.1f}" if round(value_ms, 1) < 100 else f"{value_ms:.0f}"  # noqa: PLR2004


def figure(value: float, digits: int = 5) -> str:
    """Return so many significant digits without exponent; no digit before the point is lost."""
    rounded = f"{value:.0f}" if value >= 10**digits else f"{value:.{digits}g}"
    return f"{Decimal(rounded):f}"


def rounded(value: float, digits: int = 4) -> float:
    """Return a number with so many significant digits, for what is drawn rather than read."""
    return float(f"{value:.{digits}g}")


def observed_figure(
    value: float,
    interval: tuple[float, float] | None,
    kind: MetricKind,
    limit: float | None = None,
) -> str:
    """Return a value with its unit and its interval, as in ``12.3 ms [11.8, 13.1]``.

    It has three digits, as many as a histogram keeps, and more where it would look like the limit
    that it misses.
    """
    scale, unit = shown_unit(value, kind)

    def shown(quantity: float) -> str:
        digits = _FEWEST_DIGITS
        if limit is not None and quantity != limit:
            while digits < _MOST_DIGITS and digits_of(quantity, digits) == digits_of(limit, digits):
                digits += 1
        return digits_of(quantity, digits)

    def digits_of(quantity: float, digits: int) -> str:
        return figure(quantity * float(scale), digits)

    text = f"{shown(value)}{unit}"
    if interval is None:
        return text
    low, high = map(shown, interval)
    return f"{text} [{low}, {high}]"
