"""The target ``aws`` where the AWS configuration sends it: moto, with accounts, roles and tags."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from perf.targets.sweep import main

ACCOUNT = "123456789012"
"""The account that moto plays."""

ROLE = f"arn:aws:iam::{ACCOUNT}:role/load"
SECRET = "not-the-secret-of-anybody"
TEST = """
import pytest

@pytest.mark.perf(thresholds=["failure_ratio <= 0%"])
def test_write(perf_load, perf_table):
    perf_load("PartiqlWriteUser")
"""
ARGUMENTS = (
    *("--perf-target", "aws", "--perf-aws-region", "eu-west-1", "--perf-aqp", "none"),
    *("--perf-json", "report.json"),
)


def variables(folder: Path, endpoint: str) -> dict[str, str]:
    return {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
        "AWS_SECRET_ACCESS_KEY": SECRET,
        "AWS_CONFIG_FILE": str(folder / "config"),
        "AWS_SHARED_CREDENTIALS_FILE": str(folder / "credentials"),
    }


def test_a_load_runs_there_as_a_role_and_the_report_says_where(
    new_project: Callable[..., Path],
    run_pytest: Callable[..., pytest.RunResult],
    endpoint: str,
) -> None:
    folder = new_project(test_write=TEST)
    role = ("--perf-aws-account", ACCOUNT, "--perf-aws-role-arn", ROLE)
    outcome = run_pytest(folder, *ARGUMENTS, *role, **variables(folder, endpoint))

    assert outcome.ret == pytest.ExitCode.OK
    [run] = json.loads((folder / "report.json").read_text())["runs"]
    assert run["target"] == {
        "kind": "aws",
        "endpoint": endpoint,
        "label": f"AWS API at {endpoint}, set by AWS_ENDPOINT_URL",
    }
    assert run["operations"]["write_to_ddb"]["requests"] > 0
    assert SECRET not in "\n".join([*outcome.outlines, (folder / "report.json").read_text()])


def test_a_kept_table_is_found_by_the_sweep_and_deleted_when_its_run_is_named(
    new_project: Callable[..., Path],
    run_pytest: Callable[..., pytest.RunResult],
    endpoint: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """It belongs to whom the role was lent to, and its time is not over."""
    folder = new_project(
        test_table="def test_table(perf_table):\n    assert perf_table.is_seeded\n"
    )
    settings = variables(folder, endpoint)
    account = ("--perf-aws-account", ACCOUNT, "--perf-aws-role-arn", ROLE, "--perf-keep-table")
    outcome = run_pytest(folder, *ARGUMENTS, *account, **settings)
    [kept] = [line for line in outcome.outlines if line.startswith("table kept: ")]
    name = kept.split()[2]
    run_id = name.split("_")[2]

    for variable, value in settings.items():
        monkeypatch.setenv(variable, value)
    place = ("--region", "eu-west-1", "--account", ACCOUNT)
    assert main([*place]) == 0
    listed = capsys.readouterr().out
    assert main([*place, "--run", run_id, "--yes"]) == 0

    assert f"{name}  arn:aws:sts::{ACCOUNT}:assumed-role/load/aqp-perf  {run_id}" in listed
    assert "kept: its time is not over" in listed
    assert f"deleted: {name}\n" in capsys.readouterr().out
    assert main([*place, "--run", run_id]) == 0


def test_another_account_starts_nothing(
    new_project: Callable[..., Path],
    run_pytest: Callable[..., pytest.RunResult],
    endpoint: str,
) -> None:
    folder = new_project(test_write=TEST)
    other = ("--perf-aws-account", "210987654321")
    outcome = run_pytest(folder, *ARGUMENTS, *other, **variables(folder, endpoint))

    assert outcome.ret == pytest.ExitCode.TESTS_FAILED
    outcome.stdout.fnmatch_lines(
        [f"*--perf-aws-account: '210987654321' is not valid: the credentials belong to *{ACCOUNT}*"]
    )
    assert not (folder / "diary").exists()
