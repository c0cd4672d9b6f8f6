"""Where the time of one operation went, by the times that its target reports."""

from collections import Counter, defaultdict
from collections.abc import Mapping

from aqp_perf.core.measured.operation_parts import AGGREGATE, RETRIEVE, TimeShares
from aqp_perf.core.samples.histogram import LatencyHistogram


class ServerTimeRecorder:
    """Histograms of the times in answers, and sums of what of the latency they explain."""

    def __init__(self) -> None:
        self.histograms: defaultdict[str, LatencyHistogram] = defaultdict(LatencyHistogram)
        self._shares: Counter[str] = Counter()
        """By the names of the fields of `TimeShares`."""

    def record(self, times_ns: Mapping[str, int], latency_ns: int, service_time_ns: int) -> None:
        """Count the times in one answer, to a request with this latency and service time."""
        for name, time_ns in times_ns.items():
            self.histograms[name].record_ns(time_ns)
        if RETRIEVE in times_ns and AGGREGATE in times_ns:
            retrieve_ns, aggregate_ns = times_ns[RETRIEVE], times_ns[AGGREGATE]
            shares = self._shares
            shares["answers"] += 1
            shares["waiting_ns"] += latency_ns - service_time_ns
            shares["client_and_network_ns"] += service_time_ns - aggregate_ns - retrieve_ns
            shares["aggregate_ns"] += aggregate_ns
            shares["retrieve_ns"] += retrieve_ns

    def shares(self) -> TimeShares | None:
        """Return where the time of all answers went; None when no answer reported both times."""
        return TimeShares(**self._shares) if self._shares else None
