"""Orders are written to DynamoDB with PartiQL."""

import pytest

from aqp_perf.plugin import PerfLoad


@pytest.mark.perf(thresholds=["failure_ratio <= 0.1%", "median < 50 ms", "p99 < 300 ms"])
def test_partiql_write(perf_load: PerfLoad) -> None:
    perf_load("PartiqlWriteUser")
