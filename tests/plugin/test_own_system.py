"""Load tests of another system: no DynamoDB is started, named or looked at."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

RunPytest = Callable[..., pytest.RunResult]

TESTS = """
import pytest

def test_own(perf_load):
    perf_load("QuickUser", locustfile="events.py", thresholds=["median < 1 s"])

def test_table(perf_load, perf_table):
    raise AssertionError("there is no table")

def test_users_that_ship(perf_load):
    perf_load("PartiqlWriteUser")

def test_forgotten_locustfile(perf_load):
    perf_load("QuickUser")
"""
WRITER = """
from aqp_perf.loadgen.workload import workload
from aqp_perf.loadgen.users.partiql_user import PartiqlUser
from locust import events

workload.install(events)

class OwnWriteUser(PartiqlUser):
    def send(self, index, due_ns):
        raise AssertionError("nothing is sent")
"""


def target_of(report: Path) -> object:
    (run,) = json.loads(report.read_text())["runs"]
    assert run["write_audit"] is None
    assert run["cost"] is None
    return run["target"]


def test_target_none_runs_their_users_and_skips_what_needs_a_table(
    new_project: Callable[..., Path], run_pytest: RunPytest
) -> None:
    folder = new_project(test_it=TESTS)

    result = run_pytest(folder, "-v", "-rs", "--perf-target=none", "--perf-json=report.json")

    result.assert_outcomes(passed=2, skipped=2, errors=1)
    own = {"kind": "none", "endpoint": "", "label": "the locustfile's own"}
    assert target_of(folder / "report.json") == own
    (run,) = json.loads((folder / "report.json").read_text())["runs"]
    assert run["fingerprint"]["profile"]["verify"] == "off"
    result.stdout.fnmatch_lines(
        [
            "perf: target none, AQP none, *",
            "answers not verified: the run has no table of ours (quick)",
            "target     none (the locustfile's own)",
            "profile * verify=off * audit=off proof=off",
            "SKIPPED*--perf-target is none: there is no DynamoDB to test",
        ]
    )
    result.stdout.fnmatch_lines("*perf_load: 'QuickUser' is not valid: name its file with *")


@pytest.mark.parametrize("is_named", [False, True])
def test_locustfile_that_needs_no_target_has_none_unless_somebody_named_it(
    new_project: Callable[..., Path], run_pytest: RunPytest, endpoint: str, *, is_named: bool
) -> None:
    folder = new_project(test_it=TESTS)

    result = run_pytest(folder, "-k=own", "--perf-json=report.json", names_target=is_named)

    result.assert_outcomes(passed=1, deselected=3)
    target = target_of(folder / "report.json")
    assert isinstance(target, dict)
    assert (target["kind"], target["endpoint"]) == (
        ("endpoint", endpoint) if is_named else ("none", "")
    )


def test_users_of_dynamodb_find_none_by_themselves(
    new_project: Callable[..., Path], run_pytest: RunPytest
) -> None:
    """They would take whatever the machine's AWS configuration leads to."""
    test = 'def test_it(perf_load): perf_load("OwnWriteUser", locustfile="writer.py")'
    folder = new_project(test_it=test, writer=WRITER)

    result = run_pytest(folder, "--perf-target=none")

    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(["*this run has no DynamoDB: name one with --perf-target*"])
