import pytest

from aqp_perf.core.verdict.observations import samples_for


@pytest.mark.parametrize(
    ("q", "samples"), [(0.5, 10), (0.9, 50), (0.95, 100), (0.97, 167), (0.99, 500), (0.999, 5000)]
)
def test_a_percentile_needs_five_samples_above_it(q: float, samples: int) -> None:
    assert samples_for(q) == samples
