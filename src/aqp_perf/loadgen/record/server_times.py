"""Where the time of one operation went, as its target says it."""

from collections import Counter, defaultdict
from collections.abc import Mapping
from typing import Any

from aqp_perf.core.measured.time_shares import AGGREGATE, RETRIEVE, TimeShares
from aqp_perf.core.samples.histogram import LatencyHistogram
from aqp_perf.loadgen.record.histogram_wire import histogram_wire


class ServerTimeRecorder:
    """Histograms of the times that answers carry, and what is left of each for others."""

    def __init__(self) -> None:
        self._histograms: defaultdict[str, LatencyHistogram] = defaultdict(LatencyHistogram)
        self._shares: Counter[str] = Counter()
        """By the names of the fields of `TimeShares`."""

    def record(self, times_ns: Mapping[str, int], latency_ns: int, service_time_ns: int) -> None:
        """Count what one answer says, to a request with this latency and service time."""
        for name, time_ns in times_ns.items():
            self._histograms[name].record_ns(time_ns)
        if RETRIEVE in times_ns and AGGREGATE in times_ns:
            retrieve_ns, aggregate_ns = times_ns[RETRIEVE], times_ns[AGGREGATE]
            shares = self._shares
            shares["answers"] += 1
            shares["waiting_ns"] += latency_ns - service_time_ns
            shares["client_and_network_ns"] += service_time_ns - aggregate_ns - retrieve_ns
            shares["aggregate_ns"] += aggregate_ns
            shares["retrieve_ns"] += retrieve_ns

    def histograms(self) -> dict[str, LatencyHistogram]:
        """Return the times of each name."""
        return dict(self._histograms)

    def shares(self) -> TimeShares | None:
        """Return what the times of all answers together went to; None: no answer says it."""
        return TimeShares(**self._shares) if self._shares else None

    def to_wire(self) -> dict[str, Any]:
        """Return everything as numbers, texts and dicts that msgpack carries."""
        return {
            "histograms": {name: histogram_wire(each) for name, each in self._histograms.items()},
            "shares": dict(self._shares),
        }

    def add_wire(self, wire: Mapping[str, Any]) -> None:
        """Add what another process sent with `to_wire`."""
        for name, histogram in wire["histograms"].items():
            self._histograms[name].merge(LatencyHistogram.decode(**histogram))
        self._shares.update(wire["shares"])
