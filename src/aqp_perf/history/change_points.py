"""Where the level of a series changed, as Apache Otava finds it.

Its E-divisive means with a t-test ("Hunter: Using Change Point Detection to Hunt for Performance
Regressions", https://doi.org/10.1145/3578244.3583719). Otava is an extra, ``aqp-perf[history]``:
it brings numpy, scipy and clients of databases, which nothing else here needs.

A t-test takes a single night that was twice as slow for a level of its own. So a night that is
unlike its neighbours on both sides is taken for one of them, and a new level needs three nights.
``python -m benchmarks.change_points`` shows what is left of false changes, and what is found.
"""

from collections.abc import Sequence
from importlib.util import find_spec
from statistics import median
from typing import Final
from warnings import catch_warnings

MOST_P_VALUE: Final = 0.0001
"""A tenth of Otava's own: with a dozen series a night, a false change should be rare."""
LEAST_RATIO: Final = 0.05
"""A smaller change is none that anybody would look for."""
FEWEST_NEW: Final = 3
"""Points that a new level needs, to be one."""
_WINDOW: Final = 50
"""Otava's default: points that are looked at together."""
_LONE_FACTOR: Final = 1.25
"""A point this far beyond the neighbours is alone."""
_NEIGHBOURS: Final = 2
"""On either side."""

INSTALL_HINT: Final = "pip install 'aqp-perf[history]' to have changes found"


def is_installed() -> bool:
    """Return whether Otava is there."""
    return find_spec("otava") is not None


def find_changes(values: Sequence[float]) -> list[int]:
    """Return the indexes at which a new level begins, rising.

    Args:
        values: one metric of one operation, oldest first.

    Raises:
        ImportError: Otava is not installed, or cannot be loaded.
    """
    # scipy takes half a second to import: only a session with a history waits for it.
    # What numpy warns of in a t-test is no error of a session, not even of one with -W error.
    with catch_warnings(action="ignore"):
        from otava.analysis import compute_change_points  # noqa: PLC0415

        found, _ = compute_change_points(
            _without_lone(values),
            window_len=_WINDOW,
            max_pvalue=MOST_P_VALUE,
            min_magnitude=LEAST_RATIO,
        )
    indexes = sorted(int(each.index) for each in found)
    return [each for each in indexes if len(values) - each >= FEWEST_NEW]


def _without_lone(values: Sequence[float]) -> list[float]:
    """Return the values with the median of its neighbours in place of one that is alone."""
    calm = list(values)
    for at, value in enumerate(values):
        before, after = values[max(0, at - _NEIGHBOURS) : at], values[at + 1 : at + 1 + _NEIGHBOURS]
        near = [*before, *after]
        if len(near) < _NEIGHBOURS:
            continue
        if not min(near) / _LONE_FACTOR <= value <= max(near) * _LONE_FACTOR:
            calm[at] = median(near)
    return calm
