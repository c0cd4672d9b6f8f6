"""The AQP aggregates the orders of a customer."""

import pytest

from aqp_perf.plugin import PerfLoad

AQP_THRESHOLDS = [
    "failure_ratio <= 1%",
    "median < 75 ms",
    "p99 < 400 ms",
    "wrong_answer_ratio <= 0",
]


@pytest.mark.perf(thresholds=AQP_THRESHOLDS)
def test_aqp_sum_by_zipcode(perf_load: PerfLoad) -> None:
    perf_load("AqpZipcodeUser")


@pytest.mark.perf(thresholds=AQP_THRESHOLDS)
def test_aqp_count_by_status(perf_load: PerfLoad) -> None:
    perf_load("AqpStatusUser")
