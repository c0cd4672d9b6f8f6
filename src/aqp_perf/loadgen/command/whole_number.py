"""Whole numbers as options and arguments have them."""

from collections.abc import Callable
from typing import Final

from aqp_perf.core.records import MOST_COUNT

TOO_LONG: Final = "it must be a whole number of at most 18 digits"


def whole_number(least: int) -> Callable[[str], int]:
    """Return a parser of whole numbers from ``least`` up to what a results file can hold."""

    def parse(text: str) -> int:
        try:
            number = int(text)
        except ValueError:
            number = least - 1
        if number < least:
            raise ValueError(f"it must be a whole number, at least {least}")
        if number > MOST_COUNT:
            raise ValueError(TOO_LONG)
        return number

    return parse
