"""Durations as people write them: ``30``, ``30s``, ``5m``, ``1h30m``, ``500ms``."""

import re
from decimal import Decimal
from typing import Final

_NUMBER: Final = r"([0-9]+(?:\.[0-9]+)?)"
_PLAIN: Final = re.compile(_NUMBER)
_PARTS: Final = re.compile(
    rf"(?:{_NUMBER}h)?(?:{_NUMBER}m(?!s))?(?:{_NUMBER}s)?(?:{_NUMBER}ms)?", re.IGNORECASE
)
_UNIT_SECONDS: Final = (Decimal(3600), Decimal(60), Decimal(1), Decimal("0.001"))
_HINT: Final = "write seconds or a time like 30, 30s, 5m, 1h30m, 500ms"


def parse_duration(text: str, *, allow_zero: bool = False) -> float:
    """Return a duration in seconds.

    Args:
        text: a number of seconds, or numbers with the units h, m, s, ms, largest first.
        allow_zero: whether 0 is valid, as for a warm-up.

    Raises:
        ValueError: it is not a duration, or is 0 without ``allow_zero``.
    """
    stripped = text.strip()
    plain = _PLAIN.fullmatch(stripped)
    units = _PARTS.fullmatch(stripped)
    parts = (None, None, stripped, None) if plain else units.groups() if units else ()
    if not any(parts):
        raise ValueError(f"{text!r} is not a duration: {_HINT}")
    seconds = float(
        sum(Decimal(part) * unit for part, unit in zip(parts, _UNIT_SECONDS, strict=True) if part)
    )
    if seconds == 0 and not allow_zero:
        raise ValueError(f"{text!r} must be more than 0: {_HINT}")
    return seconds


def format_duration(seconds: float) -> str:
    """Return the shortest text that `parse_duration` reads as ``seconds``, to the millisecond.

    Raises:
        ValueError: ``seconds`` is negative or not finite.
    """
    if not 0 <= seconds < float("inf"):
        raise ValueError(f"a duration is finite and not negative, got {seconds!r}")
    rest, milliseconds = divmod(round(seconds * 1000), 1000)
    rest, whole_seconds = divmod(rest, 60)
    hours, minutes = divmod(rest, 60)
    parts = ((hours, "h"), (minutes, "m"), (whole_seconds, "s"), (milliseconds, "ms"))
    return "".join(f"{amount}{unit}" for amount, unit in parts if amount) or "0s"
