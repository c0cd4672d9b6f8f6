"""Sessions on AWS, simulated by moto: load that costs too much is refused or stopped."""

import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

RunPytest = Callable[..., pytest.RunResult]
Tables = Callable[[], set[str]]

WRITES = """
import pytest

@pytest.mark.perf({marker})
def test_writes(perf_load, perf_table):
    perf_load("PartiqlWriteUser")
"""
SPENDS = """
def test_spends(perf_load):
    perf_load("SpendingUser", locustfile="spender.py", run_time="60s", warmup="50s", processes=2)
"""
SPENDER = """
import time

from locust import User, constant_throughput, task

class SpendingUser(User):
    wait_time = constant_throughput(20)

    @task
    def spend(self):
        now_ns = time.perf_counter_ns()
        self.environment.events.request.fire(
            request_type="EVENT", name="spend", response_time=1, response_length=0, exception=None,
            context={"due_ns": now_ns, "start_ns": now_ns, "consumed_write_units": 1e6},
        )
"""
AWS = ("--perf-target=aws", "--perf-aws-account=123456789012", "--perf-aws-region=us-east-1")


@pytest.fixture
def run_on_aws(run_pytest: RunPytest, endpoint: str) -> RunPytest:
    """Run a session on AWS; its endpoints are our moto's."""
    own = {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ACCESS_KEY_ID": "local",
        "AWS_SECRET_ACCESS_KEY": "local",
    }
    return lambda folder, *args: run_pytest(folder, *AWS, *args, **own)


def report_of(folder: Path) -> Mapping[str, object]:
    (run,) = json.loads((folder / "report.json").read_text())["runs"]
    assert isinstance(run, dict)
    return run


def test_load_above_the_limit_is_refused_before_its_table_is_created(
    new_project: Callable[..., Path], run_on_aws: RunPytest, tables: Tables
) -> None:
    project = new_project(test_writes=WRITES.format(marker='pacing="1000000/s", run_time="10s"'))
    result = run_on_aws(project)
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(
        "BudgetExceeded: cost estimate: 6.27 USD (seeding 0.00063, load 6.25, audit 0.013; "
        "on-demand, us-east-1 prices of 2024-11-01), but the session may cost 5.00 USD: "
        "shorten the run, lower its rate, or raise --perf-max-cost"
    )
    assert not tables()


def test_run_tells_its_estimate_first_and_its_cost_in_every_report(
    new_project: Callable[..., Path], run_on_aws: RunPytest, tables: Tables
) -> None:
    project = new_project(test_writes=WRITES.format(marker='pacing="150/s"'))
    result = run_on_aws(project, "--perf-json=report.json", "--junitxml=junit.xml")
    result.assert_outcomes(passed=1)
    lines = result.outlines
    (estimate,) = [at for at, line in enumerate(lines) if line.startswith("cost estimate: ")]
    told = re.compile(r"  cost: 0\.\d+ USD \(seeding 0\.\d+, load 0\.\d+ metered, audit")
    (cost,) = [at for at, line in enumerate(lines) if told.match(line)]
    assert estimate < cost
    run = report_of(project)
    assert isinstance(run["cost"], dict)
    assert isinstance(run["metered_units"], dict)
    assert run["metered_units"]["write"] > 0
    assert 0 < run["cost"]["spent_usd"] <= run["cost"]["estimate_usd"] < 0.001
    assert run["cost"]["limit_usd"] == 5
    assert "perf.cost_usd" in (project / "junit.xml").read_text()
    assert not tables()


def test_load_of_another_locustfile_is_stopped_when_the_budget_is_spent(
    new_project: Callable[..., Path], run_on_aws: RunPytest
) -> None:
    """What it takes is not known before: the meter is all that keeps it within the limit.

    It is spent in the warm-up already, by the users of two workers.
    """
    project = new_project(test_spends=SPENDS, spender=SPENDER)
    result = run_on_aws(project, "--perf-json=report.json")
    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(
        [
            "cost estimate: * USD (*without what another locustfile takes), limit 5.00 USD*",
            "INVALID: the run did not measure the target",
            "- stopped when the budget of 5.00 USD was spent: *",
        ]
    )
    run = report_of(project)
    assert run["verdict"] == "invalid"
    assert isinstance(run["metered_units"], dict)
    assert run["metered_units"]["write"] >= 8e6
    assert isinstance(run["operations"], dict)
    assert run["operations"]["spend"]["warmup_requests"] == run["metered_units"]["write"] / 1e6
