"""Without any extra, load tests of another system run; the rest says in one sentence what lacks."""

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

RunPytest = Callable[..., pytest.RunResult]

SITECUSTOMIZE = """
import sys
from importlib import metadata

EXTRAS = ("boto3", "botocore", "lark", "moto", "otava", "simplejson", "sqlglot", "waitress")
version = metadata.version


def version_without_extras(name):
    if name in EXTRAS:
        raise metadata.PackageNotFoundError(name)
    return version(name)


sys.modules.update(dict.fromkeys(EXTRAS))
metadata.version = version_without_extras
"""
TESTS = """
import pytest

def test_own(perf_load):
    perf_load("OwnUser", locustfile="their_locustfile.py", thresholds=["median < 1 s"])

def test_that_ships(perf_load):
    perf_load("PartiqlWriteUser")

def test_aqp(perf_load, perf_aqp):
    perf_load("OwnUser", locustfile="their_locustfile.py")

def test_partiql(perf_load):
    perf_load("TheirUser", locustfile="partiql_locustfile.py")
"""
LOCUSTFILE = """
from aqp_perf.users import PacedUser

class OwnUser(PacedUser):
    def send(self, index, due_ns):
        self.report("EVENT", "own", self.timing(due_ns))
"""
PARTIQL = """
from aqp_perf.users import PartiqlUser

class TheirUser(PartiqlUser):
    pass
"""
EMBEDDED = "(moto, boto3, lark, sqlglot, waitress): pip install 'aqp-perf[embedded]'"
AWS = "(boto3): pip install 'aqp-perf[aws]'"


@pytest.fixture
def project(new_project: Callable[..., Path]) -> Path:
    """A project where the packages of the extras are as if not installed."""
    return new_project(
        test_it=TESTS,
        their_locustfile=LOCUSTFILE,
        partiql_locustfile=PARTIQL,
        sitecustomize=SITECUSTOMIZE,
    )


@pytest.fixture
def run_lean(project: Path, run_pytest: RunPytest) -> RunPytest:
    """Run pytest in that project."""
    return partial(run_pytest, project, names_target=False, PYTHONPATH=str(project))


def test_users_of_their_own_are_measured_reported_and_compared(
    project: Path, run_lean: RunPytest
) -> None:
    load = ("--perf-target=none", "--perf-pacing=200/s", "--perf-run-time=2s")
    options = ("-k=own", *load, "--perf-json=run.json", "--perf-html=run.html")

    saved = run_lean(*options, "--perf-save=main", "--perf-history=nights")
    compared = run_lean(*options, "--perf-compare=main")

    saved.assert_outcomes(passed=1, deselected=3)
    saved.stdout.fnmatch_lines("history: no changes*: pip install 'aqp-perf[[]history]' to have *")
    compared.assert_outcomes(passed=1, deselected=3)
    compared.stdout.fnmatch_lines("*compared with baseline main: *")
    assert "botocore" not in json.loads((project / "run.json").read_text())["environment"]
    assert "Apache ECharts" in (project / "run.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--perf-target=moto"], f"--perf-target=moto needs * {EMBEDDED}"),
        (["--perf-target=http://127.0.0.1:1"], f"--perf-target=http://127.0.0.1:1 needs * {AWS}"),
        (["--perf-target=dynamodb-local"], f"--perf-target=dynamodb-local needs * {AWS}"),
        (["--perf-target=aws", "--perf-aws-account=123456789012"], f"--perf-target=aws * {AWS}"),
        (["--perf-aqp=embedded"], f"--perf-aqp=embedded needs * {EMBEDDED}"),
        (["--perf-client=boto3:3"], f"--perf-client=boto3:3 needs * {AWS}"),
        (["--perf-history=s3://nights/main"], f"s3://nights/main needs * {AWS}; given by *"),
        (["--override-ini=perf_baselines=s3://b/p"], f"s3://b/p needs * {AWS}; given by ini key *"),
    ],
)
def test_an_option_whose_packages_are_missing_is_a_usage_error(
    run_lean: RunPytest, options: list[str], message: str
) -> None:
    result = run_lean("-k=own", *options)

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stdout.fnmatch_lines(f"ERROR: {message}".replace("[", "[[]"))


@pytest.mark.parametrize("test", ["ships", "aqp"])
def test_a_test_that_needs_what_is_missing_ends_the_session(run_lean: RunPytest, test: str) -> None:
    result = run_lean(f"-k={test}")

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    message = f"--perf-target=moto needs * {EMBEDDED}"
    result.stdout.fnmatch_lines(f"*ExtraMissing: {message}".replace("[", "[[]"))


def test_a_locustfile_that_sends_partiql_says_so(run_lean: RunPytest) -> None:
    result = run_lean("-k=test_partiql", "--perf-target=none")

    result.stdout.fnmatch_lines(f"*aqp_perf.users.PartiqlUser needs * {AWS}".replace("[", "[[]"))
