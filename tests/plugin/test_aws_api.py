"""The target ``aws`` where the AWS configuration sends it: moto, with accounts, roles and tags."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from aqp_perf.targets.sweep.__main__ import main

ACCOUNT = "123456789012"
"""The account that moto plays."""

ROLE = f"arn:aws:iam::{ACCOUNT}:role/load"
SECRET = "not-the-secret-of-anybody"
TEST = """
import pytest

@pytest.mark.perf(thresholds=["failure_ratio <= 0%"])
def test_write(perf_load, perf_table):
    assert perf_table.is_seeded
    perf_load("PartiqlWriteUser")
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A session that ended and kept its table."""

    outcome: pytest.RunResult
    report: str
    variables: dict[str, str]


@pytest.fixture(scope="module")
def session(
    new_project: Callable[..., Path], run_pytest: Callable[..., pytest.RunResult], endpoint: str
) -> Session:
    folder = new_project(test_write=TEST)
    variables = {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
        "AWS_SECRET_ACCESS_KEY": SECRET,
    }
    outcome = run_pytest(
        folder,
        *("--perf-target", "aws", "--perf-aws-region", "eu-west-1", "--perf-aws-account", ACCOUNT),
        # Its users start when the role is assumed, which takes a second on a busy machine.
        *("--perf-aws-role-arn", ROLE, "--perf-aqp", "none", "--perf-run-time", "4s"),
        *("--perf-keep-table", "--perf-json", "report.json"),
        **variables,
    )
    report = (folder / "report.json").read_text()
    return Session(outcome=outcome, report=report, variables=variables)


def test_a_load_runs_there_as_a_role_and_the_report_says_where(
    session: Session, endpoint: str
) -> None:
    """Whether this machine was quiet enough for a verdict is no part of it."""
    [run] = json.loads(session.report)["runs"]
    assert run["target"] == {
        "kind": "aws",
        "endpoint": endpoint,
        "label": f"AWS API at {endpoint}, set by AWS_ENDPOINT_URL",
    }
    writes = run["operations"]["write_to_ddb"]
    assert writes["requests"] > 0
    assert writes["failures"] == 0
    assert SECRET not in "\n".join([*session.outcome.outlines, session.report])


def test_a_kept_table_is_found_by_the_sweep_and_deleted_when_its_run_is_named(
    session: Session, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It belongs to whom the role was lent to, and its time is not over."""
    lines = session.outcome.outlines
    [kept] = [line for line in lines if line.startswith("table kept: ")]
    name = kept.split()[2]
    run_id = name.split("_")[2]
    for variable, value in session.variables.items():
        monkeypatch.setenv(variable, value)
    place = ("--region", "eu-west-1", "--account", ACCOUNT)

    assert main([*place]) == 0
    listed = capsys.readouterr().out
    assert main([*place, "--run", run_id, "--yes"]) == 0

    assert f"{name}  arn:aws:sts::{ACCOUNT}:assumed-role/load/aqp-perf  {run_id}" in listed
    assert "kept: its time is not over" in listed
    assert f"deleted: {name}\n" in capsys.readouterr().out
    assert main([*place, "--run", run_id]) == 0
