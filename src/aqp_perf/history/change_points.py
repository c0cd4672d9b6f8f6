"""Finds where the level of a series changed, with Apache Otava.

Otava uses E-divisive means with a t-test ("Hunter: Using Change Point Detection to Hunt for
Performance Regressions", https://doi.org/10.1145/3578244.3583719). It is an extra,
``aqp-perf[history]``: it brings numpy, scipy and database clients, which nothing else here needs.

A t-test takes a single night that was twice as slow for a level of its own. So a point that is
unlike its neighbours on both sides is replaced by their median, and a new level needs three points.
``python -m benchmarks.change_points`` measures false and missed changes.
"""

from collections.abc import Sequence
from statistics import median
from typing import Final
from warnings import catch_warnings

from aqp_perf.extras import Extra

MOST_P_VALUE: Final = 0.0001
"""A tenth of Otava's default: with a dozen series a night, a false change should be rare."""
LEAST_RATIO: Final = 0.05
"""Relative changes below this are not reported."""
FEWEST_NEW: Final = 3
"""Points that a new level needs."""
_WINDOW: Final = 50
"""Points of one analysis: Otava's default."""
_OUTLIER_FACTOR: Final = 1.25
"""A point this far beyond all of its neighbours is an outlier."""
_NEIGHBOURS: Final = 2
"""On either side."""

INSTALL_HINT: Final = f"{Extra.HISTORY.command} to have changes found"


def find_changes(values: Sequence[float]) -> list[int]:
    """Return the indexes at which a new level begins, rising.

    Args:
        values: one metric of one operation, oldest first.

    Raises:
        ImportError: Otava is not installed, or cannot be loaded.
    """
    # scipy takes half a second to import: only a session with a history waits for it.
    # numpy's warnings about a t-test must not become errors, not even under -W error.
    with catch_warnings(action="ignore"):
        from otava.analysis import compute_change_points  # noqa: PLC0415

        found, _ = compute_change_points(
            _without_outliers(values),
            window_len=_WINDOW,
            max_pvalue=MOST_P_VALUE,
            min_magnitude=LEAST_RATIO,
        )
    indexes = sorted(int(change.index) for change in found)
    return [index for index in indexes if len(values) - index >= FEWEST_NEW]


def _without_outliers(values: Sequence[float]) -> list[float]:
    """Return the values with every outlier replaced by the median of its neighbours."""
    smooth = list(values)
    for at, value in enumerate(values):
        near = [*values[max(0, at - _NEIGHBOURS) : at], *values[at + 1 : at + 1 + _NEIGHBOURS]]
        if len(near) < _NEIGHBOURS:
            continue
        if not min(near) / _OUTLIER_FACTOR <= value <= max(near) * _OUTLIER_FACTOR:
            smooth[at] = median(near)
    return smooth
