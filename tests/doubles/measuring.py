"""A finished load run without a load, for tests of what happens to results."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from aqp_perf.core.measured.operation import OperationResult
from aqp_perf.core.measured.run_result import GeneratorHealth, RunResult
from aqp_perf.core.proof.write_log import WriteLog
from aqp_perf.core.samples.histogram import LatencyHistogram
from aqp_perf.plugin.fixtures import marker_arguments
from aqp_perf.plugin.runs.audits import Writes
from aqp_perf.plugin.runs.judging import FinishedRun
from aqp_perf.plugin.runs.load_request import LoadRequest
from aqp_perf.plugin.runs.load_runs import RUNS
from aqp_perf.plugin.runs.site import Site
from aqp_perf.plugin.runs.state import STATE
from aqp_perf.targets import Table

_LATENCY = LatencyHistogram.of([20_000_000] * 400)
_RESULT = RunResult(
    command=("locust",),
    started_at=datetime(2026, 1, 1, tzinfo=UTC),
    duration_s=2.0,
    users=1,
    log_errors=("no such host",),
    generator=GeneratorHealth(processes=1),
    operations=(
        OperationResult(
            request_type="EVENT",
            name="quick",
            duration_s=2.0,
            requests=400,
            failures=0,
            latency=_LATENCY,
            service_time=_LATENCY,
        ),
    ),
)
_NOWHERE = Site()


class Measuring:
    """Pytest plugin with fixtures that add a finished run of 400 requests, 20 ms each."""

    @pytest.fixture
    def measure(self, request: pytest.FixtureRequest) -> Callable[[], None]:
        """Put a finished run into the test, as ``perf_load`` does."""
        run = _finished(request, _NOWHERE)
        return lambda: request.node.stash[RUNS].finish(run)

    @pytest.fixture
    def measure_writes(self, request: pytest.FixtureRequest) -> Callable[[], None]:
        """Put a finished run of writes into the test, and audit them."""
        target: Any = SimpleNamespace(kind="double", endpoint="http://double", label="a double")
        table = Table(name="orders", is_ours=True, is_seeded=False)
        run = _finished(request, Site(target=target, table=table))
        writes = Writes([WriteLog("r.0")], are_all=True)
        return lambda: request.node.stash[RUNS].finish(run, writes)

    @pytest.fixture
    def measure_late(self, measure: Callable[[], None]) -> Iterator[None]:
        """Measure in the teardown, and be interrupted there."""
        yield
        measure()
        raise KeyboardInterrupt


def _finished(request: pytest.FixtureRequest, site: Site) -> FinishedRun:
    state = request.config.stash[STATE]
    asked = LoadRequest.of("QuickUser", None, state.resolver.load(marker_arguments(request.node)))
    fingerprint = asked.fingerprint(site)
    return FinishedRun(request=asked, site=site, result=_RESULT, fingerprint=fingerprint)
