"""Numbers as people read them; files keep all their digits."""

from decimal import Decimal
from typing import Final

from perf.core.metrics import MetricKind

_UNITS: Final = {MetricKind.RATIO: "%", MetricKind.LATENCY: " ms", MetricKind.THROUGHPUT: "/s"}


def table_ms(value_ms: float | None) -> str:
    """Return milliseconds for a table: one decimal below 100, none above, ``-`` for None."""
    if value_ms is None:
        return "-"
    return f"{value_ms:.1f}" if round(value_ms, 1) < 100 else f"{value_ms:.0f}"  # noqa: PLR2004


def figure(value: float, digits: int = 5) -> str:
    """Return so many significant digits without exponent; no digit before the point is lost."""
    rounded = f"{value:.0f}" if value >= 10**digits else f"{value:.{digits}g}"
    return f"{Decimal(rounded):f}"


def observed_figure(value: float, interval: tuple[float, float] | None, kind: MetricKind) -> str:
    """Return a value with its unit and its interval, as in ``12.3 ms [11.8, 13.1]``.

    The value has five digits, two more than a histogram keeps, so that it is never printed as the
    limit that it misses.
    """
    scale = 100 if kind is MetricKind.RATIO else 1
    text = f"{figure(value * scale)}{_UNITS[kind]}"
    if interval is None:
        return text
    low, high = (figure(bound * scale, 4) for bound in interval)
    return f"{text} [{low}, {high}]"
