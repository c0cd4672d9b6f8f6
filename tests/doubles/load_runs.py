"""Load runs of tests: the locust command of a spec, run to its end."""

import os

from aqp_perf.core.measured.run_result import RunResult
from aqp_perf.loadgen.command.launcher import LoadRun
from aqp_perf.loadgen.command.run_spec import RunSpec


def result_of(spec: RunSpec) -> RunResult:
    """Run locust; return what it measured. Its output is shown when a test fails."""
    with LoadRun(spec, environment=os.environ) as load:
        try:
            return load.wait().result
        finally:
            print(load._child.output_tail)  # noqa: T201
