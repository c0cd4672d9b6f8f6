"""Ends a run when its budget is spent."""

from collections.abc import Callable

import gevent

from aqp_perf.core.load.cost import Budget
from aqp_perf.core.measured.metered_units import MeteredUnits

_WATCH_S = 0.5


def wait_until_spent(
    budget: Budget, *, metered: Callable[[], MeteredUnits], is_over: Callable[[], bool]
) -> str | None:
    """Wait; return why the run has to stop when its budget is spent, or None when it is over.

    A run overspends by the requests of half a second. With workers it is three seconds more: that
    is how often they report.

    Args:
        budget: what may be spent.
        metered: returns the capacity units consumed so far.
        is_over: returns whether the run is over.
    """
    while not is_over():
        gevent.sleep(_WATCH_S)
        reason = budget.overspent_reason(metered())
        if reason is not None and not is_over():
            return reason
    return None
