"""A histogram on its way between locust's processes."""

from typing import Any

from aqp_perf.core.samples.histogram import LatencyHistogram, SizeHistogram


def histogram_wire(histogram: LatencyHistogram | SizeHistogram) -> dict[str, Any]:
    """Return the arguments of ``decode``, as msgpack carries them."""
    return {
        "encoded": histogram.encode(),
        "out_of_range_count": histogram.out_of_range_count,
    }
