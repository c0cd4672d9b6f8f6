"""A real run ends when its budget is spent, and says that it measured nothing."""

import os
from pathlib import Path

from perf.core.cost import parse_budget
from perf.core.pacing import Unpaced
from perf.core.verdicts import Verdict, judge
from perf.loadgen.launcher import LoadRun, RunSpec

USERS = """
import gevent

from locust import events

from perf.loadgen.users import PacedUser
from perf.loadgen.workload import install

install(events)


class Spender(PacedUser):
    def send(self, index, due_ns):
        context = self.timing(due_ns) | {"consumed_write_units": 1000.0}
        gevent.sleep(0.01)
        self.report("WRITE", "write", context)
"""


def test_run_stops_when_its_workers_spent_the_budget_in_the_warm_up(tmp_path: Path) -> None:
    (tmp_path / "spender.py").write_text(USERS)
    spec = RunSpec(
        locustfile=tmp_path / "spender.py",
        users=2,
        spawn_rate=100,
        run_time_s=60,
        stop_timeout_s=2,
        warmup_s=50,
        pacing=Unpaced(),
        budget=parse_budget("0.01:0.125:0.625"),
        processes=2,
    )
    with LoadRun(spec, environment=os.environ) as load:
        result = load.wait().result

    assert result.metered is not None
    assert result.metered.write >= 16_000, "a cent's worth"
    assert result.metered.write == 1000 * sum(each.warmup_requests for each in result.operations)
    verdict = judge(result, [])
    assert verdict.verdict is Verdict.INVALID
    (reason,) = verdict.invalid_reasons
    assert reason.startswith("stopped when the budget of 0.010 USD was spent: ")
