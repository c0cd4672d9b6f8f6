"""A history of one operation that became slower one night."""

from dataclasses import replace
from datetime import timedelta

from aqp_perf.core.results.series import series_of
from aqp_perf.core.results.trends import Trend, find_trends
from tests.doubles.past_sessions import FIRST_NIGHT, past_run, past_session

NIGHTS, CHANGED_AT = 30, 19


def changed_history(
    test: str = "test_it.py::test_write", *, apart: timedelta = timedelta(days=1)
) -> tuple[Trend, ...]:
    """Return the trends of thirty nights, the latency twice as high from the twentieth on.

    Args:
        test: its node id.
        apart: time between sessions; with less than a day, days alone do not tell them apart.
    """
    sessions = [
        replace(
            past_session(night, past_run(10.0 if night < CHANGED_AT else 20.0, test=test)),
            started_at=FIRST_NIGHT + night * apart,
        )
        for night in range(NIGHTS)
    ]
    return find_trends(
        series_of(sessions),
        lambda values: [CHANGED_AT] if values[0] < values[-1] else [],
        lambda _, __: 3,
    )
