"""How often a history takes noise for a change, and after how many nights it finds a true one.

Histories are made up: a level, and on it the noise of a shared machine, log-normal, in which a bad
night now and then is twice as slow. Every figure is over as many histories as it says; seeds are
fixed, so that two runs print the same. Exits with 1 when a limit is missed.
"""

import sys
from collections.abc import Sequence
from random import Random
from typing import Final

from aqp_perf.history.change_points import find_changes

HISTORIES: Final = 400
NIGHTS: Final = 90
"""Of a history without a change: three months."""
BEFORE: Final = 40
"""Nights on the old level."""
NOISES: Final = (0.02, 0.05, 0.10)
"""Standard deviations of the logarithm from night to night."""
STEPS: Final = (1.10, 1.18, 1.50)
AFTER: Final = (2, 3, 5, 7, 10)
"""Nights on the new level."""
BAD_NIGHT_RATIO: Final = 0.02
MOST_FALSE: Final = 0.05
"""Histories of three months in which a change may be found that is none."""
LEAST_FOUND: Final = 0.90
"""Of changes by 18 % under noise of 5 %, after a week."""


def nights(rng: Random, level: float, noise: float, count: int) -> list[float]:
    """Return what so many nights measured."""
    return [
        level * rng.lognormvariate(0, noise) * (2 if rng.random() < BAD_NIGHT_RATIO else 1)
        for _ in range(count)
    ]


def false_ratio(noise: float) -> float:
    """Return in how many histories without a change one is found."""
    histories = (nights(Random(seed), 100.0, noise, NIGHTS) for seed in range(HISTORIES))  # noqa: S311 - noise
    return sum(bool(find_changes(each)) for each in histories) / HISTORIES


def found_ratio(noise: float, step: float, after: int) -> float:
    """Return in how many histories a change is found, within a night of where it is."""
    return sum(_is_found(seed, noise, step, after) for seed in range(HISTORIES)) / HISTORIES


def _is_found(seed: int, noise: float, step: float, after: int) -> bool:
    rng = Random(seed)  # noqa: S311 - noise
    values = nights(rng, 100.0, noise, BEFORE) + nights(rng, 100.0 * step, noise, after)
    return any(abs(each - BEFORE) <= 1 for each in find_changes(values))


def main() -> int:
    """Print both curves; return the exit code."""
    print(f"{HISTORIES} histories for every figure")
    failures = [*_print_false(), *_print_found()]
    for each in failures:
        print(f"MISSED: {each}")
    return 1 if failures else 0


def _print_false() -> Sequence[str]:
    print(f"\nno change in {NIGHTS} nights: histories in which one is found")
    failures = []
    for noise in NOISES:
        ratio = false_ratio(noise)
        print(f"  noise {noise:4.0%}  {ratio:6.2%}")
        if ratio > MOST_FALSE:
            failures.append(f"{ratio:.2%} false changes under noise of {noise:.0%}")
    return failures


def _print_found() -> Sequence[str]:
    print(f"\na change after {BEFORE} nights: histories in which it is found")
    print("  noise  change  nights since: " + "".join(f"{after:>6}" for after in AFTER))
    failures = []
    for noise in NOISES:
        for step in STEPS:
            ratios = {after: found_ratio(noise, step, after) for after in AFTER}
            shown = "".join(f"{ratio:6.0%}" for ratio in ratios.values())
            print(f"  {noise:5.0%}  {step - 1:+6.0%}                {shown}")
            if (noise, step) == (0.05, 1.18) and ratios[7] < LEAST_FOUND:
                failures.append(f"{ratios[7]:.0%} of changes by 18 % found after a week")
    return failures


if __name__ == "__main__":
    sys.exit(main())
