"""What a process that sends says of itself, beside the requests that it counted."""

from typing import Any

from aqp_perf.loadgen.measure.health import HealthProbe
from aqp_perf.loadgen.record.window import Window
from aqp_perf.loadgen.workload.workload import Workload


def own_wire(window: Window, workload: Workload, probe: HealthProbe) -> dict[str, Any]:
    """Return the wire of this process: see `aqp_perf.loadgen.measure.senders`."""
    return {
        "window_s": window.length_s,
        "has_stopped": window.is_over,
        "has_cut_off_users": workload.ending.has_cut_off_users,
        # Once no more are sent.
        "write_logs": _write_logs(workload) if window.is_over else {},
        **probe.to_wire(),
        **_arrivals(window, workload),
    }


def _write_logs(workload: Workload) -> dict[str, str]:
    return {log.stream: log.to_text() for log in workload.write_logs if log.count}


def _arrivals(window: Window, workload: Workload) -> dict[str, int | None]:
    arrivals = workload.arrivals
    if not arrivals.started_ns:
        return {"arrivals_due": None, "arrivals_sent": None, "arrivals_caught_up": None}
    due, sent = arrivals.counts_between(window.from_ns, window.until_ns)
    return {
        "arrivals_due": due,
        "arrivals_sent": sent,
        "arrivals_caught_up": arrivals.caught_up_count,
    }
