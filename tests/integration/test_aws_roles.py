"""A child's own botocore renews the credentials of a role, wherever the role is assumed from."""

import json
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from aqp_perf.targets.access.environment import isolated_environment
from aqp_perf.targets.access.role import role_environment, write_role_config
from aqp_perf.targets.kinds.aws import open_aws
from aqp_perf.targets.kinds.endpoint import open_moto
from aqp_perf.targets.kinds.target import TargetKind, TargetSpec

ACCOUNT = "123456789012"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/load"
SECRET = "not-the-secret-of-anybody"
CHAINED = f"""
[profile chained]
role_arn = arn:aws:iam::{ACCOUNT}:role/between
source_profile = keys
[profile keys]
aws_access_key_id = AKIDEXAMPLE
aws_secret_access_key = {SECRET}
"""
CHILD = """
import json
import botocore.session

session = botocore.session.get_session()
held = session.get_credentials()
first = held.get_frozen_credentials().access_key
held._expiry_time = held._time_fetcher()  # as an hour later
second = held.get_frozen_credentials().access_key
arn = session.create_client("sts").get_caller_identity()["Arn"]
print(json.dumps([held.method, first, second, arn]))
"""


@pytest.fixture(scope="module")
def api() -> Iterator[str]:
    with open_moto() as moto:
        yield moto.endpoint


@pytest.fixture(params=["profile that chains a role", "web identity"])
def profile(
    request: pytest.FixtureRequest, api: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> str | None:
    """Have no keys but those that the profile, or the web identity of the machine, leads to."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", api)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    if request.param == "web identity":
        (tmp_path / "token").write_text("a token")
        monkeypatch.setenv("AWS_WEB_IDENTITY_TOKEN_FILE", str(tmp_path / "token"))
        monkeypatch.setenv("AWS_ROLE_ARN", f"arn:aws:iam::{ACCOUNT}:role/machine")
        return None
    (tmp_path / "config").write_text(CHAINED)
    return "chained"


def test_a_child_renews_the_credentials_of_a_role_by_itself(profile: str | None) -> None:
    spec = TargetSpec(
        kind=TargetKind.AWS, account=ACCOUNT, region="eu-west-1", profile=profile, role_arn=ROLE
    )
    with open_aws(spec) as target:
        environment = target.environment()
        command = [sys.executable, "-c", CHILD]
        done = subprocess.run(
            command, env=environment, capture_output=True, text=True, check=True, timeout=60
        )
        written = Path(environment["AWS_CONFIG_FILE"]).read_text()
    method, first, second, arn = json.loads(done.stdout)
    assert (method, arn) == ("custom-process", target.owner)
    assert arn == f"arn:aws:sts::{ACCOUNT}:assumed-role/load/aqp-perf"
    assert first != second
    assert SECRET not in written


def test_a_role_that_cannot_be_assumed_is_one_line_of_error(tmp_path: Path) -> None:
    """Here for want of credentials; the child that asked quotes it to whoever runs the program."""
    config = write_role_config(tmp_path, ROLE, profile=None, region="eu-west-1")
    [command] = [line for line in config.read_text().splitlines() if "credential_process" in line]
    environment = role_environment(isolated_environment({}, "eu-west-1"), config)
    without_keys = {name: value for name, value in environment.items() if "KEY" not in name}
    done = subprocess.run(
        shlex.split(command.partition(" = ")[2]),
        env=without_keys,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == f"role {ROLE} cannot be used: Unable to locate credentials\n"
