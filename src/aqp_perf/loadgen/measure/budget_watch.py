"""Watches what the requests of a run cost."""

from collections.abc import Callable

import gevent

from aqp_perf.core.load.cost import Budget
from aqp_perf.core.measured.metered_units import MeteredUnits

_WATCH_S = 0.5


def wait_until_spent(
    budget: Budget, *, metered: Callable[[], MeteredUnits], is_over: Callable[[], bool]
) -> str | None:
    """Return why a run has to stop once its budget is spent, or None when it is over before.

    What is spent until the run has stopped comes on top: the requests of half a second, with
    workers those of three more, because they report so often.

    Args:
        budget: what may be spent.
        metered: tells what was taken so far.
        is_over: tells whether the run is.
    """
    while not is_over():
        gevent.sleep(_WATCH_S)
        reason = budget.overspent_reason(metered())
        if reason is not None and not is_over():
            return reason
    return None
