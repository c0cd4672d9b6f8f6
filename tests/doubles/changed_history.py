"""A history of one operation that became slower one night."""

from perf.core.history import series_of
from perf.core.trends import Trend, find_trends
from tests.doubles.past_sessions import past_run, past_session

NIGHTS, CHANGED_AT = 30, 19


def changed_history(test: str = "test_it.py::test_write") -> tuple[Trend, ...]:
    """Return the trends of thirty nights, the latency twice as high from the twentieth on."""
    sessions = [
        past_session(night, past_run(10.0 if night < CHANGED_AT else 20.0, test=test))
        for night in range(NIGHTS)
    ]
    return find_trends(
        series_of(sessions),
        lambda values: [CHANGED_AT] if values[0] < values[-1] else [],
        lambda _, __: 3,
    )
