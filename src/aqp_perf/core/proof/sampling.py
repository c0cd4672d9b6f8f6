"""Which answers of a run are checked: all, a sample, or none."""

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

VERIFICATION_HINT: Final = "write 'all', 'off' or a part of the answers such as 'sample:10%'"

_SAMPLE: Final = re.compile(r"sample:([0-9]+(?:\.[0-9]+)?)%")


@dataclass(frozen=True, slots=True)
class Verification:
    """Which answers are checked: ``ratio`` of them, from 0 to 1."""

    ratio: float = 1.0

    def __post_init__(self) -> None:
        if not 0 <= self.ratio <= 1:
            raise ValueError(f"a part of the answers is 0 to 1, got {self.ratio}")

    def includes(self, index: int) -> bool:
        """Return whether a user's answer ``index`` is checked: the sample is evenly spread."""
        if self.ratio == 1:
            return True
        return int((index + 1) * self.ratio) > int(index * self.ratio)

    def __str__(self) -> str:
        if self.ratio in (0, 1):
            return "all" if self.ratio else "off"
        return f"sample:{(Decimal(repr(self.ratio)) * 100).normalize():f}%"


def parse_verification(text: str) -> Verification:
    """Parse ``all``, ``off`` or ``sample:10%``.

    Raises:
        ValueError: it is not one of these; the message says what to write.
    """
    if text in {"all", "off"}:
        return Verification(1.0 if text == "all" else 0.0)
    found = _SAMPLE.fullmatch(text)
    if found is None:
        raise ValueError(VERIFICATION_HINT)
    ratio = float(Decimal(found[1]) / 100)
    if not 0 < ratio <= 1:
        raise ValueError(f"a sample is above 0% and at most 100%: {VERIFICATION_HINT}")
    return Verification(ratio)
