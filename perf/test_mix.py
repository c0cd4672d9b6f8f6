"""Orders are written while others are read and aggregated."""

import pytest

from aqp_perf.plugin import PerfLoad


@pytest.mark.perf(
    thresholds=[
        "failure_ratio <= 1%",
        "write_to_ddb: median < 50 ms",
        "write_to_ddb: p99 < 300 ms",
        "read_from_ddb: median < 50 ms",
        "select zipcode*: median < 75 ms",
        "select status*: median < 75 ms",
    ]
)
def test_mix_of_writes_and_aqp_reads(perf_load: PerfLoad) -> None:
    mix = {"PartiqlWriteUser": 5, "PartiqlReadUser": 1, "AqpZipcodeUser": 2, "AqpStatusUser": 2}
    perf_load(mix)
