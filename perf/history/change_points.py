"""Where the level of a series changed, as Apache Otava finds it.

Its E-divisive means with a t-test ("Hunter: Using Change Point Detection to Hunt for Performance
Regressions", https://doi.org/10.1145/3578244.3583719). Otava is an extra, ``aqp-perf[history]``:
it brings numpy, scipy and clients of databases, which nothing else here needs.
"""

from collections.abc import Sequence
from importlib.util import find_spec
from typing import Final

MOST_P_VALUE: Final = 0.0001
"""A tenth of Otava's own: with a dozen series a night, a false change should be rare."""
LEAST_RATIO: Final = 0.05
"""A smaller change is none that anybody would look for."""
_WINDOW: Final = 50
"""Otava's default: points that are looked at together."""

INSTALL_HINT: Final = "pip install 'aqp-perf[history]' to have changes found"


def is_installed() -> bool:
    """Return whether Otava is there."""
    return find_spec("otava") is not None


def find_changes(values: Sequence[float]) -> list[int]:
    """Return the indexes at which a new level begins, rising.

    Args:
        values: one metric of one operation, oldest first.

    Raises:
        ModuleNotFoundError: Otava is not installed.
    """
    # scipy takes half a second to import: only a session with a history waits for it.
    from otava.analysis import compute_change_points  # noqa: PLC0415

    found, _ = compute_change_points(
        list(values),
        window_len=_WINDOW,
        max_pvalue=MOST_P_VALUE,
        min_magnitude=LEAST_RATIO,
    )
    return sorted(int(each.index) for each in found)
